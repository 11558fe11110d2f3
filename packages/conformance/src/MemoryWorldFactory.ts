// The world over core's memory: what the suites are proven on, and an example for other worlds.
import {
  MemoryWorld,
  memoryStore,
  type ParticipantId,
  Store,
  type StoreShape
} from "@rollcall/core"
import { Effect, Layer } from "effect"
import { Crash } from "./Crash.ts"
import type { Layout, WorldFactory } from "./World.ts"

/** A world whose registers are in this process's memory. */
export const memoryWorld: WorldFactory = (layout) => memoryWorldWith((store) => store)(layout)

/** The same, with every participant's store passed through `alter`: for stores that are weaker, or broken on purpose. */
export const memoryWorldWith =
  (alter: (store: StoreShape, world: MemoryWorld, wake: () => void) => StoreShape): WorldFactory =>
  (layout) =>
    Effect.sync(() => {
      const world = new MemoryWorld(groupsOf(layout))
      const woken = new Set<ParticipantId>()
      const doomed = new Set<ParticipantId>()
      return {
        enter: (participant, side) =>
          Effect.sync(() => {
            world.onWake(participant, () => woken.add(participant))
            world.enter(participant, side)
          }),
        expect: (participant, side) => Effect.sync(() => world.expect(participant, side)),
        depart: (participant) => Effect.sync(() => world.depart(participant)),
        electLeader: (participant) => Effect.sync(() => world.lead(participant)),
        store: (participant) =>
          Layer.effect(
            Store,
            Effect.map(Store, (store) =>
              Store.of(alter(mortal(store, doomed), world, () => woken.add(participant)))
            )
          ).pipe(Layer.provide(memoryStore(world, participant))),
        crashNextCommit: (participant) => Effect.sync(() => doomed.add(participant)),
        settle: Effect.sync(() => {
          const taken = new Set(woken)
          woken.clear()
          return taken
        })
      }
    })

/**
 * The same, but a participant gets to know the others one at a time, the latest first, as a Juju unit does whose
 * relation-joined hooks are still to come: what is not seen may well be there.
 */
export const gradualMemoryWorld: WorldFactory = memoryWorldWith((store, _world, wake) => {
  const known = new Set<ParticipantId>()
  return {
    ...store,
    step: (body) =>
      store.step((view) => {
        const groups = view.groups.map((group) => {
          const peers = new Map([...group.peers].filter(([id]) => known.has(id)))
          return { ...group, peers }
        })
        const strangers = view.groups.flatMap(({ peers }) => [...peers.keys()])
        const next = strangers.findLast((id) => !known.has(id))
        if (next !== undefined) {
          known.add(next)
          wake()
        }
        return body({ ...view, groups })
      })
  }
})

/** The groups of a layout; ids look as Juju's relations do, so that nobody takes them for positions. */
const groupsOf = ({ hostSides, mirrorSide, name }: Layout) =>
  name === "one-sided"
    ? [{ id: "peers:0", sides: [mirrorSide] as const }]
    : [
        ...hostSides.map((side, index) => ({
          id: `cluster:${index + 1}`,
          sides: [mirrorSide, side] as const
        })),
        { id: "peers:0", sides: [mirrorSide] as const }
      ]

const mortal = (store: StoreShape, doomed: Set<ParticipantId>): StoreShape => ({
  ...store,
  step: (body) =>
    store.step((view) =>
      Effect.tap(body(view), () =>
        doomed.delete(store.self) ? Effect.die(new Crash("before the commit")) : Effect.void
      )
    )
})
