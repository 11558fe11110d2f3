// A participant in a process of its own, to be killed and halted: takes the lock again and again, or once, and says so.
//   node participant.ts <endpoints> <lock> <name> <ttl> <times> <hold millis> [command to run under the lock]
import { Journal } from "@rollcall/core"
import { Effect, Layer } from "effect"
import { EtcdRollingLock, etcdClient, etcdRollingLock } from "../../src/index.ts"
import { PREFIX } from "./Prefix.ts"

const [endpoints = "", lock = "", participant = "", ttl = "", times = "", hold = "", ...command] =
  process.argv.slice(2)

const say = (...words: ReadonlyArray<unknown>) =>
  process.stdout.write(`${words.join(" ")} ${process.hrtime.bigint() / 1_000n}\n`)

const main = Effect.gen(function* () {
  const service = yield* EtcdRollingLock
  say("up", 0)
  for (let i = 0; i < Number(times); i++) {
    const exit = yield* Effect.exit(
      service.withPermits(1)((held) =>
        Effect.gen(function* () {
          say("in", held.token)
          if (command.length > 0) say("ended", yield* service.run(held, command))
          else yield* Effect.sleep(Number(hold))
          say("out", held.token)
        })
      )
    )
    if (exit._tag === "Failure") say("lost", JSON.stringify(String(exit.cause)))
  }
  say("done", 0)
})

const lockLayer = etcdRollingLock({ lock, participant, ttlSeconds: Number(ttl) }).pipe(
  Layer.provide(Journal.layerMemory),
  Layer.provide(etcdClient({ endpoints: endpoints.split(","), prefix: PREFIX }))
)
Effect.runPromise(Effect.provide(main, lockLayer)).catch((error: unknown) => {
  say("failed", JSON.stringify(String(error)))
  process.exitCode = 1
})
