// The contract everything stands on: groups of participants, each the only writer of its own register, and in every
// group one shared register for each side that only that side's leader writes. One `step` reads what is visible and
// stages writes; they become visible together or not at all. Juju databags give exactly this; etcd and memory give
// more, and may be faster, never different.
// A group has one side (everybody sees everybody) or two (each sees only the other side, as in a Juju relation).
// Not promised: that two registers are read at one instant; that `changes` comes once for a change and not more often;
// that a leader knows it was deposed before it writes; that everybody who is there is seen from the first step on.
import { Context, type Effect, type Stream } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { Entries, Write } from "./Register.ts"
import type { StoreError } from "./StoreError.ts"

/** What one participant sees of one group. **Guarantee** S1, S4, S7 */
export interface GroupView {
  readonly id: string
  /** True where everybody sees everybody; then the own register is a source like any other. */
  readonly symmetric: boolean
  /** The participant's own register, its staged writes included (S2). */
  readonly own: Entries
  /** Registers of the others it sees, with the entries that are meant for it; in the store's order. */
  readonly peers: ReadonlyMap<ParticipantId, Entries>
  /** The own side's shared register; undefined where only the leader may read it and this is not the leader. */
  readonly shared: Entries | undefined
  /** The other side's shared register; empty in a symmetric group. */
  readonly counterpart: Entries
  /** The other side's name (in Juju the application); the group's id in a symmetric group. */
  readonly counterpartName: string
}

/** What one participant sees at the start of a step. */
export interface View {
  readonly self: ParticipantId
  /** The own side's name (in Juju the application). */
  readonly side: string
  /** Whether this participant may write the shared registers of its side now; only the commit is certain (S6). */
  readonly leader: boolean
  readonly groups: ReadonlyArray<GroupView>
  /** The group in which the own side's participants see each other, where there is one (in Juju the peer relation). */
  readonly council: GroupView | undefined
  /** The register nobody else sees; its writes belong to the step like all others. */
  readonly private: Entries
}

/** Who is to be expected: asked for only when it matters, for it costs a call in some stores. */
export interface Census {
  /** The own side's participants, this one included, as far as the store knows of them. */
  readonly siblings: ReadonlySet<ParticipantId>
  /** For each group id, participants of the other side, those still to come included. */
  readonly counterparts: ReadonlyMap<string, ReadonlySet<ParticipantId>>
}

/** What an adapter of a store implements. */
export interface StoreShape {
  readonly self: ParticipantId
  /**
   * One decision: `body` sees the view and returns a result and its writes, which become visible together or not at
   * all. **Guarantee** S2, S3, S6. **Fails with** `NotLeader`, `StoreUnavailable`, and whatever `body` fails with; then
   * nothing was written.
   */
  readonly step: <A, E, R>(
    body: (view: View) => Effect.Effect<readonly [A, ReadonlyArray<Write>], E, R>
  ) => Effect.Effect<A, E | StoreError, R>
  /** Who is to be expected. */
  readonly census: Effect.Effect<Census, StoreError>
  /** Wakes this participant after changes it can see or that are meant for it; may coalesce and repeat. **Guarantee** S5 */
  readonly changes: Stream.Stream<void>
}

/** The abstract layer over a store; `MemoryStore`, the Juju adapter and the etcd adapter implement it. */
export class Store extends Context.Service<Store, StoreShape>()("@rollcall/core/Store") {}
