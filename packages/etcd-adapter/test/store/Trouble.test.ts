// What a store says when etcd is in trouble, and that its work goes on without a restart when the trouble is over.
import { assert, it } from "@effect/vitest"
import { ParticipantId } from "@rollcall/core"
import { Effect, Queue, Stream } from "effect"
import { Etcd, type EtcdShape, retireParticipant, type WatchBatch } from "../../src/index.ts"
import { makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "../client/EachVersion.ts"
import { GROUP, GROUPS, open, openCluster, see, seePeer, until, write } from "./Participants.ts"

const own = { _tag: "own", group: GROUP } as const

describeOnEach("a store whose etcd is in trouble", (etcd) => {
  it.live("names the key that no participant wrote, and goes on when it is gone", () =>
    Effect.gen(function* () {
      const { client, cluster } = yield* openCluster(etcd)
      const mirror = yield* open(client, "mirrors/0")
      const host = yield* open(client, "hosts/0")
      yield* write(host, own, { name: "a" })
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("name") === "a")
      const key = "store/1/test/show/cluster/hosts/of/hosts%2F0"
      const [before] = (yield* client.range({ key })).kvs
      yield* cluster.etcdctl("put", key, "not what a store writes")
      const refused = yield* until(Effect.flip(see(mirror)), () => true)
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.include(refused.message, key)
      assert.include(refused.message, "etcdctl del")
      let woken = 0
      yield* Effect.forkScoped(
        Stream.runForEach(mirror.store.changes, () => Effect.sync(() => (woken += 1))),
        { startImmediately: true }
      )
      yield* cluster.etcdctl("put", key, before?.value ?? "")
      yield* until(see(mirror), ({ groups }) => groups[0]?.peers.size === 1)
      assert.isAbove(woken, 0)
    })
  )

  it.live("says which endpoint does not answer, and loses nothing", () =>
    Effect.gen(function* () {
      const { cluster } = yield* openCluster(etcd)
      const client = yield* connect({ endpoints: cluster.endpoints, deadlineMillis: 1_000 })
      const host = yield* open(client, "hosts/0")
      yield* write(host, own, { name: "before" })
      for (const member of cluster.members) yield* member.kill
      const refused = yield* Effect.flip(write(host, own, { name: "meanwhile" }))
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.include(refused.message, cluster.endpoints[0] ?? "")
      for (const member of cluster.members) yield* Effect.andThen(member.start, member.healthy)
      const view = yield* until(see(host), () => true)
      assert.include(["before", "meanwhile"], view.groups[0]?.own.get("name"))
      yield* until(write(host, own, { name: "after" }).pipe(Effect.as(true)), () => true)
      assert.strictEqual((yield* see(host)).groups[0]?.own.get("name"), "after")
    })
  )

  it.live("starts while etcd is away", () =>
    Effect.gen(function* () {
      const { cluster } = yield* openCluster(etcd)
      for (const member of cluster.members) yield* member.kill
      const client = yield* connect({ endpoints: cluster.endpoints, deadlineMillis: 1_000 })
      const host = yield* open(client, "hosts/0")
      for (const member of cluster.members) yield* Effect.andThen(member.start, member.healthy)
      yield* until(write(host, own, { name: "a" }).pipe(Effect.as(true)), () => true)
      assert.strictEqual((yield* see(host)).groups[0]?.own.get("name"), "a")
    })
  )

  it.live("reads all of it again when etcd has forgotten what came between", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const forgetting = yield* forgetful(client)
      const mirror = yield* open(forgetting.client, "mirrors/0", { elects: false })
      const host = yield* open(client, "hosts/0")
      const leaver = yield* open(client, "hosts/1")
      yield* write(host, own, { name: "before" })
      yield* write(leaver, own, { name: "leaver" })
      yield* until(see(mirror), ({ groups }) => groups[0]?.peers.size === 2)
      forgetting.miss(true)
      yield* write(host, own, { name: "missed" })
      yield* retireParticipant(
        { formation: "test", side: "hosts", participant: ParticipantId.make("hosts/1") },
        GROUPS
      ).pipe(Effect.provideService(Etcd, client))
      yield* Effect.sleep(50)
      assert.strictEqual((yield* seePeer(mirror, "hosts/0"))?.get("name"), "before")
      forgetting.miss(false)
      yield* forgetting.resync
      const { groups } = yield* until(see(mirror), ({ groups }) => groups[0]?.peers.size === 1)
      assert.strictEqual(groups[0]?.peers.get(ParticipantId.make("hosts/0"))?.get("name"), "missed")
      yield* write(host, own, { name: "after" })
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("name") === "after")
    })
  )

  it.live("says how to make room when etcd is full, and goes on when there is", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd, flags: ["--quota-backend-bytes=8388608"] })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const host = yield* open(client, "hosts/0")
      yield* write(host, own, { name: "before" })
      const fill = client.txn({
        when: [],
        then: [{ op: "put", key: "filling", value: "x".repeat(1_000_000) }]
      })
      const full = yield* Effect.flip(Effect.forever(fill))
      assert.strictEqual(full.reason, "no-space")
      const refused = yield* Effect.flip(write(host, own, { name: "meanwhile" }))
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.include(refused.message, "alarm disarm")
      const { revision } = yield* client.range({ key: "filling", keysOnly: true })
      yield* cluster.etcdctl("compact", String(revision))
      yield* cluster.etcdctl("defrag")
      yield* cluster.etcdctl("alarm", "disarm")
      yield* until(write(host, own, { name: "after" }).pipe(Effect.as(true)), () => true)
      assert.strictEqual((yield* see(host)).groups[0]?.own.get("name"), "after")
    })
  )

  it.live("loses nothing when the leader of three members is killed", () =>
    Effect.gen(function* () {
      const cluster = yield* makeEtcdCluster({ etcd, members: 3 })
      const client = yield* connect({ endpoints: cluster.endpoints })
      const mirror = yield* open(yield* connect({ endpoints: cluster.endpoints }), "mirrors/0")
      const host = yield* open(client, "hosts/0")
      const count = (at: number) =>
        until(write(host, own, { count: String(at) }).pipe(Effect.as(true)), () => true)
      for (let at = 1; at <= 20; at++) {
        if (at === 10) yield* Effect.flatMap(cluster.leader, ({ kill }) => kill)
        yield* count(at)
      }
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("count") === "20")
    })
  )
})

/** A client whose watches can be made to miss what happens, and to say so. */
const forgetful = Effect.fnUntraced(function* (client: EtcdShape) {
  let missing = false
  const resync = yield* Queue.unbounded<WatchBatch>()
  const watch: EtcdShape["watch"] = (request) =>
    Stream.merge(
      Stream.filter(client.watch(request), () => !missing),
      request.key.startsWith("store/1/test/show/") ? Stream.fromQueue(resync) : Stream.empty
    )
  return {
    client: { ...client, watch },
    miss: (next: boolean) => void (missing = next),
    resync: Queue.offer(resync, { _tag: "Resync", revision: 0 })
  }
})
