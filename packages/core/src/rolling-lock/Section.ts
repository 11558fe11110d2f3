// The lock for a process that lives longer than a step: wait for a grant, run an effect under it, give it back; or stay
// and run operations as they are granted. Woken by the store's changes; the clock is the backstop, not the mechanism.
import { Clock, Deferred, Effect, Queue, Stream } from "effect"
import type { StoreError } from "../store/StoreError.ts"
import { environmentOf, type FencingToken } from "./FencingToken.ts"
import { keep, type LockSession, recall } from "./LockSession.ts"
import { takeTurn } from "./LockTurn.ts"
import type { LockNotReady } from "./RollingLockError.ts"
import { concludeSection } from "./Trying.ts"

/** What an effect under the lock is given. */
export interface Held {
  readonly lock: string
  readonly token: FencingToken
  /** For child processes. */
  readonly environment: Readonly<Record<string, string>>
}

/** One step, and when the next one is of use without a change. */
export type Step = Effect.Effect<{ readonly wakeAtMillis: number | undefined }, StoreError>

/** Steps at every change, and when a step asked for it, for as long as it is not interrupted. */
export const serve = (session: LockSession, step: Step): Effect.Effect<never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const woken = yield* Queue.sliding<void>(1)
      yield* Effect.forkScoped(
        Stream.runForEach(session.store.changes, () => Queue.offer(woken, undefined)),
        { startImmediately: true }
      )
      for (;;) {
        const wakeAtMillis = yield* Effect.catch(
          Effect.map(step, (decision) => decision.wakeAtMillis),
          (error) => Effect.as(Effect.logWarning(error.message), undefined)
        )
        const nowMillis = yield* Clock.currentTimeMillis
        const pause = Math.min(BACKSTOP_MILLIS, Math.max(0, (wakeAtMillis ?? Infinity) - nowMillis))
        yield* Effect.timeoutOption(Queue.take(woken), pause)
      }
    })
  )

/** Runs `body` under the permits of the request `ticket`; whatever becomes of it, the permits are given back. */
export const section = <A, E, R>(
  session: LockSession,
  step: Step,
  ask: Effect.Effect<number, StoreError | LockNotReady>,
  cancel: (ticket: number) => Effect.Effect<void, StoreError>,
  body: (held: Held) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | StoreError | LockNotReady, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const ticket = yield* ask
      const granted = yield* Deferred.make<FencingToken>()
      session.sections.set(ticket, granted)
      const waiting = Effect.raceFirst(Deferred.await(granted), serve(session, step))
      const token = yield* restore(waiting).pipe(
        Effect.onInterrupt(() => Effect.ignore(giveUp(session, ticket, granted, cancel)))
      )
      const held: Held = {
        lock: session.lock,
        token,
        environment: environmentOf({ lock: session.lock, token })
      }
      const exit = yield* Effect.exit(restore(body(held)))
      yield* giveBack(session, ticket)
      return yield* exit
    })
  )

/** Hands the grant to the section that waits for it; false where this process has none. */
export const handOver = Effect.fnUntraced(function* (
  session: LockSession,
  ticket: number,
  token: FencingToken
) {
  const granted = session.sections.get(ticket)
  if (granted === undefined) return false
  const sinceMillis = yield* Clock.currentTimeMillis
  yield* keep(session, { v: 1, ticket, attempt: 0, token, sinceMillis })
  yield* Deferred.succeed(granted, token)
  return true
})

const giveUp = Effect.fnUntraced(function* (
  session: LockSession,
  ticket: number,
  granted: Deferred.Deferred<FencingToken>,
  cancel: (ticket: number) => Effect.Effect<void, StoreError>
) {
  if (yield* Deferred.isDone(granted)) return yield* giveBack(session, ticket)
  session.sections.delete(ticket)
  yield* cancel(ticket)
})

/** The end is durable in the journal first: a store that fails now is told at the next step. */
const giveBack = Effect.fnUntraced(function* (session: LockSession, ticket: number) {
  session.sections.delete(ticket)
  const memory = yield* recall(session)
  if (memory?.ticket === ticket) yield* concludeSection(session, memory)
  session.running.delete(ticket)
  yield* takeTurn(session, false)
})

const BACKSTOP_MILLIS = 30_000
