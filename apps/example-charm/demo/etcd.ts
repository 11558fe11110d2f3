// The story without Juju: hosts and two mirrors meet over etcd, form one cluster although the leading mirror ends while
// tokens are under way, and then roll under one lock. etcd is started for it, and ended with it.
import {
  type HostDecision,
  HostName,
  Journal,
  Mirror,
  type MirrorDecision,
  ParticipantId,
  TokenIssuer,
  type TokenIssuerError,
  WireDialect
} from "@rollcall/core"
import { etcdClient, etcdStore, remembered, serveHost, serveMirror } from "@rollcall/etcd-adapter"
import { type EtcdCluster, findEtcdPackage, makeEtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { layerHpkeSealer } from "@rollcall/hpke-adapter"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { roll } from "./etcd-roll.ts"
import { verdictOverEtcd, type Watch, watchFor } from "./etcd-verdict.ts"
import type { Telling } from "./Narrator.ts"
import { CannotShow, type Product } from "./Product.ts"

/** Tells the story over etcd; succeeds with whether everything ended as it should. */
export const tellOverEtcd = Effect.fn("tellOverEtcd")(function* (
  product: Product,
  telling: Telling
) {
  const { event, paint } = telling
  const found = findEtcdPackage()
  if (typeof found === "string") return yield* new CannotShow({ reason: found })
  const cluster = yield* makeEtcdCluster({ etcd: found })
  event(`etcd ${found.version} is started, with one member`)
  const first = yield* openMirror(cluster, "mirror/0", telling)
  yield* Deferred.await(first.leads)
  yield* openMirror(cluster, "mirror/1", telling)
  event(`another mirror is started, and agents on ${product.hosts.length} hosts`)
  const watch = watchFor(cluster, product)
  const agents = yield* Effect.forEach(product.hosts, (host) =>
    openAgent(cluster, product, host, watch, telling)
  )
  const joined = agents.map((each) => Deferred.await(each))
  const everybody = Effect.gen(function* () {
    yield* Effect.raceAll(joined)
    event(paint("red", "mirror/0 ends, which leads, while the others still wait for their tokens"))
    yield* Scope.close(first.scope, Exit.void)
    yield* Effect.all(joined)
  })
  yield* Effect.timeoutOrElse(everybody, {
    duration: PATIENCE,
    orElse: () => Effect.fail(notAll)
  })
  const rolled = yield* roll(cluster, product.hosts, telling)
  yield* watch.look
  return yield* verdictOverEtcd({ product, rolled, watch }, telling)
})

const FORMATION = "demo"
const GROUPS = [{ id: "cluster", sides: ["mirrors", "hosts"] as const }]
const PATIENCE = "60 seconds"
const notAll = new CannotShow({ reason: "not every host joined within a minute" })

/** A connection of its own, as a process of its own would have. */
const connect = ({ endpoints }: EtcdCluster) => etcdClient({ endpoints, prefix: "rollcall/" })

const storeOf = (cluster: EtcdCluster, participant: string, side: string) =>
  etcdStore({
    formation: FORMATION,
    participant: ParticipantId.make(participant),
    side,
    groups: GROUPS
  }).pipe(Layer.provide(connect(cluster)))

/** A mirror that runs until its scope closes. */
const openMirror = Effect.fnUntraced(function* (
  cluster: EtcdCluster,
  name: string,
  { event }: Telling
) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
  const services = Mirror.layer({ windowMillis: 1_000 }).pipe(
    Layer.provide(Layer.succeed(WireDialect, remembered())),
    Layer.provideMerge(storeOf(cluster, name, "mirrors"))
  )
  const leads = yield* Deferred.make<void>()
  const decided = (decision: MirrorDecision) =>
    Effect.gen(function* () {
      if (decision._tag !== "Leading") return
      if (!(yield* Deferred.isDone(leads))) event(`${name} leads the mirrors`)
      yield* Deferred.succeed(leads, undefined)
    })
  const context = yield* Layer.build(services).pipe(Scope.provide(scope))
  yield* Effect.forkIn(Effect.provideContext(serveMirror({ decided }), context), scope)
  return { scope, leads }
})

/** The agent of a host, and what to wait for: that it is in. */
const openAgent = Effect.fnUntraced(function* (
  cluster: EtcdCluster,
  product: Product,
  host: string,
  watch: Watch,
  { event }: Telling
) {
  const command = (product.config["cluster-command"] ?? "").split(" ")
  const services = TokenIssuer.layer({ host: HostName.make(host) }).pipe(
    Layer.provideMerge(storeOf(cluster, `agent/${host}`, "hosts")),
    Layer.provide([
      MicroclusterCli.layer({ command, env: product.env(host) }),
      // an agent that outlives its process keeps it in a file
      Journal.layerMemory,
      layerHpkeSealer
    ])
  )
  const joined = yield* Deferred.make<void>()
  const decided = (decision: HostDecision) =>
    Effect.gen(function* () {
      if (decision._tag === "Refused") event(`${host} is refused: ${decision.reason}`)
      if (decision._tag !== "Member") return
      if (!(yield* Deferred.isDone(joined))) {
        event(`${host} ${decision.membership === "joined" ? "joins" : "founds the cluster"}`)
      }
      if (decision.minted > 0) event(`${host} mints ${decision.minted}, each sealed for its host`)
      yield* Deferred.succeed(joined, undefined)
      if (decision.minted > 0) yield* watch.look
    })
  const failed = ({ message }: TokenIssuerError) => Effect.sync(() => event(`${host}: ${message}`))
  yield* Effect.forkScoped(Effect.provide(serveHost({ decided, failed }), services))
  return joined
})
