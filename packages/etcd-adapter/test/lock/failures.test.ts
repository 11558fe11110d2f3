// What a lock is for: a holder that dies, and one that is halted and wakes up when it is no longer the holder.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { plainOperation } from "@rollcall/core"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { bench, lockName, seat } from "./Cluster.ts"
import { participant } from "./Participants.ts"

const { cluster, etcd } = bench()
// etcd looks every half second which leases have ended
const LOOKS_MILLIS = 500
const TTL = 2

const endpoints = () => cluster().endpoints.join(",")

describe("a holder that is killed", () => {
  it.live("is followed by the next one when its lease has ended", () =>
    Effect.gen(function* () {
      const taken: Array<number> = []
      for (let i = 0; i < 3; i++) {
        const lock = lockName()
        const first = yield* participant("a", endpoints(), lock, "a", `${TTL}`, "1", "60000")
        const held = yield* first.says("in")
        const second = yield* seat(etcd(), { lock, participant: "b", ttlSeconds: TTL })
        const next = yield* Effect.forkChild(
          second.withPermits(1)(({ token }) => Effect.succeed(token))
        )
        yield* Effect.sleep(300)
        const killed = performance.now()
        first.signal("SIGKILL")
        const token = yield* Fiber.join(next)
        taken.push(performance.now() - killed)
        assert.isAbove(token, Number(held.what))
        const departed = (yield* second.history).filter(({ event }) => event === "departed")
        assert.deepStrictEqual(
          departed.map((each) => each.participant),
          ["a"]
        )
      }
      for (const millis of taken) assert.isAtMost(millis, TTL * 1_000 + LOOKS_MILLIS + 3_000)
    })
  )

  it.live("pauses the roll where its death must not go unnoticed", () =>
    Effect.gen(function* () {
      const lock = lockName()
      const options = { lock, ttlSeconds: TTL, whenHolderDies: "pause" } as const
      const first = yield* participant("a", endpoints(), lock, "a", `${TTL}`, "1", "60000")
      yield* first.says("in")
      const second = yield* seat(etcd(), { ...options, participant: "b" })
      let entered = false
      const next = yield* Effect.forkChild(
        second.withPermits(1)(() => Effect.sync(() => (entered = true)))
      )
      yield* Effect.sleep(300)
      first.signal("SIGKILL")
      yield* Effect.sleep(TTL * 1_000 + LOOKS_MILLIS + 500)
      assert.isFalse(entered)
      assert.include((yield* second.status).pause?.reason, "its lease ended while it held")
      yield* second.resume({ by: "ana", reason: "replaced" })
      yield* Fiber.join(next)
    })
  )
})

describe("a holder that is halted beyond its lease", () => {
  it.live("has no child left when the next one starts, and is refused when it wakes up", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-lock-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const log = join(folder, "log")
      // the command and a child of its own write the time, again and again, until somebody kills them
      const tick = `while :; do echo "$ROLLCALL_TOKEN $(cut -d' ' -f1 /proc/uptime)" >>${log}; sleep 0.01; done`
      const lock = lockName()
      const command = ["sh", "-c", `(${tick}) & ${tick}`]
      const first = yield* participant("a", endpoints(), lock, "a", `${TTL}`, "1", "0", ...command)
      const held = yield* first.says("in")
      yield* Effect.sleep(300)
      const second = yield* participant("b", endpoints(), lock, "b", `${TTL}`, "1", "100")
      yield* second.says("up")
      yield* Effect.sleep(300)
      first.signal("SIGSTOP")
      const next = yield* second.says("in")
      const ticks = readFileSync(log, "utf8").trim().split("\n")
      const last = Number(ticks.at(-1)?.split(" ")[1]) * 1_000
      const started = next.at
      assert.strictEqual(ticks[0]?.split(" ")[0], held.what)
      assert.isAbove(ticks.length, 10)
      assert.isBelow(last, started)
      yield* Effect.sleep(200)
      assert.strictEqual(readFileSync(log, "utf8").trim().split("\n").length, ticks.length)
      first.signal("SIGCONT")
      const lost = yield* first.says("lost")
      assert.include(lost.what, "lease")
      assert.isAbove(Number(next.what), Number(held.what))
    })
  )

  it.live("cannot write a result: its operation is run again under the next grant", () =>
    Effect.gen(function* () {
      const lock = lockName()
      const began = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const tokens: Array<number> = []
      const operations = {
        restart: plainOperation(({ interrupted, token }) =>
          Effect.gen(function* () {
            tokens.push(token)
            if (interrupted) return "release" as const
            yield* Deferred.succeed(began, undefined)
            // deaf to its interruption, as a process that was halted is
            yield* Effect.uninterruptible(Deferred.await(go))
            return "release" as const
          })
        )
      }
      const first = yield* seat(etcd(), { lock, participant: "a", ttlSeconds: TTL, operations })
      yield* first.request({ operation: "restart" })
      const running = yield* Effect.forkChild(first.step)
      yield* Deferred.await(began)
      const { grants } = yield* first.status
      const lease = (yield* etcd().range({
        key: `lock/${lock}/grants/a/`,
        end: `lock/${lock}/grants/a0`
      })).kvs[0]?.lease
      yield* etcd().revoke(lease as bigint)
      yield* Effect.sleep(100)
      yield* Deferred.succeed(go, undefined)
      const { activity } = yield* Fiber.join(running)
      assert.include(JSON.stringify(activity), "the grant was lost while it ran")
      const { queue } = yield* first.status
      assert.deepStrictEqual(
        queue.map(({ operation }) => operation),
        ["restart"]
      )
      assert.strictEqual((yield* first.history).filter(({ event }) => event === "done").length, 0)
      yield* Effect.forkScoped(first.serve)
      while ((yield* first.status).queue.length > 0) yield* Effect.sleep(20)
      assert.strictEqual(tokens.length, 2)
      assert.isAbove(tokens[1] ?? 0, grants[0]?.token ?? 0)
    })
  )

  it.live("has its work interrupted before anybody else can hold", () =>
    Effect.gen(function* () {
      const lock = lockName()
      const first = yield* seat(etcd(), { lock, participant: "a", ttlSeconds: TTL })
      const second = yield* seat(etcd(), { lock, participant: "b", ttlSeconds: TTL })
      let stopped = 0
      const held = yield* Deferred.make<void>()
      const work = yield* Effect.forkChild(
        Effect.exit(
          first.withPermits(1)(() =>
            Effect.onInterrupt(
              Effect.andThen(Deferred.succeed(held, undefined), Effect.never),
              () => Effect.sync(() => (stopped = performance.now()))
            )
          )
        )
      )
      yield* Deferred.await(held)
      const next = yield* Effect.forkChild(
        second.withPermits(1)(() => Effect.sync(() => performance.now()))
      )
      yield* Effect.sleep(200)
      const [member] = cluster().members
      yield* member?.stop ?? Effect.void
      const exit = yield* Fiber.join(work)
      yield* member?.resume ?? Effect.void
      assert.isTrue(Exit.isFailure(exit))
      const entered = yield* Fiber.join(next)
      assert.isAbove(stopped, 0)
      assert.isBelow(stopped, entered)
    })
  )
})
