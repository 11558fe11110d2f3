// Leases against a real etcd: their owner must know that a lease is lost before etcd lets anybody else have it, whatever
// became of the members or the way to them.
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Scope } from "effect"
import { makeCable, makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)
const portOf = (endpoint: string) => Number(new URL(endpoint).port)

describeOnEach("a lease", (etcd) => {
  it.live("is lost to its owner before it is gone, when the way to etcd is cut", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const [endpoint = ""] = cluster.endpoints
      const cable = yield* makeCable(portOf(endpoint))
      const owner = yield* connect({ endpoints: [`127.0.0.1:${cable.port}`] })
      const observer = yield* connect({ endpoints: [endpoint] })
      const lease = yield* owner.lease(2)
      yield* owner.txn({ when: [], then: [{ op: "put", key: "k", value: "v", lease: lease.id }] })
      const lost = yield* Effect.forkChild(Effect.andThen(Effect.exit(lease.lost), now))
      yield* Effect.sleep(1_500)
      yield* cable.cut()
      const cutAt = yield* now
      const lostAt = yield* Fiber.join(lost)
      assert.strictEqual(yield* lease.remainingMillis, 0)
      const { count } = yield* observer.range({ key: "k" })
      assert.strictEqual(count, 1, "etcd still had it when its owner gave it up")
      yield* Effect.repeat(observer.range({ key: "k" }), { until: (answer) => answer.count === 0 })
      const gone = yield* now
      console.log(
        `${etcd.version}: cut, lost after ${lostAt - cutAt} ms, gone ${gone - lostAt} ms later`
      )
      assert.isBelow(lostAt - cutAt, 1_600)
      // what was lost stays lost, also when the way is there again
      yield* cable.heal
      yield* Effect.sleep(500)
      assert.strictEqual((yield* Effect.flip(lease.lost))._tag, "LeaseLost")
    })
  )

  it.live("is lost when the only member halts, and says why", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const lease = yield* client.lease(2)
      yield* Effect.forEach(cluster.members, ({ stop }) => stop)
      const error = yield* Effect.flip(lease.lost)
      assert.include(error.message, "no keep-alive was acknowledged in time")
    })
  )

  it.live("is lost at once when somebody revokes it", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const lease = yield* client.lease(3)
      yield* cluster.etcdctl("lease", "revoke", lease.id.toString(16))
      const before = yield* now
      const error = yield* Effect.flip(lease.lost)
      assert.include(error.message, "etcd has ended it")
      // it is noticed with the next keep-alive
      assert.isBelow((yield* now) - before, 5_000)
    })
  )

  it.live("is kept while members die one after the other", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd, members: 3, electionMillis: 500 })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const lease = yield* client.lease(8)
      for (const member of cluster.members) {
        yield* member.kill
        yield* Effect.sleep(3_000)
        yield* member.start
        yield* member.healthy
      }
      assert.isAbove(yield* lease.remainingMillis, 1_000)
    })
  )

  it.live("does not keep a closing scope waiting for a dead etcd", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const scope = yield* Scope.make()
      const client = yield* Scope.provide(connect({ endpoints: cluster.endpoints }), scope)
      yield* Scope.provide(client.lease(5), scope)
      yield* Effect.forEach(cluster.members, ({ kill }) => kill)
      const before = yield* now
      yield* Scope.close(scope, Exit.void)
      assert.isBelow((yield* now) - before, 5_000)
    })
  )

  it.live("counts from when it was asked for with success, however long that took", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const client = yield* connect({ endpoints: cluster.endpoints })
      yield* Effect.forEach(cluster.members, ({ stop }) => stop)
      // the try that is answered goes out after a second; counted from the first one it would be lost by then
      const asking = yield* Effect.forkChild(client.lease(3))
      yield* Effect.sleep(2_500)
      yield* Effect.forEach(cluster.members, ({ resume }) => resume)
      const lease = yield* Fiber.join(asking)
      assert.isAbove(yield* lease.remainingMillis, 0)
      yield* Effect.sleep(2_000)
      assert.isAbove(yield* lease.remainingMillis, 0)
      assert.include(yield* cluster.etcdctl("lease", "list"), "found 1 leases")
    })
  )

  it.live("is granted once though the first answer is lost, and tells the store's time", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd })
      const [endpoint = ""] = cluster.endpoints
      const cable = yield* makeCable(portOf(endpoint))
      const client = yield* connect({ endpoints: [`127.0.0.1:${cable.port}`] })
      const { revision } = yield* client.txn({
        when: [],
        then: [{ op: "put", key: "k", value: "v" }]
      })
      yield* cable.cut()
      const granting = yield* Effect.forkChild(client.grant(60))
      yield* Effect.sleep(2_000)
      yield* cable.heal
      const lease = yield* Fiber.join(granting)
      assert.strictEqual(lease.revision, revision)
      assert.strictEqual(lease.ttlSeconds, 60)
      assert.include(yield* cluster.etcdctl("lease", "list"), "found 1 leases")
      yield* client.revoke(lease.id)
      yield* client.revoke(lease.id)
      assert.include(yield* cluster.etcdctl("lease", "list"), "found 0 leases")
    })
  )
})
