// The rolling lock of the member charm: one operation, over the peer endpoint `restart`.
import { type Journal, type LockDialect, ParticipantId, RollingLock } from "@rollcall/core"
import {
  actionParameters,
  answered,
  changedOptions,
  JujuContext,
  jujuLockDialect,
  jujuPeerStore,
  lockActions
} from "@rollcall/juju-adapter"
import { Effect, Layer, Schema } from "effect"
import { type MemberConfig, words } from "./member-config.ts"
import { nothingToRestart, RESTART, RestartArguments, restart } from "./restart.ts"
import { limitsOf } from "./rolling-config.ts"

/** The name of the lock, and of the peer endpoint that carries it. */
export const LOCK = "restart"

/** Tells which keys are the lock's: they are the same in every format. */
export const anyDialect = jujuLockDialect("native", { lock: LOCK })

/** The wire format that the option asks for. */
const dialectOf = (config: MemberConfig): LockDialect =>
  jujuLockDialect(config["restart-dialect"], { lock: LOCK, fallback: RESTART })

/** The lock of this hook's unit. */
export const memberLock = (config: MemberConfig, journal: Layer.Layer<Journal>) =>
  Layer.unwrap(
    Effect.map(JujuContext, ({ zone }) =>
      RollingLock.layer({
        lock: LOCK,
        operations: { [RESTART]: restart(config) },
        limits: limitsOf(config),
        dialect: dialectOf(config),
        commitsAtEnd: true,
        ...(zone === undefined ? {} : { group: zone })
      })
    )
  ).pipe(Layer.provideMerge(jujuPeerStore(LOCK)), Layer.provide(journal))

/**
 * Has all units restart where an option that `restart-on` names has changed: the leader orders one roll of all, or, in a
 * format that carries no orders, each unit asks for its own turn. A leader that was deposed leaves it to the next one.
 */
export const restartOnChange = (config: MemberConfig) =>
  Effect.gen(function* () {
    const lock = yield* RollingLock
    // what cannot be ordered now is not seen yet
    if ((yield* lock.status).problem !== undefined) return
    const ordered = dialectOf(config).orders === true
    const whose = ordered ? "application" : "unit"
    const changed = yield* changedOptions(words(config["restart-on"]), whose)
    if (changed.length === 0) return
    const nothing = nothingToRestart(config)
    if (nothing !== undefined) return yield* Effect.logWarning(nothing)
    yield* Effect.logInfo(`a restart is due, for ${changed.join(", ")} changed`)
    yield* lock[ordered ? "roll" : "request"]({ operation: RESTART, maxRetries: MAX_RETRIES })
  }).pipe(Effect.catchTag("NotLeader", () => Effect.void))

/**
 * Answers an action on the lock. Succeeds with whether anything was asked of the lock, so that a step is due; undefined
 * where the event is no such action.
 */
export const answerRolling = Effect.fnUntraced(function* (config: MemberConfig) {
  const { event } = yield* JujuContext
  const name = event.action?.name ?? ""
  if (name === "restart") return yield* answered(restartOne(config))
  if (name === "roll") return yield* answered(restartAll(config))
  if (!isLockAction(name)) return undefined
  return (yield* answered(lockActions[name])) && name !== "rolling-status"
})

const MAX_RETRIES = 3

const isLockAction = (name: string): name is keyof typeof lockActions =>
  Object.hasOwn(lockActions, name)

const RestartParameters = Schema.Struct({
  ...RestartArguments.fields,
  "max-retry": Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 }))
  ),
  context: Schema.optionalKey(Schema.String)
})

const RollParameters = Schema.Struct({
  ...RestartParameters.fields,
  units: Schema.optionalKey(Schema.String)
})

const restartOne = (config: MemberConfig) =>
  Effect.gen(function* () {
    const wish = yield* wishOf(config, yield* actionParameters(RestartParameters))
    const { merged, ticket } = yield* (yield* RollingLock).request(wish)
    return { ticket: String(ticket), request: merged ? "was already waiting" : "is queued" }
  })

const restartAll = (config: MemberConfig) =>
  Effect.gen(function* () {
    const given = yield* actionParameters(RollParameters)
    const wish = yield* wishOf(config, given)
    const named = words(given.units ?? "").map((unit) => ParticipantId.make(unit))
    const { participants, ticket } = yield* (yield* RollingLock).roll({
      ...wish,
      ...(named.length === 0 ? {} : { participants: named })
    })
    return { ticket: String(ticket), order: participants.join(" ") }
  })

const wishOf = Effect.fnUntraced(function* (
  config: MemberConfig,
  { context, delay, "max-retry": maxRetries = MAX_RETRIES }: typeof RestartParameters.Type
) {
  const nothing = nothingToRestart(config)
  if (nothing !== undefined) return yield* new NothingToRestart({ reason: nothing })
  return {
    operation: RESTART,
    maxRetries,
    ...(delay === undefined ? {} : { arguments: { delay } }),
    ...(context === undefined ? {} : { context })
  }
})

/** A restart that would do nothing was asked for; nothing was written. */
class NothingToRestart extends Schema.TaggedError<NothingToRestart>()("NothingToRestart", {
  reason: Schema.String
}) {
  /** What to set. */
  override get message(): string {
    return `${this.reason}; nothing was written`
  }
}
