// What it costs to bring many hosts into one cluster over etcd, counted at the client: store operations and wake-ups for
// each host, and how long a host waits from its announcement to its token.
//   npm run bench etcd-formation -- --hosts 1000 --members 1 --in-flight 10
// All hosts, the mirror and etcd share this machine; `--in-flight` says how many hosts join at a time, all of them unless
// set. The cluster's command is a stand-in in memory, whose tokens name five addresses.
import { parseArgs } from "node:util"
import {
  ClusterCli,
  HostName,
  Journal,
  Mirror,
  ParticipantId,
  Store,
  TokenIssuer,
  WireDialect
} from "@rollcall/core"
import {
  Etcd,
  etcdClient,
  etcdStore,
  remembered,
  serveHost,
  serveMirror
} from "@rollcall/etcd-adapter"
import { findEtcdPackage, makeEtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { layerHpkeSealer } from "@rollcall/hpke-adapter"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn } from "@rollcall/microcluster-adapter/stand-in"
import { Context, Deferred, Effect, Layer, Stream } from "effect"

const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "1000" },
    members: { type: "string", default: "1" },
    "in-flight": { type: "string" },
    etcd: { type: "string" }
  }
})
const hosts = Number(values.hosts)
const inFlight = Number(values["in-flight"] ?? hosts)
const groups = [{ id: "cluster", sides: ["mirrors", "hosts"] as const }]
const standIn = makeStandIn({ heartbeatMillis: 0, tokenAddresses: 5 })

let wakes = 0
let commandMillis = 0
const announced = new Map<string, number>()
const waits: Array<number> = []

const client = (endpoints: ReadonlyArray<string>) =>
  Effect.map(Layer.build(etcdClient({ endpoints, prefix: "bench/" })), (all) =>
    Context.get(all, Etcd)
  )

type Client = Effect.Success<ReturnType<typeof client>>

const storeOf = (etcd: Client, participant: string, side: string): Layer.Layer<Store> =>
  Layer.effect(
    Store,
    Effect.map(Store, (store) => ({
      ...store,
      changes: Stream.tap(store.changes, () => Effect.sync(() => void (wakes += 1)))
    }))
  ).pipe(
    Layer.provide(
      etcdStore({
        formation: "bench",
        participant: ParticipantId.make(participant),
        side,
        groups,
        elects: side === "mirrors" || participant === "host/0"
      })
    ),
    Layer.provide(Layer.succeed(Etcd, etcd))
  )

const mirror = (etcd: Client) =>
  serveMirror().pipe(
    Effect.provide(
      Mirror.layer().pipe(
        Layer.provideMerge(storeOf(etcd, "mirror/0", "mirrors")),
        Layer.provide(Layer.succeed(WireDialect, remembered()))
      )
    )
  )

/** The stand-in on a host; a join notes how long its host has waited, and every call how long it took. */
const command = (host: string): Layer.Layer<ClusterCli> =>
  Layer.effect(
    ClusterCli,
    Effect.map(ClusterCli, (cli) => {
      const timed = <A, E>(call: Effect.Effect<A, E>) =>
        Effect.suspend(() => {
          const started = performance.now()
          return Effect.ensuring(
            call,
            Effect.sync(() => void (commandMillis += performance.now() - started))
          )
        })
      return {
        ...cli,
        add: (name) => timed(cli.add(name)),
        list: timed(cli.list),
        join: (token, args) =>
          Effect.suspend(() => {
            waits.push(performance.now() - (announced.get(host) ?? 0))
            return cli.join(token, args)
          })
      }
    })
  ).pipe(
    Layer.provide(
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, host) })
    )
  )

const host = Effect.fnUntraced(function* (etcd: Client, index: number) {
  const name = `host-${String(index).padStart(4, "0")}`
  const joined = yield* Deferred.make<void>()
  const services = TokenIssuer.layer({ host: HostName.make(name) }).pipe(
    Layer.provideMerge(storeOf(etcd, `host/${index}`, "hosts")),
    Layer.provide([command(name), Journal.layerMemory, layerHpkeSealer])
  )
  const run = serveHost({
    decided: (decision) =>
      Effect.suspend(() => {
        if (!announced.has(name)) announced.set(name, performance.now())
        return decision._tag === "Member" ? Deferred.succeed(joined, undefined) : Effect.void
      }),
    failed: (error) => Effect.sync(() => console.error(`${name}: ${error.message}`))
  })
  yield* Effect.forkScoped(Effect.provide(run, services))
  return joined
})

/** Unary calls of a client so far: what etcd counts as an operation. */
const operations = (clients: ReadonlyArray<Client>) =>
  Effect.map(Effect.all(clients.map(({ counts }) => counts)), (all) =>
    all
      .flatMap((counts) => [...counts])
      .reduce((sum, [name, count]) => (STREAMED.test(name) ? sum : sum + count), 0)
  )

const STREAMED = /^Watch|KeepAlive$/

const report = (version: string, millis: number, operated: number): void => {
  waits.sort((a, b) => a - b)
  const at = (share: number) =>
    (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN).toFixed(1)
  const each = (count: number) => `${count}, ${(count / hosts).toFixed(2)} for each host`
  console.log(
    `${hosts} hosts, ${inFlight} at a time, etcd ${version} of ${values.members} member(s)`
  )
  console.log(`store operations   ${each(operated)}`)
  console.log(`wake-ups           ${each(wakes)}`)
  console.log(`announce to token  p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`)
  console.log(
    `all are members after ${millis.toFixed(0)} ms; the issuer's command took ${commandMillis.toFixed(0)} ms of that`
  )
}

const program = Effect.gen(function* () {
  const found = findEtcdPackage(values.etcd)
  if (typeof found === "string") return yield* Effect.die(new Error(found))
  const { endpoints } = yield* makeEtcdCluster({ etcd: found, members: Number(values.members) })
  const clients = yield* Effect.all(Array.from({ length: 8 }, () => client(endpoints)))
  const [forMirror, forFirst] = yield* Effect.all([client(endpoints), client(endpoints)])
  const all = [forMirror, forFirst, ...clients]
  yield* Effect.forEach(all, (each) => each.range({ key: "warm" }))
  yield* Effect.forkScoped(mirror(forMirror))
  yield* Deferred.await(yield* host(forFirst, 0))
  // until nothing moves any more
  yield* Effect.sleep("2 seconds")
  const before = yield* operations(all)
  wakes = 0
  commandMillis = 0
  waits.length = 0
  const started = performance.now()
  yield* Effect.forEach(
    Array.from({ length: hosts }, (_, index) => index + 1),
    (index) =>
      Effect.flatMap(host(clients[index % clients.length] ?? forFirst, index), Deferred.await),
    { concurrency: inFlight, discard: true }
  )
  const operated = (yield* operations(all)) - before
  report(found.version, performance.now() - started, operated)
})

await Effect.runPromise(Effect.scoped(program))
process.exit(0)
