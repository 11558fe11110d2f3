// In one fleet with the real charmlibs-rollingops: the same bytes, and one unit at a time over all of them. The defects that
// are named C1 to C13 are the library's, found by running it; here is what ours does instead.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import {
  type CharmlibsCode,
  type CharmlibsOptions,
  CharmlibsRollingOps,
  charmlibsOwner,
  charmlibsRollingOps,
  Etcd,
  type EtcdShape,
  etcdClient
} from "../../src/index.ts"
import {
  charmlibsKeys,
  operationText,
  pythonTime,
  readOperation
} from "../../src/lock/charmlibs/CharmlibsRecord.ts"
import { charmFolder, NO_PYTHON, python, unit } from "./CharmlibsPeer.ts"
import { bench } from "./Cluster.ts"

const { cluster } = bench()

let clusters = 0
const clusterId = () => `c${++clusters}`

const client = Effect.suspend(() =>
  Effect.map(Layer.build(etcdClient({ endpoints: cluster().endpoints })), (context) =>
    Context.get(context, Etcd)
  )
)

const seat = Effect.fnUntraced(function* (
  etcd: EtcdShape,
  options: Partial<CharmlibsOptions> & { readonly cluster: string }
) {
  const all = { owner: "m-app-0", operations: {}, courtesyMillis: 100, ttlSeconds: 5, ...options }
  const layer = charmlibsRollingOps(all).pipe(Layer.provide(Layer.succeed(Etcd, etcd)))
  return Context.get(yield* Layer.build(Layer.fresh(layer)), CharmlibsRollingOps)
})

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-charmlibs-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const release: CharmlibsCode[string] = () => Effect.succeed("release")

const until = (ready: Effect.Effect<boolean, unknown>) =>
  Effect.gen(function* () {
    for (let i = 0; i < 2_000; i++) {
      if (yield* ready) return
      yield* Effect.sleep(5)
    }
    assert.fail("it did not come to that")
  })

describe("the bytes", () => {
  it("are the library's", () => {
    const keys = charmlibsKeys("c", charmlibsOwner("6f-1", "app/0"))
    assert.strictEqual(keys.lock, "/rollingops/default/c/granted-unit/")
    assert.strictEqual(keys.pending.key, "/rollingops/default/c/6f-1-app-0/pending/")
    assert.strictEqual(pythonTime(1_771_848_000_000_000), "1771848000.0")
    assert.strictEqual(pythonTime(1_771_848_000_123_456), "1771848000.123456")
    const text = `{"callback_id":"cb","requested_at":"1771848000.123456","max_retry":null,"attempt":0,"result":null,"kwargs":{"a":[1,true,null],"b":2.0,"é":"naïve"}}`
    const read = readOperation(text)
    assert.strictEqual(read && operationText(read.operation), text)
    assert.isUndefined(readOperation(`{"callback_id":"cb","kwargs":{"reason":"hello`))
  })

  it.live("of a request are read by the library, and the other way round", (context) =>
    Effect.gen(function* () {
      if (python === undefined) return context.skip(NO_PYTHON)
      const home = charmFolder(yield* folder, cluster())
      const etcd = yield* client
      const id = clusterId()
      const seen: Array<unknown> = []
      const ours = yield* seat(etcd, {
        cluster: id,
        operations: {
          restart: ({ kwargs }) => Effect.sync(() => (seen.push(kwargs), "release" as const))
        }
      })
      const kwargs = { reason: "hello world", b: [1, true, null], é: 'naïve "q"' }
      yield* ours.request({ callback: "restart", kwargs, maxRetry: 2 })
      const { kvs } = yield* etcd.range(charmlibsKeys(id, "m-app-0").pending)
      assert.strictEqual(yield* unit("show", home, "m-app-0", id), kvs[0]?.value)
      yield* unit(
        "request",
        home,
        "m-app-0",
        id,
        "restart",
        JSON.stringify({ x: "from Python, with spaces" })
      )
      assert.strictEqual((yield* ours.queue).length, 2)
      yield* Effect.forkScoped(ours.serve)
      yield* until(Effect.sync(() => seen.length === 2))
      assert.deepStrictEqual(seen, [kwargs, { x: "from Python, with spaces" }])
    })
  )
})

describe("a fleet of both", () => {
  it.live("runs one unit at a time, and all that was asked for", (context) =>
    Effect.gen(function* () {
      if (python === undefined) return context.skip(NO_PYTHON)
      const etcd = yield* client
      const id = clusterId()
      const home = charmFolder(yield* folder, cluster())
      const log = join(home, "log")
      const note = (word: string, who: string) =>
        Effect.promise(async () => {
          const { appendFile } = await import("node:fs/promises")
          await appendFile(log, `${word} ${who} ${process.hrtime.bigint()}\n`)
        })
      const COUNT = 5
      const mine = Effect.fnUntraced(function* (owner: string) {
        const operations: CharmlibsCode = {
          restart: () =>
            Effect.gen(function* () {
              yield* note("start", owner)
              yield* Effect.sleep(30)
              yield* note("end", owner)
              return "release" as const
            })
        }
        const ours = yield* seat(yield* client, { cluster: id, owner, operations })
        for (let i = 0; i < COUNT; i++) yield* ours.request({ callback: "restart", kwargs: { i } })
        yield* Effect.forkScoped(ours.serve)
        yield* until(Effect.map(ours.queue, (all) => all.length === 0))
      })
      yield* Effect.all(
        [
          mine("m-ts-0"),
          mine("m-ts-1"),
          unit("worker", home, "m-py-0", id, log, `${COUNT}`),
          unit("worker", home, "m-py-1", id, log, `${COUNT}`)
        ],
        { concurrency: "unbounded", discard: true }
      )
      const lines = readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((each) => each.split(" "))
      lines.sort((a, b) => Number(BigInt(a[2] ?? 0) - BigInt(b[2] ?? 0)))
      assert.strictEqual(lines.length, 2 * 4 * COUNT)
      for (let i = 0; i < lines.length; i += 2) {
        const [start, end] = [lines[i], lines[i + 1]]
        assert.deepStrictEqual([start?.[0], end?.[0], start?.[1]], ["start", "end", end?.[1]])
      }
      const left = yield* etcd.range(charmlibsKeys(id, "x").cluster)
      assert.deepStrictEqual(
        left.kvs.map(({ key }) => key),
        []
      )
    })
  )
})

describe("what the library does otherwise", () => {
  it.live("C2: who stops waiting for the lock is not let in", () =>
    Effect.gen(function* () {
      const id = clusterId()
      const holder = yield* seat(yield* client, { cluster: id, owner: "a" })
      const late = yield* seat(yield* client, { cluster: id, owner: "b" })
      const open = yield* Deferred.make<void>()
      const held = yield* Deferred.make<void>()
      let entered = false
      const work = yield* Effect.forkChild(
        holder.withLock()(() =>
          Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(open))
        )
      )
      yield* Deferred.await(held)
      const exit = yield* Effect.exit(late.withLock(200)(() => Effect.sync(() => (entered = true))))
      assert.include(String(exit), "NotGranted")
      assert.isFalse(entered)
      const next = yield* Effect.forkChild(
        late.withLock(5_000)(() => Effect.sync(() => (entered = true)))
      )
      yield* Deferred.succeed(open, undefined)
      yield* Fiber.join(work)
      yield* Fiber.join(next)
      assert.isTrue(entered)
    })
  )

  it.live(
    "C3, C4: any text goes through, and a name with a slash is refused before anything is written",
    () =>
      Effect.gen(function* () {
        const etcd = yield* client
        const id = clusterId()
        const seen: Array<unknown> = []
        const ours = yield* seat(etcd, {
          cluster: id,
          operations: {
            restart: ({ attempt, kwargs }) =>
              Effect.sync(() => {
                seen.push(kwargs)
                return attempt === 0 ? ("retry-release" as const) : ("release" as const)
              }),
            "a/b": release
          }
        })
        const kwargs = { reason: 'hello "world"\nand 🌞 more' }
        yield* ours.request({ callback: "restart", kwargs })
        const exit = yield* Effect.exit(ours.request({ callback: "a/b" }))
        assert.include(String(exit), "a name without a slash")
        yield* Effect.forkScoped(ours.serve)
        yield* until(Effect.map(ours.queue, (all) => all.length === 0))
        assert.deepStrictEqual(seen, [kwargs, kwargs])
      })
  )

  it.live("C7: what is in progress is not asked for again only if it was not begun", () =>
    Effect.gen(function* () {
      const id = clusterId()
      const open = yield* Deferred.make<void>()
      const begun = yield* Deferred.make<void>()
      let runs = 0
      const ours = yield* seat(yield* client, {
        cluster: id,
        operations: {
          restart: () =>
            Effect.gen(function* () {
              runs++
              yield* Deferred.succeed(begun, undefined)
              yield* Deferred.await(open)
              return "release" as const
            })
        }
      })
      assert.isFalse((yield* ours.request({ callback: "restart" })).merged)
      assert.isTrue((yield* ours.request({ callback: "restart" })).merged)
      yield* Effect.forkScoped(ours.serve)
      yield* Deferred.await(begun)
      assert.isFalse((yield* ours.request({ callback: "restart" })).merged)
      yield* Deferred.succeed(open, undefined)
      yield* until(Effect.map(ours.queue, (all) => all.length === 0))
      assert.strictEqual(runs, 2)
    })
  )

  it.live("C8: reading the queue writes nothing", () =>
    Effect.gen(function* () {
      const etcd = yield* client
      const ours = yield* seat(etcd, { cluster: clusterId(), operations: { restart: release } })
      yield* ours.request({ callback: "restart" })
      const before = (yield* etcd.range({ key: "x" })).revision
      assert.strictEqual((yield* ours.queue).length, 1)
      assert.strictEqual((yield* etcd.range({ key: "x" })).revision, before)
    })
  )

  it.live("C10: there may be several locks, and they do not touch each other", () =>
    Effect.gen(function* () {
      const etcd = yield* client
      const id = clusterId()
      const one = yield* seat(etcd, { cluster: id, lock: "one" })
      const two = yield* seat(etcd, { cluster: id, lock: "two" })
      assert.strictEqual(
        yield* one.withLock()(() => two.withLock(2_000)(() => Effect.succeed(7))),
        7
      )
    })
  )

  it.live("C11: a session that was overtaken writes nothing, not even for a unit of its name", () =>
    Effect.gen(function* () {
      const etcd = yield* client
      const id = clusterId()
      const keys = charmlibsKeys(id, "m-app-0")
      const begun = yield* Deferred.make<void>()
      let runs = 0
      const ours = yield* seat(etcd, {
        cluster: id,
        operations: {
          restart: ({ interrupted }) =>
            Effect.suspend(() => {
              runs++
              if (interrupted) return Effect.succeed("release" as const)
              // the lock passes to another session of the same name while this one is deaf
              const steal = etcd.txn({
                when: [],
                then: [{ op: "put", key: keys.lock, value: "m-app-0" }]
              })
              return Effect.orDie(
                Effect.as(
                  Effect.andThen(steal, Deferred.succeed(begun, undefined)),
                  "release" as const
                )
              )
            })
        }
      })
      yield* ours.request({ callback: "restart" })
      yield* Effect.forkScoped(ours.serve)
      yield* Deferred.await(begun)
      yield* Effect.sleep(200)
      assert.strictEqual((yield* ours.queue).length, 1)
      assert.strictEqual((yield* etcd.range({ key: keys.lock })).kvs.length, 1)
      assert.strictEqual(runs, 1)
    })
  )

  it.live("an exception is a reason to try again, up to the bound", () =>
    Effect.gen(function* () {
      let runs = 0
      const ours = yield* seat(yield* client, {
        cluster: clusterId(),
        operations: {
          restart: () => Effect.suspend(() => (runs++, Effect.fail({ message: "no" })))
        }
      })
      yield* ours.request({ callback: "restart", maxRetry: 2 })
      yield* Effect.forkScoped(ours.serve)
      yield* until(Effect.map(ours.queue, (all) => all.length === 0))
      assert.strictEqual(runs, 3)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(ours.queue)))
    })
  )
})
