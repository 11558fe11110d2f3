// What a lock that may move looks like, and why a participant waits there: nothing written.
import { Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { LockStatus, WaitReason } from "../rolling-lock/Explanation.ts"
import { type FencingToken, noToken } from "../rolling-lock/FencingToken.ts"
import type { StoreError } from "../store/StoreError.ts"
import { leaderInput } from "./BackendDecision.ts"
import { type BackendSession, type SeenBackend, seenBackend } from "./BackendSession.ts"
import { lookAt } from "./Leaving.ts"
import { mayLeave } from "./LockBackendPolicy.ts"
import type { BackendRecord } from "./LockBackendRecord.ts"
import { waitsFor } from "./LockBackendState.ts"

/** Where a lock lives, as one participant sees it. */
export interface Whereabouts {
  /** Undefined while the leader has not said, or cannot be read. */
  readonly backend: string | undefined
  readonly epoch: number
  /** Why it is there, and the operator who moved it, where one did. */
  readonly reason: string
  readonly by: string | undefined
  readonly movingTo: string | undefined
  /** Who is not known to hold nothing, and why: the move waits for exactly these. */
  readonly waitsFor: ReadonlyArray<{ readonly participant: ParticipantId; readonly why: string }>
  /** What the preferred backend said last to this participant, where it did not answer. */
  readonly away: string | undefined
}

/** Where the lock lives. */
export const whereabouts = (session: BackendSession): Effect.Effect<Whereabouts, StoreError> =>
  Effect.gen(function* () {
    const seen = yield* looked(session)
    const record = seen?.record
    const current = record?.moving === undefined ? undefined : yield* statusIn(session, record)
    const input = seen === undefined ? undefined : yield* leaderInput(session, seen, current)
    return {
      backend: record?.backend,
      epoch: record?.epoch ?? 0,
      reason: seen?.problem ?? record?.reason ?? "the leader has not said where it lives",
      by: record?.by,
      movingTo: record?.moving?.to,
      waitsFor: record?.moving === undefined || input === undefined ? [] : waitsFor(record, input),
      away: session.away
    }
  })

/** Why `participant` is not running: where the lock is, and what its backend says. */
export const explained = Effect.fnUntraced(function* (
  session: BackendSession,
  participant: ParticipantId = session.store.self
) {
  const place = yield* whereabouts(session)
  const seen = yield* looked(session)
  const backend = place.backend === undefined ? undefined : session.backends.get(place.backend)
  session.waits = place.waitsFor
  const here = blockedBy(session, seen?.record, seen?.problem)
  if (backend === undefined || place.movingTo !== undefined) return [here]
  const status = yield* statusIn(session, seen?.record)
  // looking is what tells whether it is away
  if (status === undefined) return [blockedBy(session, seen?.record, session.away)]
  const lock = yield* Effect.orDie(backend.open)
  const reasons = yield* Effect.catch(lock.explain(participant), () =>
    Effect.succeed<ReadonlyArray<WaitReason>>([])
  )
  const paused = seen?.record?.paused
  if (paused !== undefined)
    return [{ _tag: "Paused", reason: paused, by: undefined } as const, here]
  return [...reasons.map((each) => withFloor(each, seen?.record?.floor ?? 0)), here]
})

/** The lock in its backend, with this participant's requests and the tokens of all epochs. */
export const statusOf = (session: BackendSession): Effect.Effect<LockStatus, StoreError> =>
  Effect.gen(function* () {
    const seen = yield* looked(session)
    const record = seen?.record
    const status = yield* statusIn(session, record)
    const own = seen?.requests
    const paused = record?.paused
    const at = record?.floor ?? 0
    const problems = new Map(status?.problems)
    if (own?.problem !== undefined) problems.set(session.store.self, own.problem)
    return {
      ...(status ?? NOTHING),
      lock: session.lock,
      problem: seen?.problem ?? status?.problem ?? session.away,
      leader: seen?.view.leader ?? false,
      token: (at + (status?.token ?? 0)) as FencingToken,
      grants: (status?.grants ?? []).map((each) => ({
        ...each,
        token: (at + each.token) as FencingToken
      })),
      queue: own?.queue ?? [],
      pause:
        paused === undefined ? status?.pause : { reason: paused, atMillis: record?.atMillis ?? 0 },
      blocked: record?.moving === undefined ? status?.blocked : wordsOf(session, record, undefined),
      problems
    }
  })

/** Where the lock is, and what is in the way there, as a reason. */
export const blockedBy = (
  session: BackendSession,
  record: BackendRecord | undefined,
  detail: string | undefined
): WaitReason => ({ _tag: "Blocked", detail: wordsOf(session, record, detail) })

const looked = (session: BackendSession): Effect.Effect<SeenBackend | undefined, StoreError> =>
  session.store.step((view) => Effect.succeed([seenBackend(session, view), []] as const))

const statusIn = (session: BackendSession, record: BackendRecord | undefined) =>
  Effect.suspend(() => {
    const backend = record && session.backends.get(record.backend)
    if (backend === undefined) return Effect.succeed(undefined)
    return Effect.catch(lookAt(session, backend), () => Effect.succeed(undefined))
  })

const wordsOf = (
  { names, policy, waits }: BackendSession,
  record: BackendRecord | undefined,
  detail: string | undefined
): string => {
  if (record === undefined) return `the lock is nowhere yet: ${detail ?? "the leader is to say"}`
  const { backend, epoch, moving } = record
  const place = `the lock is in ${backend}, epoch ${epoch}`
  if (moving !== undefined) {
    const held = waits.map(({ participant, why }) => `${participant} (${why})`)
    const waiting = held.length === 0 ? "" : `; waits for ${held.join(", ")}`
    return `${place}, and moves to ${moving.to}: ${moving.reason}${waiting}`
  }
  if (detail === undefined) return place
  const stays =
    backend !== names.preferred || policy.whenAway === "wait"
      ? ""
      : mayLeave(policy)
        ? ""
        : "; it is shared with others, so it waits"
  return `${place}: ${detail}${stays}`
}

const withFloor = (reason: WaitReason, floor: number): WaitReason =>
  reason._tag === "Granted" || reason._tag === "Planned"
    ? { ...reason, token: (floor + reason.token) as FencingToken }
    : reason

const NOTHING: LockStatus = {
  lock: "",
  problem: undefined,
  leader: false,
  token: noToken,
  permits: 0,
  grants: [],
  waiters: [],
  queue: [],
  pause: undefined,
  blocked: undefined,
  failed: [],
  problems: new Map()
}
