// Rolls a restart over processes that share nothing but an etcd: one at a time, in the order in which they came.
//   node roll.ts http://127.0.0.1:2379 one & node roll.ts http://127.0.0.1:2379 two & node roll.ts http://127.0.0.1:2379 three
import { Journal, operation, RollingLock } from "@rollcall/core"
import { etcdClient, etcdRollingLock } from "@rollcall/etcd-adapter"
import { Deferred, Effect, Layer, Schema } from "effect"

const [endpoint = "http://127.0.0.1:2379", participant = "one"] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const restarted = yield* Deferred.make<void>()
  const restart = operation({
    arguments: Schema.Struct({ reason: Schema.String }),
    run: ({ arguments: { reason }, token }) =>
      Effect.gen(function* () {
        console.log(`${participant} restarts with token ${token}: ${reason}`)
        // here the service would restart; whatever it changes is given the token, and refuses a smaller one
        yield* Effect.sleep("50 millis")
        console.log(`${participant} is back`)
        return "release" as const
      }),
    after: () => Deferred.succeed(restarted, undefined)
  })
  const lock = etcdRollingLock({ lock: "restarts", participant, operations: { restart } })
  yield* Effect.provide(
    Effect.gen(function* () {
      const roll = yield* RollingLock
      yield* roll.request({ operation: "restart", arguments: { reason: "new configuration" } })
      yield* Effect.forkScoped(roll.serve)
      yield* Deferred.await(restarted)
      while ((yield* roll.status).queue.length > 0) yield* Effect.sleep("10 millis")
    }),
    Layer.provide(lock, [
      etcdClient({ endpoints: [endpoint], prefix: "/example/" }),
      Journal.layerMemory
    ])
  )
})

await Effect.runPromise(Effect.scoped(program))
