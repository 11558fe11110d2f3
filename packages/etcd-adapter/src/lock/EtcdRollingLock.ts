// Core's rolling lock over etcd: no leader, no steps in between. Whoever gives permits back hands them in one transaction
// to who is next, and wakes it and nobody else. Guarantees L1 to L8, where the order of the store is etcd's revisions.
// A process that dies loses its lease, and with it its permits and its places in the queue; its requests stay, and wait
// again when it is back. The lock is advisory unless what is changed refuses an overtaken token: a fencing token is the
// revision at which its grant was written.
import {
  defaultLimits,
  environmentOf,
  type Held,
  Journal,
  LimitInvalid,
  type LockLimits,
  type LockNotReady,
  LockPolicy,
  limitProblem,
  type ParticipantId,
  type RequestInvalid,
  type RequestOptions,
  RollingLock,
  type RollingLockOptions,
  type RollingLockShape,
  SECTION,
  type StoreError,
  StoreUnavailable,
  wishOf
} from "@rollcall/core"
import { Clock, Context, Effect, Exit, Layer, Queue, Scope, Semaphore } from "effect"
import { Etcd } from "../client/Etcd.ts"
import { explain, historyOf, roundsOf, statusOf } from "./EtcdExplanation.ts"
import { type EtcdOrder, order, takePart } from "./EtcdRoll.ts"
import { section } from "./EtcdSection.ts"
import { forceRelease, pause, resume } from "./EtcdSteering.ts"
import { stepOf } from "./EtcdStep.ts"
import { type CommandNotStarted, leashed } from "./Leash.ts"
import { asStoreError, type LockFailure, type NotGranted } from "./LockErrors.ts"
import { lockKeys } from "./LockKeys.ts"
import type { LockProcess } from "./LockProcess.ts"
import { ask, takeBack } from "./OwnRequests.ts"

/** The composition's side of a lock over etcd. */
export interface EtcdRollingLockOptions
  extends Pick<RollingLockOptions, "lock" | "limits" | "group" | "gate"> {
  /** The name of this participant; two living processes of one name take turns no better than strangers. */
  readonly participant: string
  readonly operations?: RollingLockOptions["operations"]
  /** After how many seconds without a sign of life a holder counts as dead; 10 unless set, 2 at least. */
  readonly ttlSeconds?: number
  /**
   * What becomes of the roll when a holder dies: its permits go to the next one, or the roll pauses until somebody has
   * looked. An operation that reboots its machine wants "pause", or a `ttlSeconds` beyond the reboot. "hand-over" unless set.
   */
  readonly whenHolderDies?: "hand-over" | "pause"
}

/** Where a section waits. */
export type SectionPlace = Pick<RequestOptions, "priority" | "group">

/** The lock's calls, and those that only a lock over etcd has. */
export interface EtcdRollingLockShape extends Omit<RollingLockShape, "withPermits"> {
  /** As core's, with a place in the queue other than that of everybody. */
  readonly withPermits: (
    permits: number,
    place?: SectionPlace
  ) => <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | StoreError | LockNotReady | RequestInvalid, R>
  /** As `withPermits`, but for a bounded wait: **Fails with** `NotGranted` then, and what is given to it is not run. */
  readonly withPermitsWithin: (
    permits: number,
    millis: number,
    place?: SectionPlace
  ) => <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | StoreError | LockNotReady | RequestInvalid | NotGranted, R>
  /** Asks for a turn of each that is named, of everybody who serves unless set. **Fails with** `RequestInvalid`. */
  readonly roll: (
    options: Omit<RequestOptions, "deadlineMillis" | "group"> & {
      readonly participants?: ReadonlyArray<ParticipantId>
    }
  ) => Effect.Effect<EtcdOrder, StoreError | RequestInvalid>
  /**
   * Runs a command under the grant that `held` is of; its exit code. It is dead before the lease can have passed on, also
   * when this process is killed or halted meanwhile.
   */
  readonly run: (
    held: Pick<Held, "lock" | "token">,
    command: ReadonlyArray<string>
  ) => Effect.Effect<number, CommandNotStarted>
}

/** The lock over etcd by its own name; the same instance as core's `RollingLock` of the same layer. */
export class EtcdRollingLock extends Context.Service<EtcdRollingLock, EtcdRollingLockShape>()(
  "@rollcall/etcd-adapter/EtcdRollingLock"
) {}

/** The lock over etcd. **Fails with** `LimitInvalid`. */
export const etcdRollingLock = (
  options: EtcdRollingLockOptions
): Layer.Layer<RollingLock | EtcdRollingLock, LimitInvalid, Etcd | Journal> =>
  Layer.effectContext(
    Effect.map(makeProcess(options), (process) => {
      const shape = shapeOf(process)
      return Context.make(EtcdRollingLock, shape).pipe(Context.add(RollingLock, shape))
    })
  )

const makeProcess = Effect.fnUntraced(function* (options: EtcdRollingLockOptions) {
  const limits: LockLimits = { ...defaultLimits, ...options.limits }
  const ttlSeconds = options.ttlSeconds ?? 10
  const problem = limitProblem(limits) ?? optionProblem(options, ttlSeconds)
  if (problem !== undefined) return yield* new LimitInvalid(problem)
  // a lease ends after the fibers under it, and before the process
  const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
  const process: LockProcess = {
    lock: options.lock,
    self: options.participant,
    keys: lockKeys(options.lock),
    etcd: yield* Etcd,
    journal: yield* Journal,
    policy: yield* LockPolicy,
    limits,
    operations: options.operations ?? {},
    group: options.group,
    gate: options.gate,
    ttlSeconds,
    whenHolderDies: options.whenHolderDies ?? "hand-over",
    scope,
    opening: yield* Semaphore.make(1),
    reading: yield* Semaphore.make(1),
    turns: yield* Semaphore.make(1),
    leavingQueue: yield* Semaphore.make(16),
    woken: yield* Queue.sliding<void>(1),
    arrivals: { pending: [], writing: false },
    waiting: new Map(),
    grants: new Map(),
    leaving: new Set(),
    spent: new Set(),
    running: new Map(),
    term: undefined,
    own: undefined,
    lastTicket: 0,
    until: undefined,
    lastSeen: undefined,
    lastRead: undefined,
    readsBegun: 0
  }
  return process
})

const optionProblem = ({ lock, participant }: EtcdRollingLockOptions, ttlSeconds: number) => {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(lock)) {
    return { limit: "lock", allowed: "1 to 63 small letters, digits and inner hyphens" }
  }
  if (participant === "" || participant.length > 200) {
    return { limit: "participant", allowed: "a name of 1 to 200 characters" }
  }
  const whole = Number.isSafeInteger(ttlSeconds) && ttlSeconds >= 2 && ttlSeconds <= 86_400
  return whole
    ? undefined
    : { limit: "ttlSeconds", allowed: `a whole number from 2 to 86400, not ${ttlSeconds}` }
}

const shapeOf = (process: LockProcess): EtcdRollingLockShape => {
  const step = stepOf(process).pipe(asStep(process.lock), Effect.withSpan("RollingLock.step"))
  const wished = Effect.fnUntraced(function* (options: RequestOptions) {
    const nowMillis = yield* Clock.currentTimeMillis
    return yield* wishOf(options, { ...process, nowMillis })
  })
  const inSection = Effect.fnUntraced(function* (permits: number, place: SectionPlace = {}) {
    const code = { refuses: () => undefined, run: () => Effect.succeed("failed" as const) }
    const scene = { ...process, operations: { [SECTION]: code }, nowMillis: 0 }
    return yield* wishOf({ operation: SECTION, permits, ...place }, scene)
  })
  return {
    request: Effect.fn("RollingLock.request")(function* (options) {
      const wish = yield* wished(options)
      return yield* asStoreError("ask for a turn")(ask(process, wish))
    }),
    cancel: Effect.fn("RollingLock.cancel")((ticket?: number) =>
      asStoreError("take a request back")(takeBack(process, ticket))
    ),
    step,
    status: asStoreError("read the lock")(statusOf(process)),
    explain: Effect.fn("RollingLock.explain")((participant) =>
      asStoreError("read the lock")(explain(process, participant ?? process.self))
    ),
    pause: Effect.fn("RollingLock.pause")((audit) =>
      Effect.asVoid(asStoreError("pause the roll")(pause(process, audit)))
    ),
    resume: Effect.fn("RollingLock.resume")((audit) =>
      asStoreError("resume the roll")(resume(process, audit))
    ),
    forceRelease: Effect.fn("RollingLock.forceRelease")((participant, audit) =>
      asStoreError("force a release")(forceRelease(process, participant, audit))
    ),
    history: asStoreError("read the history")(historyOf(process)),
    dryRun: asStoreError("read the lock")(roundsOf(process)),
    withPermits: (permits, place) => (body) =>
      Effect.flatMap(inSection(permits, place), (wish) =>
        Effect.catchTag(section(process, wish, body), "NotGranted", Effect.die)
      ),
    withPermitsWithin: (permits, millis, place) => (body) =>
      Effect.flatMap(inSection(permits, place), (wish) => section(process, wish, body, millis)),
    roll: Effect.fn("RollingLock.roll")(function* (options) {
      const wish = yield* wished(options)
      return yield* asStoreError("order a roll")(order(process, wish, options.participants))
    }),
    run: (held, command) =>
      leashed(
        command,
        environmentOf(held),
        Effect.suspend(() => process.term?.lease.remainingMillis ?? Effect.succeed(0))
      ),
    serve: serve(process, step)
  }
}

/** Steps whenever it is of use; the clock is the backstop, not the mechanism. */
const serve = (process: LockProcess, step: RollingLockShape["step"]): Effect.Effect<never> =>
  Effect.gen(function* () {
    yield* Effect.catch(takePart(process), (error) => Effect.logWarning(error.message))
    for (;;) {
      const wakeAtMillis = yield* Effect.catch(
        Effect.map(step, (decision) => decision.wakeAtMillis),
        (error) => Effect.as(Effect.logWarning(error.message), undefined)
      )
      const nowMillis = yield* Clock.currentTimeMillis
      const pause = Math.min(
        BACKSTOP_MILLIS,
        Math.max(0, (wakeAtMillis ?? Number.POSITIVE_INFINITY) - nowMillis)
      )
      if (pause > 0) yield* Effect.timeoutOption(Queue.take(process.woken), pause)
    }
  })

/** A step fails for the store's reasons alone: a lock that cannot be used is one of them. */
const asStep =
  (lock: string) =>
  <A, R>(self: Effect.Effect<A, LockFailure | StoreError, R>): Effect.Effect<A, StoreError, R> =>
    Effect.catchTag(
      asStoreError(`take a step at the lock ${lock}`)(self),
      "LockNotReady",
      (error) =>
        Effect.fail(
          new StoreUnavailable({
            operation: `take a step at the lock ${lock}`,
            detail: error.detail
          })
        )
    )

const BACKSTOP_MILLIS = 5_000
