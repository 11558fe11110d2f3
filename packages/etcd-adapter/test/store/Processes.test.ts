// What happens between a participant and its processes: restarts, deaths, two at a time, leaders that are deposed.
import { assert, it } from "@effect/vitest"
import { ParticipantId, type StoreError, type Write } from "@rollcall/core"
import { Effect } from "effect"
import {
  appointLeader,
  Etcd,
  EtcdError,
  type EtcdShape,
  retireParticipant
} from "../../src/index.ts"
import { describeOnEach } from "../client/EachVersion.ts"
import { GROUP, GROUPS, open, openCluster, see, seePeer, until, write } from "./Participants.ts"

const own = { _tag: "own", group: GROUP } as const
const shared = { _tag: "shared", group: GROUP } as const
const to = (name: string) =>
  ({ _tag: "to", group: GROUP, participant: ParticipantId.make(name) }) as const

describeOnEach("a participant over etcd", (etcd) => {
  it.live("finds everything as it was when it is started again, and nobody saw it go", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const mirror = yield* open(client, "mirrors/0")
      yield* see(mirror)
      const first = yield* open(client, "hosts/0")
      yield* write(first, own, { name: "a" })
      yield* write(first, to("mirrors/0"), { note: "b" })
      yield* write(first, { _tag: "private" }, { mine: "c" })
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("note") === "b")
      yield* first.end
      assert.strictEqual((yield* seePeer(mirror, "hosts/0"))?.get("name"), "a")
      const second = yield* open(client, "hosts/0")
      const view = yield* see(second)
      assert.deepStrictEqual([...(view.groups[0]?.own ?? [])].sort(), [
        ["name", "a"],
        ["note", "b"]
      ])
      assert.strictEqual(view.private.get("mine"), "c")
      // under its new process's lease, or it would go with the old one's
      const [here] = (yield* client.range({ key: "store/1/test/here/hosts/hosts%2F0" })).kvs
      const [note] = (yield* client.range({ key: "store/1/test/to/mirrors%2F0/cluster/hosts%2F0" }))
        .kvs
      assert.strictEqual(note?.lease, here?.lease)
      yield* write(second, own, { name: undefined })
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("name") === undefined)
    })
  )

  it.live("is gone with all it wrote when it is silent for too long", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const mirror = yield* open(client, "mirrors/0")
      yield* see(mirror)
      const process = mortal(client)
      const host = yield* open(process.client, "hosts/0", { absenceSeconds: 2 })
      yield* write(host, own, { name: "a" })
      yield* write(host, to("mirrors/0"), { note: "b" })
      yield* write(host, { _tag: "private" }, { mine: "c" })
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen?.get("note") === "b")
      process.kill()
      yield* until(seePeer(mirror, "hosts/0"), (seen) => seen === undefined)
      const left = yield* client.range({ key: "store/", end: "store0" })
      assert.deepStrictEqual(
        left.kvs.map(({ key }) => key).filter((key) => key.includes("hosts%2F0")),
        []
      )
    })
  )

  it.live("leaves nothing when it ends after it was taken away", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const host = yield* open(client, "hosts/0")
      yield* write(host, own, { name: "a" })
      yield* retireParticipant(
        { formation: "test", side: "hosts", participant: ParticipantId.make("hosts/0") },
        GROUPS
      ).pipe(Effect.provideService(Etcd, client))
      yield* Effect.flip(write(host, own, { name: "b" }))
      yield* host.end
      const left = yield* client.range({ key: "store/", end: "store0", keysOnly: true })
      assert.deepStrictEqual(
        left.kvs.map(({ key }) => key),
        []
      )
    })
  )

  it.live("speaks with one voice: a second process takes over, the first writes nothing more", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const first = yield* open(client, "hosts/0")
      yield* write(first, own, { name: "first" })
      const second = yield* open(client, "hosts/0")
      yield* write(second, own, { name: "second" })
      const refused = yield* Effect.flip(write(first, own, { name: "ghost" }))
      assert.strictEqual(refused._tag, "StoreUnavailable")
      assert.include(refused.message, "another process speaks for it")
      const [register] = (yield* client.range({
        key: "store/1/test/show/cluster/hosts/of/hosts%2F0"
      })).kvs
      assert.strictEqual(register?.value, '{"name":"second"}')
      // nor does it fight for the register, or for leading the side
      yield* until(see(second), ({ leader }) => leader)
      assert.include((yield* Effect.flip(see(first))).message, "one of the two has to be ended")
      const [lead] = (yield* client.range({ key: "store/1/test/lead/hosts" })).kvs
      yield* Effect.sleep(100)
      const [later] = (yield* client.range({ key: "store/1/test/lead/hosts" })).kvs
      assert.strictEqual(later?.modRevision, lead?.modRevision)
      yield* write(second, own, { name: "still second" })
    })
  )

  it.live(
    "writes nothing that it decided as a leader when another one was made leader meanwhile",
    () =>
      Effect.gen(function* () {
        const { client } = yield* openCluster(etcd)
        const old = yield* open(client, "mirrors/0")
        yield* until(see(old), ({ leader }) => leader)
        const next = yield* open(client, "mirrors/1")
        yield* see(next)
        const writes: ReadonlyArray<Write> = [{ place: own, key: "k", value: "late" }]
        const refused = yield* Effect.flip(
          old.store.step(
            (): Effect.Effect<readonly [undefined, ReadonlyArray<Write>], StoreError> =>
              appointLeader({
                formation: "test",
                side: "mirrors",
                participant: ParticipantId.make("mirrors/1")
              }).pipe(
                Effect.provideService(Etcd, client),
                Effect.orDie,
                Effect.as([undefined, writes] as const)
              )
          )
        )
        assert.strictEqual(refused._tag, "NotLeader")
        yield* until(see(next), ({ leader }) => leader)
        yield* write(next, shared, { term: "second" })
        const view = yield* until(see(old), ({ leader }) => !leader)
        assert.isFalse(view.groups[0]?.own.has("k"))
      })
  )

  it.live("leads when the leader has ended, at once, on what that one wrote last", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const first = yield* open(client, "mirrors/0")
      yield* until(see(first), ({ leader }) => leader)
      const never = yield* open(client, "mirrors/1", { elects: false })
      yield* see(never)
      const second = yield* open(client, "mirrors/2")
      yield* see(second)
      yield* write(first, shared, { ledger: "7" })
      const started = performance.now()
      yield* first.end
      const view = yield* until(see(second), ({ leader }) => leader)
      assert.isBelow(performance.now() - started, 5_000)
      assert.strictEqual(view.groups[0]?.shared?.get("ledger"), "7")
      assert.isFalse((yield* see(never)).leader)
    })
  )

  it.live("leads when the leader was killed, as soon as its term's lease is over", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const process = mortal(client)
      const first = yield* open(process.client, "mirrors/0", { termSeconds: 2 })
      yield* until(see(first), ({ leader }) => leader)
      process.kill()
      const started = performance.now()
      const second = yield* open(client, "mirrors/1")
      yield* until(see(second), ({ leader }) => leader)
      assert.isBelow(performance.now() - started, 8_000)
      // it still counts, for it may come back
      assert.isTrue((yield* second.store.census).siblings.has(ParticipantId.make("mirrors/0")))
    })
  )

  it.live("writes to more participants than one transaction of etcd can hold", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const mirror = yield* open(client, "mirrors/0")
      const all = Array.from({ length: 250 }, (_, index) => `hosts/${index}`)
      yield* mirror.store.step(() =>
        Effect.succeed([
          undefined,
          all.map((name) => ({ place: to(name), key: `for ${name}`, value: name }))
        ] as const)
      )
      const host = yield* open(client, "hosts/249")
      const seen = yield* seePeer(host, "mirrors/0")
      assert.deepStrictEqual([...(seen ?? [])], [["for hosts/249", "hosts/249"]])
      yield* mirror.end
      const again = yield* open(client, "mirrors/0")
      assert.strictEqual((yield* see(again)).groups[0]?.own.size, 250)
    })
  )
})

/** The client of a process that can be killed: nobody keeps its leases alive, and from then on it does nothing more. */
const mortal = (client: EtcdShape) => {
  let dead = false
  const gone = new EtcdError({
    operation: "call",
    endpoint: "nowhere",
    reason: "unreachable",
    detail: "the process is dead"
  })
  const living = <A, R>(effect: Effect.Effect<A, EtcdError, R>) =>
    Effect.suspend(() => (dead ? Effect.fail(gone) : effect))
  const mortalClient: EtcdShape = {
    ...client,
    txn: (request) => living(client.txn(request)),
    grant: (ttl) => living(client.grant(ttl)),
    lease: (ttl) =>
      Effect.map(living(client.grant(ttl)), (granted) => ({
        ...granted,
        lost: Effect.never,
        remainingMillis: Effect.succeed(0)
      }))
  }
  return { client: mortalClient, kill: () => void (dead = true) }
}
