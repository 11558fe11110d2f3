// Who is on stage when a store is checked. Every statement is made once and checked in all scenes: in a group where all
// see all, and across a two-sided group in both directions.
import type { Entries, ParticipantId, StoreError } from "@rollcall/core"
import { Effect, type Scope } from "effect"
import type { Capability } from "./Capability.ts"
import type { GuaranteeId } from "./Check.ts"
import { enter, entriesIn, type Seat } from "./Seat.ts"
import { type Layout, oneSided, twoSided, type World, type WorldFactory } from "./World.ts"

/** Participants by what they do in a check. */
export interface StoreScene {
  readonly world: World
  /** Leads its side. */
  readonly leader: Seat
  /** Of the leader's side, and not the leader. */
  readonly writer: Seat
  /** See the leader and the writer. */
  readonly readers: readonly [Seat, Seat]
  /** The group that all of them are in. */
  readonly group: string
}

/** One statement about a store, to be checked in every scene. */
export interface StoreStatement {
  readonly guarantee: GuaranteeId
  readonly states: string
  readonly needs?: ReadonlyArray<Capability>
  readonly run: (scene: StoreScene) => Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope>
}

/** A scene's name and layout, and how it is set. */
export interface SceneKind {
  readonly name: string
  readonly layout: Layout
  readonly actors: readonly [leader: string, writer: string]
  readonly audience: readonly [string, string]
}

/** All scenes that a store is checked in. */
export const sceneKinds: ReadonlyArray<SceneKind> = [
  {
    name: "in a one-sided group",
    layout: oneSided,
    actors: ["app/0", "app/1"],
    audience: ["app/2", "app/10"]
  },
  {
    name: "from hosts to mirrors",
    layout: twoSided,
    actors: ["app/0", "app/1"],
    audience: ["distributor/0", "distributor/1"]
  },
  {
    name: "from mirrors to hosts",
    layout: twoSided,
    actors: ["distributor/0", "distributor/1"],
    audience: ["app/0", "app/1"]
  }
]

/** Lets everybody in and takes the wake-ups of that. */
export const setScene = Effect.fnUntraced(function* (kind: SceneKind, factory: WorldFactory) {
  const world = yield* factory(kind.layout)
  const leader = yield* enter(world, kind.actors[0])
  const writer = yield* enter(world, kind.actors[1])
  const first = yield* enter(world, kind.audience[0])
  const second = yield* enter(world, kind.audience[1])
  yield* world.settle
  const group = yield* writer.groupWith(first.id)
  return { world, leader, writer, readers: [first, second], group } satisfies StoreScene
})

/** What `who` has written in `group` itself. */
export const ownOf = (who: Seat, group: string): Effect.Effect<Entries | undefined, StoreError> =>
  Effect.map(who.view, ({ groups }) => groups.find(({ id }) => id === group)?.own)

/** The shared register of the side of `of`, as `who` sees it. */
export const sharedOf = (who: Seat, of: Seat): Effect.Effect<Entries | undefined, StoreError> =>
  Effect.map(who.view, ({ groups }) => {
    const group = groups.find(({ peers }) => peers.has(of.id))
    return group?.symmetric ? group.shared : group?.counterpart
  })

/** Whether `who` sees `text` anywhere. */
export const sees = (who: Seat, text: string): Effect.Effect<boolean, StoreError> =>
  Effect.map(who.view, (view) => entriesIn(view).some(({ value }) => value.includes(text)))

/** Those of `seats` that were not woken, in words. */
export const asleep = (
  woken: ReadonlySet<ParticipantId>,
  seats: ReadonlyArray<Seat>
): ReadonlyArray<string> =>
  seats.flatMap(({ id }) => (woken.has(id) ? [] : [`${id} was not woken`]))
