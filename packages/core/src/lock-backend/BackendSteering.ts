// What an operator does to a lock that may move: move it, vouch for somebody, pause and resume it. The leader writes.
import { Clock, Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { RollingLockShape } from "../rolling-lock/RollingLock.ts"
import { LockNotReady } from "../rolling-lock/RollingLockError.ts"
import type { Audit } from "../rolling-lock/Steering.ts"
import { StoreUnavailable } from "../store/StoreError.ts"
import { leaderInput } from "./BackendDecision.ts"
import { type BackendSession, type SeenBackend, seenBackend } from "./BackendSession.ts"
import { opened } from "./Leaving.ts"
import { MoveRefused } from "./LockBackendError.ts"
import { mayLeave } from "./LockBackendPolicy.ts"
import { type BackendRecord, backendKey } from "./LockBackendRecord.ts"
import { attested, movedByHand, rebuiltBackend } from "./LockBackendState.ts"

/** Begins a move to `to`, or gives up the one that is on; a record that cannot be read is written anew. */
export const move = (session: BackendSession, to: string, audit: Audit) =>
  Effect.gen(function* () {
    const { lock, names, policy } = session
    const refuse = (detail: string) => new MoveRefused({ lock, to, detail })
    if (to !== names.preferred && to !== names.other) {
      return yield* refuse(`there is ${names.preferred} and ${names.other}`)
    }
    yield* steer(session, (seen) =>
      Effect.gen(function* () {
        const input = yield* leaderInput(session, seen, undefined)
        const { record } = seen
        if (to === names.other && record?.backend !== to && !mayLeave(policy)) {
          const scope = "others share it there, and what they hold nobody here can know"
          return yield* refuse(
            `${scope}; say scope "application" where it is this application's own`
          )
        }
        if (record !== undefined) return movedByHand(record, { to, ...audit }, input)
        if (seen.problem === undefined)
          return yield* notReady(session, "the leader is to say where it lives")
        const present = [seen.view.self, ...seen.group.peers.keys()]
        const from = to === names.other ? names.preferred : names.other
        return rebuiltBackend({ to, ...audit }, from, present, input)
      })
    )
  })

/** Takes an operator's word that `participant` holds nothing in the backend that is left. */
export const attest = (session: BackendSession, participant: ParticipantId) =>
  Effect.gen(function* () {
    let changed = false
    yield* steer(session, ({ record }) => {
      if (record === undefined) return notReady(session, "where it lives cannot be read")
      const after = attested(record, participant)
      changed = after !== record
      return Effect.succeed(after)
    })
    return changed
  })

/** Pauses the roll where it is. */
export const pause = (session: BackendSession, audit: Audit) =>
  inCurrent(session, (lock) => lock.pause(audit))

/** Resumes the roll, also one that was paused in the backend before this one. */
export const resume = (session: BackendSession, audit: Audit) =>
  Effect.gen(function* () {
    yield* steer(session, ({ record }) => {
      if (record === undefined) return notReady(session, "the leader is to say where it lives")
      const { paused, ...rest } = record
      return Effect.succeed(paused === undefined ? record : rest)
    })
    session.paused = undefined
    yield* inCurrent(session, (lock) => lock.resume(audit))
  })

/** A call of the lock in the backend where it lives. */
export const inCurrent = <A, E>(
  session: BackendSession,
  call: (lock: RollingLockShape) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const seen = yield* looked(session)
    const backend = seen?.record && session.backends.get(seen.record.backend)
    if (backend === undefined) {
      const detail = seen?.problem ?? "the leader is to say where the lock lives"
      return yield* new StoreUnavailable({ operation: "use the lock", detail })
    }
    return yield* call(yield* opened(backend))
  })

const looked = (session: BackendSession) =>
  session.store.step((view) => Effect.succeed([seenBackend(session, view), []] as const))

const steer = <E>(
  session: BackendSession,
  next: (seen: SeenBackend) => Effect.Effect<BackendRecord, E>
) =>
  session.turns.withPermit(
    session.store.step((view) =>
      Effect.gen(function* () {
        const seen = seenBackend(session, view)
        if (seen === undefined) {
          return yield* notReady(session, "this participant is in no group of its own side yet")
        }
        const after = yield* next(seen)
        if (after === seen.record) return [undefined, []] as const
        session.wrote = Math.max(session.wrote, after.epoch)
        const place = { _tag: "shared", group: seen.group.id } as const
        const value = JSON.stringify({ ...after, atMillis: yield* Clock.currentTimeMillis })
        return [undefined, [{ place, key: backendKey(session.lock), value }]] as const
      })
    )
  )

const notReady = ({ lock }: BackendSession, detail: string) =>
  Effect.fail(new LockNotReady({ lock, detail }))
