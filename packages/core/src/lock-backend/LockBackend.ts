// A lock that lives in one of two places, the preferred one or the peers' registers, and moves between them by epochs: one
// ends only when everybody who could act in it is known to hold nothing (B1 to B4). It has the calls of `RollingLock` but
// `roll`; requests are kept here and carried to whichever backend the lock lives in, so a move loses none, repeats none
// and keeps their order for each participant. Tokens rise across moves (L2). What holds within an epoch is its backend's.
// Not promised: that an epoch ends. While somebody is not known gone the lock waits, and says for whom.
import { Context, Effect, Layer, Semaphore } from "effect"
import type { ParticipantId } from "../Participant.ts"
import { defaultLimits, limitProblem } from "../rolling-lock/LockLimits.ts"
import type { RollingLockOptions, RollingLockShape } from "../rolling-lock/RollingLock.ts"
import { LimitInvalid, type LockNotReady } from "../rolling-lock/RollingLockError.ts"
import type { Audit } from "../rolling-lock/Steering.ts"
import { Journal } from "../store/Journal.ts"
import { Store } from "../store/Store.ts"
import type { StoreError } from "../store/StoreError.ts"
import { type LockBackend, openable } from "./Backend.ts"
import { ask, withdrawn } from "./BackendRequests.ts"
import { sectionOf, serveOf } from "./BackendSection.ts"
import type { BackendSession } from "./BackendSession.ts"
import { attest, inCurrent, move, pause, resume } from "./BackendSteering.ts"
import { stepOf } from "./BackendStep.ts"
import { explained, statusOf, type Whereabouts, whereabouts } from "./BackendView.ts"
import { carriedOperations } from "./Carrying.ts"
import { monotonicMillis } from "./Leaving.ts"
import type { MoveRefused } from "./LockBackendError.ts"
import {
  type BackendLimits,
  backendLimitProblem,
  defaultBackendLimits
} from "./LockBackendPolicy.ts"

/** The composition's side of a lock that may move. */
export interface MovingLockOptions<P = never, O = never>
  extends Pick<RollingLockOptions, "lock" | "operations" | "limits" | "group" | "commitsAtEnd">,
    Partial<BackendLimits> {
  /** Where the lock lives while it can; it need not answer. */
  readonly preferred: LockBackend<P>
  /** Where it lives meanwhile: a lock over the peers' registers, which answer whenever the `Store` does. */
  readonly other: LockBackend<O>
}

/** The calls of a lock that may move. */
export interface MovingLockShape
  extends Pick<
    RollingLockShape,
    | "request"
    | "cancel"
    | "step"
    | "status"
    | "explain"
    | "pause"
    | "resume"
    | "forceRelease"
    | "history"
    | "dryRun"
    | "withPermits"
    | "serve"
  > {
  /** Where it lives, whether it moves, and for whom that waits. */
  readonly where: Effect.Effect<Whereabouts, StoreError>
  /** Begins a move, or gives up the one that is on; the leader alone can. **Fails with** `MoveRefused`. */
  readonly move: (
    to: string,
    audit: Audit
  ) => Effect.Effect<void, StoreError | LockNotReady | MoveRefused>
  /**
   * Says that `participant` holds nothing in the backend that is left: the word of somebody who looked, for nothing here
   * can know it. The leader alone can; false where nobody waits for it.
   */
  readonly attest: (participant: ParticipantId) => Effect.Effect<boolean, StoreError | LockNotReady>
}

/** One lock in one of two places. */
export class MovingLock extends Context.Service<MovingLock, MovingLockShape>()(
  "@rollcall/core/MovingLock"
) {}

/** The lock over the peers' `Store` and two backends. **Fails with** `LimitInvalid`. */
export const movingLock = <P = never, O = never>(
  options: MovingLockOptions<P, O>
): Layer.Layer<MovingLock, LimitInvalid, Store | Journal | P | O> =>
  Layer.effect(MovingLock, Effect.map(makeBackendSession(options), shapeOf))

const makeBackendSession = <P, O>(options: MovingLockOptions<P, O>) =>
  Effect.gen(function* () {
    const { lock, operations, other, preferred } = options
    const limits = { ...defaultLimits, ...options.limits }
    const policy = policyOf(options)
    const problem =
      limitProblem(limits) ?? backendLimitProblem(policy) ?? nameProblem(lock, preferred, other)
    if (problem !== undefined) return yield* new LimitInvalid(problem)
    const journal = yield* Journal
    const scope = yield* Effect.scope
    const context = yield* Effect.context<P | O>()
    const carried = carriedOperations(() => session, operations)
    const parts = { lock, journal, scope, operations: carried }
    const session: BackendSession = {
      lock,
      store: yield* Store,
      journal,
      operations,
      limits,
      group: options.group,
      policy,
      names: { preferred: preferred.name, other: other.name },
      backends: new Map([
        [preferred.name, openable(preferred, context, parts)],
        [other.name, openable(other, context, parts)]
      ]),
      commitsAtEnd: options.commitsAtEnd ?? false,
      turns: yield* Semaphore.make(1),
      woken: new Set(),
      startedMillis: yield* monotonicMillis,
      acting: undefined,
      running: new Map(),
      wanted: new Map(),
      settled: undefined,
      wrote: 0,
      token: 0,
      paused: undefined,
      absent: new Map(),
      proving: new Set(),
      away: undefined,
      waits: []
    }
    return session
  })

const policyOf = (options: Partial<BackendLimits>): BackendLimits => {
  const { awayMillis, backMillis, departedMillis, scope, whenAway } = defaultBackendLimits
  return {
    whenAway: options.whenAway ?? whenAway,
    scope: options.scope ?? scope,
    awayMillis: options.awayMillis ?? awayMillis,
    backMillis: options.backMillis ?? backMillis,
    departedMillis: options.departedMillis ?? departedMillis
  }
}

const nameProblem = (
  lock: string,
  preferred: { readonly name: string },
  other: { readonly name: string }
) => {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(lock)) {
    return { limit: "lock", allowed: "1 to 63 small letters, digits and inner hyphens" }
  }
  const named = [preferred.name, other.name].every((name) => /^[a-z][a-z0-9-]{0,30}$/.test(name))
  return named && preferred.name !== other.name
    ? undefined
    : { limit: "backend names", allowed: "two names of small letters, digits and hyphens" }
}

const shapeOf = (session: BackendSession): MovingLockShape => ({
  request: Effect.fn("MovingLock.request")((options) => ask(session, options)),
  cancel: Effect.fn("MovingLock.cancel")((ticket) => withdrawn(session, ticket)),
  step: stepOf(session),
  status: statusOf(session),
  explain: Effect.fn("MovingLock.explain")((participant) => explained(session, participant)),
  pause: Effect.fn("MovingLock.pause")((audit) => pause(session, audit)),
  resume: Effect.fn("MovingLock.resume")((audit) => resume(session, audit)),
  forceRelease: Effect.fn("MovingLock.forceRelease")((participant, audit) =>
    inCurrent(session, (lock) => lock.forceRelease(participant, audit))
  ),
  history: inCurrent(session, (lock) => lock.history),
  dryRun: inCurrent(session, (lock) => lock.dryRun),
  withPermits: sectionOf(session),
  serve: serveOf(session),
  where: whereabouts(session),
  move: Effect.fn("MovingLock.move")((to, audit) => move(session, to, audit)),
  attest: Effect.fn("MovingLock.attest")((participant) => attest(session, participant))
})
