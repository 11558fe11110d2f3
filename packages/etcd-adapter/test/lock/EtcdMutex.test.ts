// In one fleet with `etcdctl lock`: they exclude each other, whoever holds, and whoever dies.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, type Scope } from "effect"
import { Etcd, EtcdMutex, type EtcdMutexShape, etcdMutex } from "../../src/index.ts"
import { bench, connect, lockName } from "./Cluster.ts"
import { PREFIX } from "./Prefix.ts"

for (const version of ["3.4", "3.5"]) {
  const { cluster } = bench({}, version)

  const mutex = (
    name: string,
    ttlSeconds = 3
  ): Effect.Effect<EtcdMutexShape, unknown, Scope.Scope> =>
    Effect.gen(function* () {
      const etcd = yield* connect(cluster())
      const layer = etcdMutex({ name, ttlSeconds }).pipe(Layer.provide(Layer.succeed(Etcd, etcd)))
      return Context.get(yield* Layer.build(Layer.fresh(layer)), EtcdMutex)
    })

  const etcdctl = (name: string, ...args: ReadonlyArray<string>): ChildProcess => {
    const { env, etcd } = cluster()
    return spawn(etcd.etcdctl, ["lock", "--ttl", "3", `${PREFIX}${name}`, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore"]
    })
  }
  const prints = (child: ChildProcess) =>
    Effect.promise(() => once(child.stdout as NodeJS.ReadableStream, "data"))
  const ends = (child: ChildProcess) =>
    Effect.promise(async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    })

  describe(`a mutex beside etcdctl ${version}`, () => {
    it.live("waits for it, and is waited for", () =>
      Effect.gen(function* () {
        const name = lockName()
        const ours = yield* mutex(name)
        const theirs = etcdctl(name)
        yield* prints(theirs)
        const late = yield* Effect.exit(ours.withLockWithin(200)(() => Effect.void))
        assert.include(String(late), "NotGranted")
        assert.strictEqual((yield* ours.entries).length, 1)
        const entered = yield* Effect.forkChild(ours.withLock(({ token }) => Effect.succeed(token)))
        yield* Effect.sleep(200)
        theirs.kill("SIGINT")
        assert.isAbove(yield* Fiber.join(entered), 0)
        const open = yield* Deferred.make<void>()
        const held = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(
          ours.withLock(() =>
            Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(open))
          )
        )
        yield* Deferred.await(held)
        const next = etcdctl(name)
        let printed = false
        next.stdout?.once("data", () => (printed = true))
        yield* Effect.sleep(300)
        assert.isFalse(printed)
        yield* Deferred.succeed(open, undefined)
        yield* Fiber.join(holder)
        while (!printed) yield* Effect.sleep(5)
        next.kill("SIGINT")
        yield* ends(next)
      })
    )

    it.live("takes over from one that is killed, when its lease has ended", () =>
      Effect.gen(function* () {
        const name = lockName()
        const ours = yield* mutex(name)
        const theirs = etcdctl(name)
        yield* prints(theirs)
        theirs.kill("SIGKILL")
        const killed = performance.now()
        yield* ours.withLock(() => Effect.void)
        assert.isBelow(performance.now() - killed, 3_000 + 500 + 5_000)
      })
    )

    it.live("counts right together with three loops of it", () =>
      Effect.gen(function* () {
        const folder = mkdtempSync(join(tmpdir(), "rollcall-mutex-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
        const file = join(folder, "count")
        writeFileSync(file, "0\n")
        const name = lockName()
        const ROUNDS = 15
        // reads, waits, writes: two at once lose one of the two
        const bump = `n=$(cat ${file}); sleep 0.005; echo $((n+1)) >${file}`
        const tokens: Array<number> = []
        const theirs = Effect.fnUntraced(function* () {
          for (let i = 0; i < ROUNDS; i++) yield* ends(etcdctl(name, "--", "sh", "-c", bump))
        })
        const ours = Effect.fnUntraced(function* () {
          const lock = yield* mutex(name)
          for (let i = 0; i < ROUNDS; i++) {
            yield* lock.withLock(({ token }) =>
              Effect.gen(function* () {
                tokens.push(token)
                const n = Number(readFileSync(file, "utf8"))
                yield* Effect.sleep(5)
                writeFileSync(file, `${n + 1}\n`)
              })
            )
          }
        })
        yield* Effect.all([theirs(), ours(), theirs(), ours(), theirs(), ours()], {
          concurrency: "unbounded",
          discard: true
        })
        assert.strictEqual(Number(readFileSync(file, "utf8")), 6 * ROUNDS)
        assert.deepStrictEqual(
          tokens,
          [...tokens].sort((a, b) => a - b)
        )
        assert.strictEqual(new Set(tokens).size, 3 * ROUNDS)
      })
    )

    it.live("is interrupted when its lease is taken away, and does not count as a success", () =>
      Effect.gen(function* () {
        const name = lockName()
        const ours = yield* mutex(name)
        const held = yield* Deferred.make<void>()
        const work = yield* Effect.forkChild(
          Effect.exit(
            ours.withLock(() => Effect.andThen(Deferred.succeed(held, undefined), Effect.never))
          )
        )
        yield* Deferred.await(held)
        const [entry] = yield* ours.entries
        yield* cluster().etcdctl("lease", "revoke", entry?.key.split("/").at(-1) ?? "")
        assert.isTrue(Exit.isFailure(yield* Fiber.join(work)))
      })
    )
  })
}
