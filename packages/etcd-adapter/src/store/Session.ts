// What one participant's process knows between its steps: what it sees, what it wrote, and whether it leads.
// It is changed by three: the watches (Following), the steps (Committing) and the election (Leading).
import type { ParticipantId } from "@rollcall/core"
import { type Effect, Latch, type Scope } from "effect"
import type { EtcdShape, Lease } from "../client/Etcd.ts"
import { nothingOwn, type OwnRegisters } from "./OwnRegisters.ts"
import { Sight } from "./Sight.ts"
import { type EtcdGroup, type StoreKeys, storeKeys } from "./StoreKeys.ts"

/** Who takes part, in what. */
export interface EtcdStoreOptions {
  /** The name of the formation: what is coordinated together, and by nobody else. */
  readonly formation: string
  readonly participant: ParticipantId
  /** The side it stands on; its leader is elected among the participants of this name. */
  readonly side: string
  /** All groups of the formation; every participant is told of the same ones. */
  readonly groups: ReadonlyArray<EtcdGroup>
  /**
   * How long a participant that does not answer still counts as there, in seconds; 600 unless set. Its registers outlive a
   * restart that is shorter. One that founds a cluster and is silent for longer counts as gone.
   */
  readonly absenceSeconds?: number
  /** How long a leader that does not answer still leads, in seconds; 10 unless set. */
  readonly termSeconds?: number
  /** Whether this participant may come to lead its side; true unless set. */
  readonly elects?: boolean
}

/** The participant's key as it was last seen: each commit compares it, and puts it anew. */
export interface Guard {
  readonly modRevision: number
  readonly lease: bigint | undefined
}

/** A lease that is open, and what ends it. */
export interface Tenure {
  readonly lease: Lease
  readonly end: Effect.Effect<void>
}

/** The time for which this process leads: the revision of the leader's key, and the lease it is held under. */
export interface Term extends Tenure {
  readonly revision: number
}

/** One process of a participant. */
export interface Session {
  readonly options: EtcdStoreOptions
  readonly self: ParticipantId
  readonly side: string
  readonly keys: StoreKeys
  /** The groups this participant is in. */
  readonly groups: ReadonlyArray<EtcdGroup>
  readonly etcd: EtcdShape
  /** Where everything ends that this process holds. */
  readonly scope: Scope.Scope
  readonly sight: Sight
  own: OwnRegisters
  /** Undefined where the participant is not there. */
  guard: Guard | undefined
  /** Whether `own` and `guard` are what etcd has; if not they are read anew before the next step. */
  certain: boolean
  registration: Tenure | undefined
  /** The leases this process has written under; one that finds another's was superseded by another process. */
  readonly spokeUnder: Set<bigint>
  term: Term | undefined
  /** Whether it was ever connected. */
  begun: boolean
  /** Open while the watches run, or it is known why they do not, which `problem` says then. */
  readonly told: Latch.Latch
  problem: string | undefined
  /** Opened when somebody may have to run for leader. */
  readonly nudge: Latch.Latch
  readonly wakers: Set<() => void>
}

/** A session that knows nothing yet. */
export const newSession = (
  options: EtcdStoreOptions,
  etcd: EtcdShape,
  scope: Scope.Scope
): Session => {
  const { formation, participant: self, side } = options
  const keys = storeKeys(formation)
  const groups = options.groups.filter(({ sides }) => sides.includes(side))
  return {
    options,
    self,
    side,
    keys,
    groups,
    etcd,
    scope,
    sight: new Sight(self, keys, groups),
    own: nothingOwn,
    guard: undefined,
    certain: false,
    begun: false,
    registration: undefined,
    spokeUnder: new Set(),
    term: undefined,
    told: Latch.makeUnsafe(false),
    problem: undefined,
    nudge: Latch.makeUnsafe(false),
    wakers: new Set()
  }
}

/** Wakes whoever listens to `changes`. */
export const wake = ({ wakers }: Session): void => {
  for (const each of wakers) each()
}

/** Whether this process may write for its side now, as far as it knows. */
export const leads = ({ self, sight, term }: Session): boolean =>
  term !== undefined && sight.lead?.participant === self && sight.lead.term === term.revision

/** The side that this participant sees in a group. */
export const otherSide = ({ sides }: EtcdGroup, side: string): string =>
  sides.find((name) => name !== side) ?? side

/** How long the participant counts as there when it is not, in seconds. */
export const absenceSeconds = ({ options }: Session): number => options.absenceSeconds ?? 600

/** How long a leader leads that does not answer, in seconds. */
export const termSeconds = ({ options }: Session): number => options.termSeconds ?? 10
