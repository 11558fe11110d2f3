// The life of a process that takes part over etcd: one step at its start, one whenever it is woken, one now and then.
// A step that fails is made again, after a pause that grows; what it decided is the caller's to show.
import {
  type HostDecision,
  Mirror,
  type MirrorDecision,
  Store,
  type StoreError,
  TokenIssuer,
  type TokenIssuerError
} from "@rollcall/core"
import { Effect, Latch, Stream } from "effect"

/** What a process tells of itself; and how patient it is, in milliseconds. */
export interface Serving<A, E> {
  /** What each step decided. */
  readonly decided?: (decision: A) => Effect.Effect<void>
  /** Why a step failed; the next one is on its way. */
  readonly failed?: (error: E) => Effect.Effect<void>
  /** How often it looks without being woken, and cleans up; 300,000 unless set. */
  readonly sweepMillis?: number
}

/** An agent of a host: brings it into the cluster, and mints for others where it is named. Never ends. */
export const serveHost = (
  serving: Serving<HostDecision, TokenIssuerError> = {}
): Effect.Effect<never, never, TokenIssuer | Store> =>
  Effect.flatMap(TokenIssuer, (issuer) =>
    serve(serving, {
      step: (sweep) => issuer.step({ sweep }),
      // after a failed call core waits by the clock; nobody wakes it when that is over
      again: (decision) =>
        decision._tag !== "Refused" && decision.problem !== undefined ? RETRY_MILLIS : undefined
    })
  )

/** A mirror: merges what hosts announce and hands tokens on, where it leads. Never ends. */
export const serveMirror = (
  serving: Serving<MirrorDecision, StoreError> = {}
): Effect.Effect<never, never, Mirror | Store> =>
  Effect.flatMap(Mirror, (mirror) =>
    serve(serving, {
      step: (sweep) => mirror.step({ sweep }),
      again: (decision) =>
        decision._tag === "Leading" && decision.held > 0 ? RETRY_MILLIS : undefined,
      // used tokens go as soon as nothing moves
      tidyMillis: TIDY_MILLIS
    })
  )

interface Turns<A, E> {
  readonly step: (sweep: boolean) => Effect.Effect<A, E>
  /** In how many milliseconds to step again, although nobody wakes it. */
  readonly again: (decision: A) => number | undefined
  /** After how long without a change to clean up, where that is worth a step of its own. */
  readonly tidyMillis?: number
}

const serve = <A, E>(
  { decided, failed, sweepMillis = 300_000 }: Serving<A, E>,
  { again, step, tidyMillis }: Turns<A, E>
): Effect.Effect<never, never, Store> =>
  Effect.scoped(
    Effect.gen(function* () {
      const store = yield* Store
      const due = Latch.makeUnsafe(true)
      yield* Effect.forkScoped(
        Stream.runForEach(store.changes, () => Effect.sync(() => due.openUnsafe())),
        { startImmediately: true }
      )
      let failures = 0
      let tidy = true
      let pause = sweepMillis
      return yield* Effect.forever(
        Effect.gen(function* () {
          const woken = yield* Effect.raceFirst(
            Effect.as(due.await, true),
            Effect.as(Effect.sleep(pause), false)
          )
          due.closeUnsafe()
          const exit = yield* Effect.result(step(!woken))
          if (exit._tag === "Failure") {
            failures += 1
            pause = Math.min(30_000, 100 * 2 ** failures)
            yield* failed?.(exit.failure) ?? Effect.void
            return
          }
          failures = 0
          tidy = !woken
          const rest = tidyMillis !== undefined && !tidy ? tidyMillis : sweepMillis
          pause = again(exit.success) ?? rest
          yield* decided?.(exit.success) ?? Effect.void
        })
      )
    })
  )

const RETRY_MILLIS = 1_000
const TIDY_MILLIS = 1_000
