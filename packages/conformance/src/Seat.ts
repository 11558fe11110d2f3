// One participant's place at the table: its store, opened, with the few moves that checks make.
import {
  type Entries,
  ParticipantId,
  type Place,
  Store,
  type StoreError,
  type StoreShape,
  type View
} from "@rollcall/core"
import { Context, Effect, Layer } from "effect"
import type { World } from "./World.ts"

/** A participant of a world, with its store. */
export interface Seat {
  readonly id: ParticipantId
  readonly store: StoreShape
  /** What it sees now. */
  readonly view: Effect.Effect<View, StoreError>
  /** Writes `entries` at `place` in one step; an undefined value takes an entry away. */
  readonly write: (
    place: Place,
    entries: Readonly<Record<string, string | undefined>>
  ) => Effect.Effect<void, StoreError>
  /** The group in which it sees `other`. */
  readonly groupWith: (other: ParticipantId) => Effect.Effect<string, StoreError>
  /** The register of `other` as it sees it, whatever the group; undefined where it sees none. */
  readonly registerOf: (other: ParticipantId) => Effect.Effect<Entries | undefined, StoreError>
}

/** Opens the store of a participant that is in the world. */
export const seat = (world: World, id: ParticipantId) =>
  Effect.gen(function* () {
    const store = Context.get(yield* Layer.build(world.store(id)), Store)
    const view = store.step((seen) => Effect.succeed([seen, []] as const))
    return {
      id,
      store,
      view,
      write: (place, entries) =>
        store.step(() =>
          Effect.succeed([
            undefined,
            Object.entries(entries).map(([key, value]) => ({ place, key, value }))
          ] as const)
        ),
      groupWith: (other) =>
        Effect.map(
          view,
          ({ groups }) =>
            groups.find(({ peers }) => peers.has(other))?.id ?? `no group with ${other}`
        ),
      registerOf: (other) =>
        Effect.map(view, ({ groups }) =>
          groups.find(({ peers }) => peers.has(other))?.peers.get(other)
        )
    } satisfies Seat
  })

/** Lets a participant in and opens its store. */
export const enter = Effect.fnUntraced(function* (world: World, name: string) {
  const id = ParticipantId.make(name)
  yield* world.enter(id, name.slice(0, name.indexOf("/")))
  return yield* seat(world, id)
})

/** Every entry of a view with the place it was seen at, for searching. */
export const entriesIn = (
  view: View
): ReadonlyArray<{ readonly at: string; readonly value: string }> => {
  const groups = [...view.groups, ...(view.council === undefined ? [] : [view.council])]
  const registers: ReadonlyArray<readonly [string, Entries | undefined]> = [
    ["private", view.private],
    ...groups.flatMap(({ counterpart, id, own, peers, shared }) => [
      [`${id}, own`, own] as const,
      [`${id}, shared`, shared] as const,
      [`${id}, shared by the other side`, counterpart] as const,
      ...[...peers].map(([peer, entries]) => [`${id}, ${peer}`, entries] as const)
    ])
  ]
  return registers.flatMap(([place, entries]) =>
    [...(entries ?? [])].map(([key, value]) => ({ at: `${key} (${place})`, value }))
  )
}
