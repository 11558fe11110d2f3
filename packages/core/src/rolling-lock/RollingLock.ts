// The rolling lock: participants ask for turns at disruptive work, the leader grants them, each runs its own in a step
// after the grant. Guarantees L1 to L8. A step never waits: waiting is a value with reasons. Status and explanations
// write nothing. The lock is advisory unless what is changed refuses an overtaken token.
import { Clock, Context, Effect, Layer, Semaphore } from "effect"
import type { ParticipantId } from "../Participant.ts"
import { Journal } from "../store/Journal.ts"
import { Store } from "../store/Store.ts"
import type { StoreError } from "../store/StoreError.ts"
import { type LockStatus, reasonsFor, statusOf, type WaitReason } from "./Explanation.ts"
import { ask, force, history, look, rounds, steer, withdraw } from "./LockCalls.ts"
import { defaultLimits, type LockLimits, limitProblem } from "./LockLimits.ts"
import type { HealthGate, LockSession } from "./LockSession.ts"
import { nativeLockDialect } from "./NativeLockDialect.ts"
import type { Operations } from "./Operation.ts"
import { type RequestOptions, wishOf } from "./RequestWish.ts"
import { type OrderedRoll, type RollOptions, roll } from "./Rolling.ts"
import {
  type GrantUnknown,
  LimitInvalid,
  type LockNotReady,
  type RequestInvalid,
  type RollUnsupported
} from "./RollingLockError.ts"
import { fairPolicy, type GrantPolicy, type Waiter } from "./RollingLockPolicy.ts"
import type { LockDialect, PastEvent } from "./RollingLockRecord.ts"
import { type Held, section, serve } from "./Section.ts"
import { type Audit, paused, resumed } from "./Steering.ts"
import { type LockDecision, stepOf } from "./Stepping.ts"
import { SECTION } from "./Trying.ts"

/** The rule that chooses who is next; the fair one unless the composition says otherwise. */
export const LockPolicy = Context.Reference<GrantPolicy>("@rollcall/core/LockPolicy", {
  defaultValue: () => fairPolicy
})

/** The composition's side of a lock. */
export interface RollingLockOptions {
  /** Its name: several locks live side by side. */
  readonly lock: string
  readonly operations: Operations
  readonly limits?: Partial<LockLimits>
  /** The zone or rack of this participant. */
  readonly group?: string
  readonly gate?: HealthGate
  readonly dialect?: LockDialect
  /** Set where what a step writes becomes visible only when the process ends, as in a Juju hook. */
  readonly commitsAtEnd?: boolean
}

/** The lock's calls. */
export interface RollingLockShape {
  /** Asks for a turn; the same operation asked for last and not begun is asked for once. **Fails with** `RequestInvalid`. */
  readonly request: (
    options: RequestOptions
  ) => Effect.Effect<
    { readonly ticket: number; readonly merged: boolean },
    StoreError | RequestInvalid | LockNotReady
  >
  /**
   * Asks for a turn of every named participant, everybody unless told otherwise, in one write that grants ahead what can
   * be planned; the leader alone can. **Fails with** `RequestInvalid`, `RollUnsupported`, elsewhere `NotLeader`.
   */
  readonly roll: (
    options: RollOptions
  ) => Effect.Effect<OrderedRoll, StoreError | RequestInvalid | LockNotReady | RollUnsupported>
  /** Takes back own requests, all or one, but for the one that is being run; the tickets that went. **Guarantee** L3 */
  readonly cancel: (
    ticket?: number
  ) => Effect.Effect<ReadonlyArray<number>, StoreError | LockNotReady>
  /** One decision, and at most one operation. **Guarantee** L1, L5, L6, L7 */
  readonly step: Effect.Effect<LockDecision, StoreError>
  readonly status: Effect.Effect<LockStatus, StoreError>
  /** Why a participant, by default this one, is not running. */
  readonly explain: (
    participant?: ParticipantId
  ) => Effect.Effect<ReadonlyArray<WaitReason>, StoreError>
  /** The leader alone can; **fails with** `NotLeader` elsewhere. So do the next two. */
  readonly pause: (audit: Audit) => Effect.Effect<void, StoreError | LockNotReady>
  readonly resume: (audit: Audit) => Effect.Effect<void, StoreError | LockNotReady>
  /** Ends the grant of a participant nobody hears of any more, and pauses the roll. **Fails with** `GrantUnknown`. */
  readonly forceRelease: (
    participant: ParticipantId,
    audit: Audit
  ) => Effect.Effect<void, StoreError | LockNotReady | GrantUnknown>
  /** The last events, oldest first; their times are for people. */
  readonly history: Effect.Effect<ReadonlyArray<PastEvent>, StoreError>
  /** The order the roll would take if all went well; those of one round would hold together. */
  readonly dryRun: Effect.Effect<ReadonlyArray<ReadonlyArray<Waiter>>, StoreError>
  /** Runs an effect under permits, for a process that lives; interrupting it gives up the wait or gives the permits back. */
  readonly withPermits: (
    permits: number
  ) => <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | StoreError | LockNotReady | RequestInvalid, R>
  /** Steps at every change for as long as it is not interrupted, for a process that lives. */
  readonly serve: Effect.Effect<never>
}

/** One at a time, in order, and it says why. */
export class RollingLock extends Context.Service<RollingLock, RollingLockShape>()(
  "@rollcall/core/RollingLock"
) {
  /** The lock over a `Store`. **Fails with** `LimitInvalid`. */
  static readonly layer = (
    options: RollingLockOptions
  ): Layer.Layer<RollingLock, LimitInvalid, Store | Journal> =>
    Layer.effect(RollingLock, Effect.map(makeSession(options), shapeOf))
}

const makeSession = Effect.fnUntraced(function* (options: RollingLockOptions) {
  const limits = { ...defaultLimits, ...options.limits }
  const problem = limitProblem(limits)
  if (problem !== undefined) return yield* new LimitInvalid(problem)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(options.lock)) {
    const allowed = "1 to 63 small letters, digits and inner hyphens"
    return yield* new LimitInvalid({ limit: "lock", allowed })
  }
  const session: LockSession = {
    lock: options.lock,
    store: yield* Store,
    journal: yield* Journal,
    dialect: options.dialect ?? nativeLockDialect(options.lock),
    policy: yield* LockPolicy,
    limits,
    operations: options.operations,
    group: options.group,
    gate: options.gate,
    commitsAtEnd: options.commitsAtEnd ?? false,
    turns: yield* Semaphore.make(1),
    running: new Map(),
    granted: new Set(),
    sections: new Map()
  }
  return session
})

const shapeOf = (session: LockSession): RollingLockShape => {
  const step = stepOf(session)
  const { limits, lock, policy } = session
  const cancel = Effect.fn("RollingLock.cancel")((ticket?: number) => withdraw(session, ticket))
  return {
    request: Effect.fn("RollingLock.request")(function* (options) {
      const nowMillis = yield* Clock.currentTimeMillis
      const wish = yield* wishOf(options, { ...session, nowMillis })
      return yield* ask(session, wish)
    }),
    roll: Effect.fn("RollingLock.roll")((options) => roll(session, options)),
    cancel,
    step,
    status: look(session, (seen) => statusOf(lock, seen, limits, policy)),
    explain: Effect.fn("RollingLock.explain")((participant = session.store.self) =>
      look(session, (seen) => reasonsFor(participant, seen, limits, policy))
    ),
    pause: Effect.fn("RollingLock.pause")((audit) =>
      steer(session, (record, at) => Effect.succeed(paused(record, limits, audit, at)))
    ),
    resume: Effect.fn("RollingLock.resume")((audit) =>
      steer(session, (record, at) => Effect.succeed(resumed(record, limits, audit, at)))
    ),
    forceRelease: Effect.fn("RollingLock.forceRelease")((participant, audit) =>
      force(session, participant, audit)
    ),
    history: history(session),
    dryRun: look(session, (seen) => (seen === undefined ? [] : rounds(session, seen))),
    withPermits: (permits) => (body) =>
      Effect.gen(function* () {
        const code = { refuses: () => undefined, run: () => Effect.succeed("failed" as const) }
        const operations = { [SECTION]: code }
        const wish = yield* wishOf(
          { operation: SECTION, permits },
          { operations, limits, group: session.group, nowMillis: 0 }
        )
        const asked = Effect.map(ask(session, wish, true), ({ ticket }) => ticket)
        return yield* section(session, step, asked, (ticket) => Effect.ignore(cancel(ticket)), body)
      }),
    serve: serve(session, step)
  }
}
