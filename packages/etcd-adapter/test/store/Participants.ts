// Participants over a real etcd, each with a connection of its own, for tests that the suites do not make.
import { type Entries, ParticipantId, Store, type StoreShape, type Write } from "@rollcall/core"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { Etcd, type EtcdShape, type EtcdStoreOptions, etcdStore } from "../../src/index.ts"
import { type EtcdPackage, makeEtcdCluster } from "../../src/testbed/index.ts"
import { connect } from "../client/EachVersion.ts"

/** The one group of these tests. */
export const GROUP = "cluster"
/** Its sides. */
export const GROUPS = [{ id: GROUP, sides: ["mirrors", "hosts"] as const }]

/** A cluster with a client that looks at it from outside. */
export const openCluster = Effect.fnUntraced(function* (etcd: EtcdPackage) {
  const cluster = yield* makeEtcdCluster({ etcd })
  const client = yield* connect({ endpoints: cluster.endpoints })
  return { cluster, client }
})

/** One process of a participant, and how to end it. */
export interface Participant {
  readonly store: StoreShape
  readonly end: Effect.Effect<void>
}

/** Opens a process of `name`, such as `hosts/0`, on the side before the slash. */
export const open = Effect.fnUntraced(function* (
  client: EtcdShape,
  name: string,
  options: Partial<EtcdStoreOptions> = {}
) {
  const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
  const layer = etcdStore({
    formation: "test",
    participant: ParticipantId.make(name),
    side: name.slice(0, name.indexOf("/")),
    groups: GROUPS,
    ...options
  }).pipe(Layer.provide(Layer.succeed(Etcd, client)))
  const context = yield* Layer.build(Layer.fresh(layer)).pipe(Scope.provide(scope))
  return { store: Context.get(context, Store), end: Scope.close(scope, Exit.void) }
})

/** A step that writes. */
export const write = (
  { store }: Participant,
  place: Write["place"],
  entries: Readonly<Record<string, string | undefined>>
) =>
  store.step(() =>
    Effect.succeed([
      undefined,
      Object.entries(entries).map(([key, value]) => ({ place, key, value }))
    ] as const)
  )

/** What a participant sees now. */
export const see = ({ store }: Participant) =>
  store.step((view) => Effect.succeed([view, []] as const))

/** What a participant sees of a peer. */
export const seePeer = (of: Participant, peer: string): Effect.Effect<Entries | undefined> =>
  see(of).pipe(
    Effect.map(({ groups }) => groups[0]?.peers.get(ParticipantId.make(peer))),
    Effect.orDie
  )

/** Looks again until it is so: a watch tells a moment later. */
export const until = <A>(
  look: Effect.Effect<A, unknown>,
  so: (seen: A) => boolean
): Effect.Effect<A> =>
  Effect.flatMap(Effect.result(look), (seen) =>
    seen._tag === "Success" && so(seen.success)
      ? Effect.succeed(seen.success)
      : Effect.andThen(Effect.sleep(10), until(look, so))
  )
