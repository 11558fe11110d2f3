// Why a participant waits, and what a lock looks like to its operator: values drawn from the registers, nothing written.
import type { ParticipantId } from "../Participant.ts"
import { isRevoked } from "./Fate.ts"
import type { FencingToken } from "./FencingToken.ts"
import type { LockLimits } from "./LockLimits.ts"
import { heldGrants, quarantined, type SeenLock } from "./LockScene.ts"
import { grantFor, isItsTurn } from "./RequestQueue.ts"
import type { GrantPolicy, Waiter } from "./RollingLockPolicy.ts"
import { blankGrants, type Grant, type Pause, type Request } from "./RollingLockRecord.ts"
import { situationOf } from "./RollingLockState.ts"

/** One reason for which a participant's first request is where it is. */
export type WaitReason =
  | { readonly _tag: "NotReady"; readonly detail: string }
  | { readonly _tag: "NothingWanted" }
  | { readonly _tag: "Unreadable"; readonly participant: ParticipantId; readonly detail: string }
  | { readonly _tag: "Granted"; readonly token: FencingToken }
  | { readonly _tag: "Planned"; readonly token: FencingToken }
  | { readonly _tag: "Resting"; readonly attempt: number }
  | { readonly _tag: "Revoked" }
  | { readonly _tag: "Paused"; readonly reason: string; readonly by: string | undefined }
  | { readonly _tag: "Held"; readonly by: ReadonlyArray<ParticipantId> }
  | { readonly _tag: "Behind"; readonly waiters: ReadonlyArray<ParticipantId> }
  | { readonly _tag: "GroupFull"; readonly group: string }
  | { readonly _tag: "TooManyPermits"; readonly permits: number; readonly limit: number }
  | { readonly _tag: "Blocked"; readonly detail: string }
  | { readonly _tag: "LeaderToDecide" }

/** What an operator sees of a lock. */
export interface LockStatus {
  readonly lock: string
  /** Why the lock cannot be used, where it cannot. */
  readonly problem: string | undefined
  readonly leader: boolean
  readonly token: FencingToken
  readonly permits: number
  readonly grants: ReadonlyArray<Grant>
  /** Who waits, in the order in which they would be granted. */
  readonly waiters: ReadonlyArray<Waiter>
  /** This participant's own requests. */
  readonly queue: ReadonlyArray<Request>
  readonly pause: Pause | undefined
  readonly blocked: string | undefined
  readonly failed: ReadonlyArray<string>
  /** Registers that count for nothing, and what else is wrong, by participant. */
  readonly problems: ReadonlyMap<ParticipantId, string>
}

/** The status of a lock. */
export const statusOf = (
  lock: string,
  seen: SeenLock | undefined,
  limits: LockLimits,
  policy: GrantPolicy
): LockStatus => {
  const record = (seen && heldGrants(seen)) ?? blankGrants
  const situation = seen && situationOf(seen.registers, record, limits, false)
  return {
    lock,
    problem: problemOf(seen),
    leader: seen?.view.leader ?? false,
    token: record.token,
    permits: record.permits,
    grants: record.grants,
    waiters: situation === undefined ? [] : policy.ordered(situation),
    queue: seen?.own.queue ?? [],
    pause: record.pause,
    blocked: record.blocked,
    failed: record.failed,
    problems: seen === undefined ? new Map() : problemsOf(seen)
  }
}

/** Why `participant` is not running: every reason that holds, the nearest first. */
export const reasonsFor = (
  participant: ParticipantId,
  seen: SeenLock | undefined,
  limits: LockLimits,
  policy: GrantPolicy
): ReadonlyArray<WaitReason> => {
  const problem = problemOf(seen)
  if (seen === undefined || problem !== undefined) {
    return [{ _tag: "NotReady", detail: problem ?? "" }]
  }
  const register = seen.registers.get(participant)
  const others = [...quarantined(seen)].map(
    ([id, detail]): WaitReason => ({ _tag: "Unreadable", participant: id, detail })
  )
  if (register?._tag === "Unreadable") return others
  const [request] = register?.record.queue ?? []
  if (request === undefined) return [{ _tag: "NothingWanted" }, ...others]
  return [...placeOf(participant, request, seen, limits, policy), ...others]
}

/** A reason in one line. */
export const wording = (reason: WaitReason): string => {
  switch (reason._tag) {
    case "NotReady":
      return `the lock cannot be used: ${reason.detail}`
    case "NothingWanted":
      return "nothing is asked for"
    case "Unreadable":
      return `the register of ${reason.participant} cannot be read and counts for nothing: ${reason.detail}`
    case "Granted":
      return `granted with token ${reason.token}, to be run in the next step`
    case "Planned":
      return `planned with token ${reason.token}, to be run when those before it are done`
    case "Resting":
      return `rests before try ${reason.attempt + 1}`
    case "Revoked":
      return "ended by force"
    case "Paused":
      return `the roll is paused${reason.by === undefined ? "" : ` by ${reason.by}`}: ${reason.reason}`
    case "Held":
      return `held by ${reason.by.join(", ")}`
    case "Behind":
      return `behind ${reason.waiters.join(", ")}`
    case "GroupFull":
      return `as many as are allowed hold permits in ${reason.group}`
    case "TooManyPermits":
      return `asks for ${reason.permits} permits of ${reason.limit}; cancel it or raise the limit`
    case "Blocked":
      return reason.detail
    case "LeaderToDecide":
      return "the leader is to decide"
  }
}

const placeOf = (
  participant: ParticipantId,
  request: Request,
  seen: SeenLock,
  limits: LockLimits,
  policy: GrantPolicy
): ReadonlyArray<WaitReason> => {
  const record = heldGrants(seen) ?? blankGrants
  const reasons: Array<WaitReason> = []
  const grant = grantFor(record, participant, request)
  if (grant !== undefined) {
    const now = isItsTurn(grant, record, seen.registers)
    reasons.push({ _tag: now ? "Granted" : "Planned", token: grant.token })
  }
  if (request.resting === true) reasons.push({ _tag: "Resting", attempt: request.attempt ?? 0 })
  if (isRevoked(record, participant, request.ticket)) reasons.push({ _tag: "Revoked" })
  if (record.pause !== undefined) {
    reasons.push({ _tag: "Paused", reason: record.pause.reason, by: record.pause.by })
  }
  if (grant !== undefined) return reasons
  const permits = request.permits ?? 1
  if (permits > limits.permits) {
    reasons.push({ _tag: "TooManyPermits", permits, limit: limits.permits })
  }
  if (record.blocked !== undefined) reasons.push({ _tag: "Blocked", detail: record.blocked })
  const holders = record.grants.filter((each) => each.participant !== participant)
  if (holders.length > 0) {
    reasons.push({ _tag: "Held", by: holders.map((each) => each.participant) })
  }
  const { group } = request
  const inGroup = holders.filter((each) => group !== undefined && each.group === group)
  if (group !== undefined && limits.perGroup !== undefined && inGroup.length >= limits.perGroup) {
    reasons.push({ _tag: "GroupFull", group })
  }
  const line = policy.ordered(situationOf(seen.registers, record, limits, false))
  const place = line.findIndex((each) => each.participant === participant)
  if (place > 0) {
    reasons.push({ _tag: "Behind", waiters: line.slice(0, place).map((each) => each.participant) })
  }
  return reasons.length === 0 ? [{ _tag: "LeaderToDecide" }] : reasons
}

const problemOf = (seen: SeenLock | undefined): string | undefined => {
  if (seen === undefined) return "this participant is in no group of its own side yet"
  if (seen.grants._tag === "Readable") return undefined
  return `${seen.grants.detail}; force a release to have the leader write it anew`
}

const problemsOf = (seen: SeenLock): ReadonlyMap<ParticipantId, string> => {
  const told = [...seen.registers].flatMap(([id, each]) =>
    each._tag === "Readable" && each.record.problem !== undefined
      ? [[id, each.record.problem] as const]
      : []
  )
  return new Map([...told, ...quarantined(seen)])
}
