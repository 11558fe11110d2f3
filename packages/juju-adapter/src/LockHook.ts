// One hook of a unit that takes part in a rolling lock: whether the lock has anything to do in it, a step, the wake-up it
// asks for, and the status. Guarantees are the lock's; here only what Juju adds: a leader that was deposed under the hook
// takes its step as the follower it now is, and a unit that leaves starts nothing.
import {
  type LockDecision,
  type LockDialect,
  RollingLock,
  Store,
  type StoreError
} from "@rollcall/core"
import { Effect } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { relationGet, relationIds } from "./hook-commands/relation.ts"
import { JujuContext, type JujuContextShape } from "./JujuContext.ts"
import { lockStatus } from "./LockStatus.ts"
import type { UnitStatus } from "./UnitStatus.ts"
import { WakeUp } from "./WakeUp.ts"

/** One step of the lock in this hook, and what the unit's status says of it; undefined where there is nothing to say. */
export const stepLock: Effect.Effect<
  UnitStatus | undefined,
  StoreError,
  RollingLock | Store | WakeUp | JujuContext
> = Effect.gen(function* () {
  if (isGoing(yield* JujuContext)) return undefined
  const lock = yield* RollingLock
  const { self } = yield* Store
  const decision = yield* stepHere
  yield* (yield* WakeUp).at(decision.wakeAtMillis)
  const [status, reasons, history] = [
    yield* lock.status,
    yield* lock.explain(),
    yield* lock.history
  ]
  return lockStatus({ self, decision, status, reasons, history })
})

/** A step; where leadership was lost under the hook, the step of a follower. */
export const stepHere: Effect.Effect<LockDecision, StoreError, RollingLock> = Effect.flatMap(
  RollingLock,
  ({ step }) => Effect.catchTag(step, "NotLeader", () => step)
)

/** Whether this unit is being removed: it starts nothing more, and the others see it go. */
export const isGoing = ({ event, unit }: JujuContextShape): boolean =>
  event.name === "stop" || event.name === "remove" || event.departingUnit === unit

/**
 * Whether this hook only brings word of one unit while nobody ever used the lock. Looked at before everything else: while
 * a large application comes up nearly all of its hooks are of that kind.
 */
export const isIdleNews = (
  endpoint: string,
  dialect: LockDialect
): Effect.Effect<boolean, HookCommandError, HookCommand | JujuContext> =>
  Effect.gen(function* () {
    const { app, event, unit } = yield* JujuContext
    const { relation, remoteUnit } = event
    if (relation?.endpoint !== endpoint || remoteUnit === undefined) return false
    if (!event.name.endsWith("-relation-changed")) return false
    const bags = yield* Effect.forEach(
      [{ app }, { unit }, { unit: remoteUnit }],
      (owner) => relationGet(relation, owner),
      { concurrency: 3 }
    )
    return bags.every((bag) => !Object.keys(bag).some(dialect.owns))
  })

/**
 * Whether this hook is of another endpoint's relation while nobody, as far as this unit knows, ever used the lock. A
 * first request that it does not know of yet comes with a hook of its own, so that it need not read all its peers here.
 */
export const isElsewhere = (
  endpoint: string,
  dialect: LockDialect
): Effect.Effect<boolean, HookCommandError, HookCommand | JujuContext> =>
  Effect.gen(function* () {
    const { app, event, unit } = yield* JujuContext
    if (event.relation === undefined || event.relation.endpoint === endpoint) return false
    const [relation] = yield* relationIds(endpoint)
    if (relation === undefined) return false
    const bags = yield* Effect.forEach(
      [{ app }, { unit }],
      (owner) => relationGet(relation, owner),
      { concurrency: 2 }
    )
    return bags.every((bag) => !Object.keys(bag).some(dialect.owns))
  })
