// What an adapter of a store offers to be tested: participants that come and go, a store for each, and faults.
// A world is made anew for every check. It runs nothing by itself: whoever tests runs steps and asks who was woken.
// A world whose steps run elsewhere (a Juju hook, a process) must bring failures and defects back as they were.
import type { ParticipantId, Store } from "@rollcall/core"
import type { Effect, Layer, Scope } from "effect"

/** Which sides there are and who sees whom. */
export interface Layout {
  readonly name: "one-sided" | "two-sided"
  /** The side whose leader mirrors. */
  readonly mirrorSide: string
  /** The sides of the hosts; in a two-sided layout each shares one group with the mirrors, and sees nobody else. */
  readonly hostSides: readonly [string, ...ReadonlyArray<string>]
}

/** One group, everybody sees everybody, hosts mirror for themselves (in Juju one peer relation). */
export const oneSided: Layout = { name: "one-sided", mirrorSide: "app", hostSides: ["app"] }

/** Mirrors between two sides of hosts; the mirrors also share a group of their own, their council. */
export const twoSided: Layout = {
  name: "two-sided",
  mirrorSide: "distributor",
  hostSides: ["app", "edge"]
}

/** The sides of a layout, each once. */
export const sidesOf = ({ hostSides, mirrorSide }: Layout): ReadonlyArray<string> => [
  ...new Set([mirrorSide, ...hostSides])
]

/** What an adapter offers to be tested. A participant is named `<side>/<number>`. */
export interface World {
  /** Lets a participant in; the first of a side leads it. */
  readonly enter: (participant: ParticipantId, side: string) => Effect.Effect<void>
  /** Announces a participant that is still to come; only asked of a world that can. */
  readonly expect: (participant: ParticipantId, side: string) => Effect.Effect<void>
  /** Takes a participant away for good; where it led, another one of its side leads. */
  readonly depart: (participant: ParticipantId) => Effect.Effect<void>
  /** Makes a participant the leader of its side. */
  readonly electLeader: (participant: ParticipantId) => Effect.Effect<void>
  /** The store as one participant has it; may be built again at any time, which is a restart of that participant. */
  readonly store: (participant: ParticipantId) => Layer.Layer<Store>
  /** Kills this participant's next step at the worst moment: its body is done, its writes are not. */
  readonly crashNextCommit: (participant: ParticipantId) => Effect.Effect<void>
  /** Waits until what was done has reached everybody it concerns, and takes the names of those it woke. */
  readonly settle: Effect.Effect<ReadonlySet<ParticipantId>>
}

/** Makes an empty world; whatever it holds is given back with the scope. */
export type WorldFactory = (layout: Layout) => Effect.Effect<World, never, Scope.Scope>
