// A formation over etcd as it is lived: agents and a mirror run by themselves, tokens are sealed, and nothing is left.
import { assert, it } from "@effect/vitest"
import { HostName, Journal, Mirror, Store, TokenIssuer, WireDialect } from "@rollcall/core"
import { layerHpkeSealer } from "@rollcall/hpke-adapter"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn, withFault } from "@rollcall/microcluster-adapter/stand-in"
import { Deferred, Effect, Layer, Stream } from "effect"
import { type EtcdShape, remembered, serveHost, serveMirror } from "../../src/index.ts"
import { describeOnEach } from "../client/EachVersion.ts"
import { open, openCluster, until } from "../store/Participants.ts"

type StandIn = ReturnType<typeof makeStandIn>

const HOSTS = 60

/** What etcd counts as an operation; watches and keep-alives are messages of streams. */
const unary = ({ counts }: EtcdShape) =>
  Effect.map(counts, (all) =>
    [...all].reduce((sum, [name, n]) => (/^Watch|KeepAlive$/.test(name) ? sum : sum + n), 0)
  )

/** A participant's store, which tells whenever it wakes somebody. */
const openCounted = Effect.fnUntraced(function* (
  client: EtcdShape,
  name: string,
  woken: () => void
) {
  const { store } = yield* open(client, name)
  const changes = Stream.tap(store.changes, () => Effect.sync(woken))
  return { store: Store.of({ ...store, changes }) }
})

const runMirror = Effect.fnUntraced(function* (client: EtcdShape, woken: () => void = () => {}) {
  const { store } = yield* openCounted(client, "mirrors/0", woken)
  const services = Mirror.layer({ windowMillis: 200 }).pipe(
    Layer.provide(Layer.succeed(WireDialect, remembered())),
    Layer.provideMerge(Layer.succeed(Store, store))
  )
  yield* Effect.forkScoped(Effect.provide(serveMirror(), services))
})

const runHost = Effect.fnUntraced(function* (
  client: EtcdShape,
  standIn: StandIn,
  name: string,
  woken: () => void = () => {}
) {
  const { store } = yield* openCounted(client, `hosts/${name}`, woken)
  const joined = yield* Deferred.make<void>()
  const services = TokenIssuer.layer({ host: HostName.make(name) }).pipe(
    Layer.provideMerge(Layer.succeed(Store, store)),
    Layer.provide([
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, name) }),
      Journal.layerMemory,
      layerHpkeSealer
    ])
  )
  const serving = serveHost({
    decided: ({ _tag }) => (_tag === "Member" ? Deferred.succeed(joined, undefined) : Effect.void)
  })
  yield* Effect.forkScoped(Effect.provide(serving, services))
  return Deferred.await(joined)
})

describeOnEach("a formation", (etcd) => {
  it.live(
    "joins every host, each token sealed, under a lease, for one host, and gone when it was used",
    () =>
      Effect.gen(function* () {
        const { client } = yield* openCluster(etcd)
        const standIn = makeStandIn({ heartbeatMillis: 0 })
        const letters = new Map<
          string,
          { readonly value: string; readonly lease: bigint | undefined }
        >()
        yield* Effect.forkScoped(
          Effect.forever(
            Effect.flatMap(
              client.range({ key: "store/1/test/to/hosts", end: "store/1/test/to/hostt" }),
              ({ kvs }) =>
                Effect.sync(() => {
                  for (const { key, lease, value } of kvs)
                    if (value.includes("rollcall-token")) letters.set(key, { value, lease })
                })
            )
          )
        )
        yield* runMirror(client)
        const founder = yield* runHost(client, standIn, "a")
        yield* founder
        const others = yield* Effect.forEach(["b", "c", "d"], (name) =>
          runHost(client, standIn, name)
        )
        yield* Effect.all(others)
        const [cluster, ...more] = standIn.state().clusters
        assert.deepStrictEqual(cluster?.members.map(({ name }) => name).sort(), [
          "a",
          "b",
          "c",
          "d"
        ])
        assert.lengthOf(more, 0)
        assert.strictEqual(standIn.calls().add, 3)
        assert.isAtLeast(letters.size, 1)
        for (const [key, { lease, value }] of letters) {
          assert.include(value, "sealed", key)
          assert.isDefined(lease, key)
        }
        const tokens = client.range({ key: "store/", end: "store0" })
        yield* until(
          tokens,
          ({ kvs }) => !kvs.some(({ value }) => value.includes("rollcall-token"))
        )
      })
  )

  it.live("costs a host that comes with others at most five operations and few wake-ups", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const standIn = makeStandIn({ heartbeatMillis: 0 })
      let wakes = 0
      const woken = () => void (wakes += 1)
      yield* runMirror(client, woken)
      yield* yield* runHost(client, standIn, "founder", woken)
      // until the mirror has tidied up
      yield* Effect.sleep("1500 millis")
      const before = yield* unary(client)
      wakes = 0
      const names = Array.from({ length: HOSTS }, (_, index) => `h${index}`)
      const joined = yield* Effect.forEach(names, (name) => runHost(client, standIn, name, woken))
      yield* Effect.all(joined)
      const operations = (yield* unary(client)) - before
      assert.isAtMost(operations, 5 * HOSTS)
      // one for its token, one where that is taken away while others still join; the rest is the mirror's and the issuer's
      assert.isAtMost(wakes, 2.5 * HOSTS)
      assert.isAtLeast(operations, 4 * HOSTS)
      assert.isAtLeast(wakes, HOSTS)
    })
  )

  it.live("tries again by itself what failed, and nobody has to wake it", () =>
    Effect.gen(function* () {
      const { client } = yield* openCluster(etcd)
      const standIn = makeStandIn({ heartbeatMillis: 0 })
      standIn.change((state) =>
        withFault(state, {
          operation: "bootstrap",
          kind: "fail",
          text: "database is locked",
          times: 1
        })
      )
      yield* runMirror(client)
      yield* yield* runHost(client, standIn, "a")
      assert.strictEqual(standIn.calls().bootstrap, 2)
    })
  )
})
