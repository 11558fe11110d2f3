// Watches against a real etcd: many on one stream, over broken connections, and when etcd has forgotten what came between.
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Latch, Stream } from "effect"
import type { EtcdShape, WatchBatch } from "../../src/index.ts"
import { makeCable, makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const put = (client: EtcdShape, key: string, value = "") =>
  client.txn({
    when: [{ key, target: "version", is: ">", value: -1 }],
    then: [{ op: "put", key, value }]
  })
const portOf = (endpoint: string) => Number(new URL(endpoint).port)
const said = (batch: WatchBatch) =>
  batch._tag === "Resync"
    ? ["resync"]
    : batch.events.map((event) =>
        event.type === "put" ? `${event.kv.key}=${event.kv.value}` : `-${event.key}`
      )

/** Starts to watch and returns what came so far, once etcd has said "from here". */
const follow = Effect.fnUntraced(function* (client: EtcdShape, only?: "put" | "delete") {
  const seen: Array<string> = []
  const begun = Latch.makeUnsafe()
  yield* client.watch({ key: "w/", end: "w0", ...(only === undefined ? {} : { only }) }).pipe(
    Stream.runForEach((batch) => {
      seen.push(...said(batch))
      return begun.open
    }),
    Effect.forkScoped
  )
  yield* begun.await
  return seen
})

const settled = (seen: ReadonlyArray<string>, count: number) =>
  Effect.repeat(Effect.sleep(10), { until: () => seen.length >= count }).pipe(
    Effect.timeoutOption(5_000)
  )

describeOnEach("a watch", (etcd) => {
  it.live("tells puts and deletions, or one of them, of its keys alone", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints, prefix: "p/" })
      const all = yield* follow(client)
      const deletions = yield* follow(client, "delete")
      const puts = yield* follow(client, "put")
      yield* put(client, "v/1")
      yield* put(client, "w/1", "a")
      yield* put(client, "w/1", "b")
      yield* client.txn({ when: [], then: [{ op: "delete", key: "w/", end: "w0" }] })
      yield* settled(all, 3)
      yield* settled(deletions, 1)
      assert.deepStrictEqual(all, ["w/1=a", "w/1=b", "-w/1"])
      assert.deepStrictEqual(deletions, ["-w/1"])
      assert.deepStrictEqual(puts, ["w/1=a", "w/1=b"])
      assert.strictEqual((yield* client.counts).get("WatchCreate"), 3)
    })
  )

  it.live("goes on without a gap over broken and silent connections", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const [endpoint = ""] = cluster.endpoints
      const cable = yield* makeCable(portOf(endpoint))
      const client = yield* connect({ endpoints: [`127.0.0.1:${cable.port}`] })
      const writer = yield* connect({ endpoints: [endpoint] })
      const seen = yield* follow(client)
      const expected: Array<string> = []
      for (let i = 0; i < 300; i++) {
        if (i === 50) yield* cable.cut()
        // longer than the client is patient
        if (i === 100) yield* Effect.sleep(2_500)
        if (i === 150) yield* cable.heal
        if (i === 200) {
          yield* Effect.forEach(cluster.members, ({ kill, start, healthy }) =>
            Effect.andThen(Effect.andThen(kill, start), healthy)
          )
        }
        yield* put(writer, `w/${i % 7}`, String(i))
        expected.push(`w/${i % 7}=${i}`)
      }
      yield* settled(seen, expected.length)
      assert.deepStrictEqual(seen, expected)
    })
  )

  it.live("says that there is a gap when etcd has forgotten, and misses nothing after it", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const [endpoint = ""] = cluster.endpoints
      const cable = yield* makeCable(portOf(endpoint))
      const client = yield* connect({ endpoints: [`127.0.0.1:${cable.port}`] })
      const writer = yield* connect({ endpoints: [endpoint] })
      const seen = yield* follow(client)
      yield* put(writer, "w/1", "before")
      yield* settled(seen, 1)
      yield* cable.cut()
      yield* Effect.sleep(2_500)
      for (let i = 0; i < 5; i++) yield* put(writer, "w/1", `lost ${i}`)
      const { revision } = yield* put(writer, "w/2", "last")
      yield* cluster.etcdctl("compact", String(revision))
      yield* cable.heal
      yield* settled(seen, 2)
      yield* put(writer, "w/1", "after")
      yield* settled(seen, 3)
      assert.deepStrictEqual(seen, ["w/1=before", "resync", "w/1=after"])
    })
  )

  it.live("that asks for forgotten history is told so, and reading it fails", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const { revision: first } = yield* put(client, "w/1", "1")
      const { revision } = yield* put(client, "w/1", "2")
      yield* cluster.etcdctl("compact", String(revision))
      const [batch] = yield* client
        .watch({ key: "w/1", after: first - 1 })
        .pipe(Stream.take(1), Stream.runCollect)
      assert.deepStrictEqual(batch, { _tag: "Resync", revision })
      const error = yield* Effect.flip(client.range({ key: "w/1", revision: first }))
      assert.strictEqual(error.reason, "compacted")
    })
  )

  it.live("wakes only whom it is for, of ten thousand on one stream", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const COUNT = 10_000
      const before = performance.now()
      const woken: Array<number> = []
      let begun = 0
      const all = yield* Deferred.make<void>()
      for (let i = 0; i < COUNT; i++) {
        yield* client.watch({ key: `w/${i}` }).pipe(
          Stream.runForEach((batch) => {
            if (batch._tag === "Events" && batch.events.length > 0) woken.push(i)
            return ++begun === COUNT ? Deferred.succeed(all, undefined) : Effect.void
          }),
          Effect.forkScoped
        )
      }
      yield* Deferred.await(all)
      const started = performance.now()
      for (const i of [7, 9_999, 0]) yield* put(client, `w/${i}`)
      yield* settled(woken as unknown as ReadonlyArray<string>, 3)
      console.log(
        `${etcd.version}: ${COUNT} watches in ${Math.round(started - before)} ms, three wake-ups in ${Math.round(performance.now() - started)} ms`
      )
      assert.deepStrictEqual(woken, [7, 9_999, 0])
      assert.isBelow(started - before, 10_000)
    })
  )

  it.live("ends on the wire when nobody listens any more", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      yield* client.watch({ key: "w/1" }).pipe(Stream.take(1), Stream.runDrain)
      const fiber = yield* Effect.forkChild(Stream.runDrain(client.watch({ key: "w/2" })))
      yield* Effect.sleep(100)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* client.counts).get("WatchCancel"), 2)
    })
  )
})
