// What goes wrong in a formation, asked for at every point where it could: by rule in a suite, by chance in a simulation.
import type { ClusterCliOperation, ClusterCliReason, ParticipantId } from "@rollcall/core"

/** A point at which a process can die. A write to the journal that has returned is kept. */
export type CrashPoint =
  | `before ${ClusterCliOperation}`
  | `after ${ClusterCliOperation}`
  | "after the journal"
  | "before an event"
  | "before the commit"

/** Everything that can go wrong. */
export interface Faults {
  /** Whether the process of `participant` dies here. */
  readonly kills: (participant: ParticipantId, point: CrashPoint) => boolean
  /** Why the product refuses this call, if it does; it then has no effect. */
  readonly refuses: (
    participant: ParticipantId,
    operation: ClusterCliOperation
  ) => ClusterCliReason | undefined
  /** Whether a call that has had its effect is reported as failed all the same. */
  readonly losesAnswer: (participant: ParticipantId, operation: ClusterCliOperation) => boolean
  /** Whether the user's code fails on an event. */
  readonly failsEvent: (participant: ParticipantId) => boolean
  /** Whether another one of its side is made leader while its step is on its way. */
  readonly deposes: (participant: ParticipantId) => boolean
  /** Whether the store does not answer. */
  readonly cutsOff: (participant: ParticipantId) => boolean
}

/** Nothing goes wrong. */
export const noFaults: Faults = {
  kills: () => false,
  refuses: () => undefined,
  losesAnswer: () => false,
  failsEvent: () => false,
  deposes: () => false,
  cutsOff: () => false
}

/** Refuses the first calls of `operation`, for one reason after the other. */
export const refuseFirst = (
  operation: ClusterCliOperation,
  reasons: ReadonlyArray<ClusterCliReason>
): Faults => {
  const left = [...reasons]
  return { ...noFaults, refuses: (_, called) => (called === operation ? left.shift() : undefined) }
}
