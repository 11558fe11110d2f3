// Every call of the client against a real etcd.
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Scope, Stream } from "effect"
import { makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

describeOnEach("the client", (etcd) => {
  it.live("reads and writes by transactions, below its prefix", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints, prefix: "/test/" })
      const written = yield* client.txn({
        when: [{ key: "a", target: "create", is: "=", value: 0 }],
        then: [
          { op: "put", key: "a", value: "1" },
          { op: "put", key: "b", value: "zwei €" },
          { op: "range", key: "a", end: "\0" }
        ]
      })
      assert.isTrue(written.succeeded)
      assert.isFalse(written.repeated)
      assert.deepStrictEqual(
        written.ranges[0]?.kvs.map(({ key, value }) => [key, value]),
        [
          ["a", "1"],
          ["b", "zwei €"]
        ]
      )
      const again = yield* client.txn({
        when: [{ key: "a", target: "create", is: "=", value: 0 }],
        then: [{ op: "delete", key: "a" }],
        otherwise: [{ op: "range", key: "a" }]
      })
      assert.isFalse(again.succeeded)
      assert.strictEqual(again.ranges[0]?.kvs[0]?.createRevision, written.revision)
      const down = yield* client.range({ key: "", end: "\0", descending: true, limit: 1 })
      assert.deepStrictEqual(
        [down.count, down.kvs[0]?.key, down.kvs[0]?.version, down.kvs[0]?.lease],
        [2, "b", 1, undefined]
      )
      assert.include(yield* cluster.etcdctl("get", "/test/b"), "zwei €")
    })
  )

  it.live("makes ten thousand calls at once", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const before = performance.now()
      yield* Effect.forEach(
        Array.from({ length: 10_000 }, (_, i) => `k/${i}`),
        (key) =>
          client.txn({
            when: [{ key, target: "create", is: "=", value: 0 }],
            then: [{ op: "put", key, value: "" }]
          }),
        { concurrency: "unbounded", discard: true }
      )
      console.log(`${etcd.version}: 10,000 in ${Math.round(performance.now() - before)} ms`)
      const { count } = yield* client.range({ key: "k/", end: "k0", countOnly: true })
      assert.strictEqual(count, 10_000)
      // a try that a busy machine kept waiting may have been made again
      assert.isBelow((yield* client.counts).get("Txn") ?? 0, 11_000)
    })
  )

  it.live("watches from now on and from a revision", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const seen = yield* client.watch({ key: "w/", end: "w0" }).pipe(
        Stream.tap((batch) =>
          batch._tag === "Events" && batch.events.length === 0
            ? client.txn({ when: [], then: [{ op: "put", key: "w/1", value: "x" }] })
            : Effect.void
        ),
        Stream.take(2),
        Stream.runCollect
      )
      assert.strictEqual(seen[1]?._tag === "Events" ? seen[1].events[0]?.type : "", "put")
      const from = seen[0]?.revision ?? 0
      const [late] = yield* client
        .watch({ key: "w/", end: "w0", after: from })
        .pipe(Stream.take(1), Stream.runCollect)
      assert.deepStrictEqual(late, seen[1])
    })
  )

  it.live("keeps a lease alive until its scope closes", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const scope = yield* Scope.make()
      const lease = yield* Scope.provide(client.lease(1), scope)
      yield* client.txn({ when: [], then: [{ op: "put", key: "k", value: "v", lease: lease.id }] })
      yield* Effect.sleep(2_500)
      assert.strictEqual((yield* client.range({ key: "k" })).kvs[0]?.lease, lease.id)
      assert.isAbove(yield* lease.remainingMillis, 0)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* client.range({ key: "k" })).count, 0)
    })
  )
})
