// A lock that may move, for a process that lives: stay and serve, or run an effect under permits. While a section waits, a
// move sends it to the end of the other backend's queue; once it runs, the move waits for it.
import { Cause, Clock, Effect, Option, Queue, Stream } from "effect"
import { environmentOf, type FencingToken } from "../rolling-lock/FencingToken.ts"
import type { LockNotReady, RequestInvalid } from "../rolling-lock/RollingLockError.ts"
import type { Held } from "../rolling-lock/Section.ts"
import { type StoreError, StoreUnavailable } from "../store/StoreError.ts"
import type { BackendSession } from "./BackendSession.ts"
import { type BackendTurn, takeBackendTurn } from "./BackendTurn.ts"
import { begin } from "./Carrying.ts"

/** Serves the backend in which the lock lives, wherever that is, for as long as it is not interrupted. */
export const serveOf = (session: BackendSession): Effect.Effect<never> =>
  listening(session, (woken) =>
    Effect.gen(function* () {
      for (;;) {
        const turn = yield* calmTurn(session)
        if (turn?.lock === undefined) {
          yield* pause(woken, turn)
          continue
        }
        const stay = session.acting?.stay
        const away = until(session, woken, () => session.acting?.stay !== stay, turn)
        yield* Effect.raceFirst(turn.lock.serve, away)
      }
    })
  )

/** Runs `body` under permits, wherever the lock lives. */
export const sectionOf =
  (session: BackendSession) =>
  (permits: number) =>
  <A, E, R>(body: (held: Held) => Effect.Effect<A, E, R>) =>
    listening(session, (woken) =>
      Effect.gen(function* () {
        for (;;) {
          const turn = yield* calmTurn(session)
          const ran = yield* turn?.lock === undefined
            ? Effect.as(pause(woken, turn), Option.none<A>())
            : sectionHere(session, woken, turn, permits, body)
          if (ran._tag === "Some") return ran.value
        }
      })
    )

type SectionFailure = StoreError | LockNotReady | RequestInvalid

const sectionHere = <A, E, R>(
  session: BackendSession,
  woken: Queue.Queue<void>,
  turn: BackendTurn,
  permits: number,
  body: (held: Held) => Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, E | SectionFailure, R> =>
  Effect.suspend(() => {
    const { acting, lock: name } = session
    if (turn.lock === undefined || acting === undefined || acting.finishes) {
      return Effect.as(pause(woken, turn), Option.none<A>())
    }
    const { floor, stay } = acting
    let begun = false
    const held = turn.lock.withPermits(permits)((inner) =>
      Effect.suspend((): Effect.Effect<Option.Option<A>, E | StoreError, R> => {
        // granted while it was leaving: nothing is run
        if (session.acting?.stay !== stay) return Effect.succeed(Option.none())
        begun = true
        const token = (floor + inner.token) as FencingToken
        const end = begin(session, "a section", token)
        const own = { lock: name, token, environment: environmentOf({ lock: name, token }) }
        return Effect.ensuring(Effect.map(body(own), Option.some), end)
      })
    )
    const moved = until(session, woken, () => !begun && session.acting?.stay !== stay, turn)
    const either = Effect.raceFirst(held, Effect.as(moved, Option.none<A>()))
    // a backend that goes away while the section waits is waited for
    return Effect.catchCause(either, (cause) => {
      const error = Option.getOrUndefined(Cause.findErrorOption(cause))
      return !begun && error instanceof StoreUnavailable
        ? Effect.as(pause(woken, turn), Option.none<A>())
        : Effect.failCause(cause)
    })
  })

/** Takes turns at every change until `done`. */
const until = (
  session: BackendSession,
  woken: Queue.Queue<void>,
  done: () => boolean,
  first: BackendTurn
) =>
  Effect.gen(function* () {
    let turn: BackendTurn | undefined = first
    while (!done()) {
      yield* pause(woken, turn)
      turn = yield* calmTurn(session)
    }
  })

const calmTurn = (session: BackendSession) =>
  Effect.catch(takeBackendTurn(session), (error) =>
    Effect.as(Effect.logWarning(error.message), undefined)
  )

/** Until something changes, or the turn's time has come; the clock is the backstop. */
const pause = (woken: Queue.Queue<void>, turn: BackendTurn | undefined) =>
  Effect.gen(function* () {
    const nowMillis = yield* Clock.currentTimeMillis
    const wake = (turn?.wakeAtMillis ?? Number.POSITIVE_INFINITY) - nowMillis
    const most = turn?.lock === undefined ? AGAIN_MILLIS : BACKSTOP_MILLIS
    yield* Effect.timeoutOption(Queue.take(woken), Math.min(most, Math.max(0, wake)))
  })

const listening = <A, E, R>(
  session: BackendSession,
  body: (woken: Queue.Queue<void>) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const woken = yield* Queue.sliding<void>(1)
      session.woken.add(woken)
      yield* Effect.addFinalizer(() => Effect.sync(() => session.woken.delete(woken)))
      yield* Effect.forkScoped(
        Stream.runForEach(session.store.changes, () => Queue.offer(woken, undefined)),
        { startImmediately: true }
      )
      return yield* body(woken)
    })
  )

const AGAIN_MILLIS = 1_000
const BACKSTOP_MILLIS = 30_000
