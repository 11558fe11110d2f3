// When a lock leaves its preferred backend, and when it goes back. Pure.
// Every participant judges for itself, by its own clock, and says so only when it is steady; the leader compares what they
// say, never their times. A wrong judgement costs a move, never exclusion.
import type { ParticipantId } from "../Participant.ts"
import { isWhole } from "../rolling-lock/LockLimits.ts"
import type { BackendRecord, BackendStatement, Move } from "./LockBackendRecord.ts"

/** What an operator decides about where a lock lives. */
export interface BackendLimits {
  /** When the preferred backend is away: wait for it and say so, or move; "wait" unless set. */
  readonly whenAway: "wait" | "move"
  /**
   * Whose lock it is: this application's own, or shared with others in the preferred backend. Of those nobody here can
   * know what they hold, so a shared one never leaves. "shared" unless set.
   */
  readonly scope: "application" | "shared"
  /** How long a participant must fail to reach the preferred backend before it says so; 60 s unless set. */
  readonly awayMillis: number
  /** How long it must reach it again before it says so; 5 minutes unless set. */
  readonly backMillis: number
  /**
   * After how long, by the leader's monotonic clock and within one process of it, a participant that departed without a
   * word counts as gone although the backend it acted in cannot be read. Never unless set: set it where a departed
   * participant's processes are known to be ended, to the time of a lease.
   */
  readonly departedMillis: number | undefined
}

/** Waits, and takes the lock for a shared one. */
export const defaultBackendLimits: BackendLimits = {
  whenAway: "wait",
  scope: "shared",
  awayMillis: 60_000,
  backMillis: 300_000,
  departedMillis: undefined
}

/** What is wrong with limits: which one, and what is allowed. */
export const backendLimitProblem = (
  limits: BackendLimits
): { readonly limit: string; readonly allowed: string } | undefined => {
  const { awayMillis, backMillis, departedMillis = 0 } = limits
  const bad = Object.entries({ awayMillis, backMillis, departedMillis }).find(
    ([, value]) => !isWhole(value, 0, 86_400_000)
  )
  if (bad !== undefined) {
    return { limit: bad[0], allowed: `a whole number from 0 to 86400000, not ${bad[1]}` }
  }
  return undefined
}

/** The two places a lock may live in. */
export interface BackendNames {
  readonly preferred: string
  readonly other: string
}

/** Whether a lock may leave the preferred backend at all. */
export const mayLeave = ({ scope }: BackendLimits): boolean => scope === "application"

/** The move that the policy wants of a lock that stands still, or that is on its way. */
export const wantedMove = (
  { backend, by, moving }: BackendRecord,
  statements: ReadonlyMap<ParticipantId, BackendStatement>,
  names: BackendNames,
  limits: BackendLimits
): Move | "stay" | undefined => {
  if (moving?.by !== undefined) return undefined
  const unfit = [...statements].flatMap(([id, { fit }]) => (fit === false ? [id] : []))
  if (backend === names.preferred) {
    const away = unfit.length > 0 && limits.whenAway === "move" && mayLeave(limits)
    const reason = `${unfit.join(", ")} cannot reach ${names.preferred}`
    if (moving !== undefined) return away ? undefined : "stay"
    return away ? { to: names.other, reason } : undefined
  }
  // a lock that an operator moved stays where it was moved to
  if (by !== undefined && moving === undefined) return undefined
  const back = [...statements.values()].every(({ fit }) => fit === true)
  if (moving !== undefined) return back ? undefined : "stay"
  const reason = `everybody reaches ${names.preferred} again`
  return back ? { to: names.preferred, reason } : undefined
}

/** What a participant knows of the preferred backend: what it said, and since when it is otherwise. */
export interface Fitness {
  readonly fit: boolean | undefined
  readonly changedAtMillis: number | undefined
}

/** The same after one more try to reach it; a hiccup changes nothing. */
export const fitnessAfter = (
  { changedAtMillis, fit }: Fitness,
  reached: boolean,
  nowMillis: number,
  limits: BackendLimits
): Fitness => {
  if (fit === reached) return { fit, changedAtMillis: undefined }
  if (fit === undefined && reached) return { fit: true, changedAtMillis: undefined }
  // a clock that was set back begins anew
  const since = Math.min(nowMillis, changedAtMillis ?? nowMillis)
  const steady = nowMillis - since >= steadyMillis(reached, limits)
  return steady ? { fit: reached, changedAtMillis: undefined } : { fit, changedAtMillis: since }
}

/** When a participant that is about to change its mind should look again. */
export const looksAgainAt = ({ changedAtMillis, fit }: Fitness, limits: BackendLimits) =>
  changedAtMillis === undefined ? undefined : changedAtMillis + steadyMillis(fit === false, limits)

const steadyMillis = (reached: boolean, limits: BackendLimits): number =>
  reached ? limits.backMillis : limits.awayMillis
