// What falls back on an error: a participant that does not reach the leased lock uses the peers' lock, each for itself. Both
// locks are sound; together they are none. It is here to be seen broken by the simulation that the moving lock passes.
import { Context, Effect, Layer, Scope } from "effect"
import { type RequestOptions, RollingLock } from "../../src/index.ts"
import type { MovingFleetOptions, SeatLock } from "./MovingFleet.ts"

/** A lock that falls back on an error. */
export const naiveLock: NonNullable<MovingFleetOptions["naive"]> = ({ leased, peers }) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const build = (layer: Layer.Layer<RollingLock>) =>
      Effect.map(Layer.buildWithScope(layer, scope), (built) => Context.get(built, RollingLock))
    const [first, second] = [yield* build(leased), yield* build(peers)]
    const asked = new Map<string, RequestOptions>()
    const lock: SeatLock = {
      request: (options) => {
        asked.set(JSON.stringify(options.arguments), options)
        return Effect.catch(first.request(options), () => second.request(options))
      },
      cancel: (ticket) => second.cancel(ticket),
      step: Effect.gen(function* () {
        const decision = yield* Effect.catch(first.step, () =>
          Effect.gen(function* () {
            for (const options of asked.values()) yield* Effect.ignore(second.request(options))
            asked.clear()
            return undefined
          })
        )
        return decision?.activity._tag === "Ran" ? decision : yield* second.step
      }),
      explain: second.explain,
      status: second.status
    }
    return lock
  })
