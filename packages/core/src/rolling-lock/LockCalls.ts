// The calls that look at a lock or change a register outside of a step: a request, its cancellation, an operator's word.
import { Clock, Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { StoreError } from "../store/StoreError.ts"
import { dryRun } from "./DryRun.ts"
import {
  grantWrites,
  heldGrants,
  readableGrants,
  requestWrites,
  type SeenLock,
  seenLock
} from "./LockScene.ts"
import { type LockSession, recall } from "./LockSession.ts"
import { cancelled, drawTicket, enqueued, isOf, type Wish } from "./RequestQueue.ts"
import { GrantUnknown, LockNotReady } from "./RollingLockError.ts"
import type { Waiter } from "./RollingLockPolicy.ts"
import type { GrantRecord, PastEvent } from "./RollingLockRecord.ts"
import { released } from "./RollingLockState.ts"
import { type Audit, forced, rebuilt } from "./Steering.ts"

/** A look that writes nothing. */
export const look = <A>(session: LockSession, see: (seen: SeenLock | undefined) => A) =>
  session.store.step((view) => Effect.succeed([see(seenLock(session, view)), []]))

/** Appends a request to the own queue; with `alone` it is merged with no other. */
export const ask = (session: LockSession, wish: Wish, alone = false) =>
  change(session, (seen, begun, memory) => {
    const ticket = drawTicket(seen.own, seen.registers, readableGrants(seen), memory)
    const asked = enqueued(seen.own, wish, ticket, alone ? undefined : begun)
    return [{ ticket: asked.ticket, merged: asked.merged }, asked.record]
  })

/** Takes own requests back, all or one, but for those that are being run. */
export const withdraw = (session: LockSession, ticket: number | undefined) =>
  change(session, (seen) => {
    const chosen = (each: number) => ticket === undefined || each === ticket
    const gone = cancelled(seen.own, (request) => chosen(request.ticket), session.running)
    return [gone.tickets, gone.record]
  })

/** Changes the own register, one change at a time. */
const change = <A>(
  session: LockSession,
  next: (
    seen: SeenLock,
    begun: ReadonlySet<number>,
    memory: Effect.Success<ReturnType<typeof recall>>
  ) => readonly [A, SeenLock["own"]]
) =>
  session.turns.withPermit(
    session.store.step((view) =>
      Effect.gen(function* () {
        const seen = seenLock(session, view)
        if (seen === undefined) return yield* notReady(session)
        const memory = yield* recall(session)
        const first = seen.own.queue[0]
        const begun = new Set(session.running.keys())
        if (first !== undefined && isOf(memory, first)) begun.add(first.ticket)
        const [result, record] = next(seen, begun, memory)
        const nowMillis = yield* Clock.currentTimeMillis
        return [result, requestWrites(session.dialect, seen, record, nowMillis)] as const
      })
    )
  )

/** Changes the shared register; with `rebuild`, one that cannot be read is written anew, paused. */
export const steer = <E>(
  session: LockSession,
  next: (record: GrantRecord, atMillis: number) => Effect.Effect<GrantRecord, E>,
  rebuild?: Audit
) =>
  session.turns.withPermit(
    session.store.step((view) =>
      Effect.gen(function* () {
        const seen = seenLock(session, view)
        if (seen === undefined) return yield* notReady(session)
        const atMillis = yield* Clock.currentTimeMillis
        const record = recordAsOf(session, seen, atMillis)
        if (record === undefined && rebuild === undefined) {
          const detail = "its shared register cannot be read, force a release to write it anew"
          return yield* new LockNotReady({ lock: session.lock, detail })
        }
        const after =
          record === undefined
            ? rebuilt(seen.registers, session.limits, rebuild as Audit, atMillis)
            : yield* next(record, atMillis)
        const writes = after === record ? [] : grantWrites(session.dialect, seen, after, atMillis)
        return [undefined, writes] as const
      })
    )
  )

/** Ends the grant of `participant`; a shared register that cannot be read is written anew. */
export const force = (session: LockSession, participant: ParticipantId, audit: Audit) =>
  steer(
    session,
    (record, at) => {
      const holders = record.grants.map((grant) => grant.participant)
      const next = forced(record, session.limits, participant, audit, at)
      return next === undefined
        ? Effect.fail(new GrantUnknown({ participant, holders }))
        : Effect.succeed(next)
    },
    audit
  )

/** The last events, those included that the leader has not written down yet. */
export const history = (
  session: LockSession
): Effect.Effect<ReadonlyArray<PastEvent>, StoreError> =>
  Effect.flatMap(Clock.currentTimeMillis, (nowMillis) =>
    look(session, (seen) => (seen && recordAsOf(session, seen, nowMillis))?.history ?? [])
  )

/** Why nothing can be written. */
export const notReady = ({ lock }: LockSession) =>
  new LockNotReady({ lock, detail: "this participant is in no group of its own side yet" })

/** The order a roll would take from here. */
export const rounds = (
  session: LockSession,
  { registers, view, ...seen }: SeenLock
): ReadonlyArray<ReadonlyArray<Waiter>> => {
  const record = heldGrants({ registers, view, ...seen })
  if (record === undefined) return []
  const { dialect, gate, policy } = session
  const permits = Math.min(session.limits.permits, dialect.grants)
  const ahead = Math.min(session.limits.ahead, dialect.grants - permits)
  const limits = { ...session.limits, permits, ahead }
  return dryRun({ self: view.self, record, registers, limits, policy, gated: gate !== undefined })
}

/** The leader's record with all that has ended since it was written. */
const recordAsOf = (
  { limits }: LockSession,
  seen: SeenLock,
  nowMillis: number
): GrantRecord | undefined => {
  const before = readableGrants(seen)
  if (before === undefined) return undefined
  const { registers, view } = seen
  const departed = () => false
  return released({ self: view.self, nowMillis, before, registers, departed, limits })
}
