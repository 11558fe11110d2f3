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
}

/** Nothing goes wrong. */
export const noFaults: Faults = {
  kills: () => false,
  refuses: () => undefined,
  losesAnswer: () => false,
  failsEvent: () => false
}

/** Dies once at the `n`-th point (from 0) of those that match. */
export const killOnce = (
  n: number,
  matches: (point: CrashPoint) => boolean = () => true
): Faults => {
  let left = n
  return { ...noFaults, kills: (_, point) => matches(point) && left-- === 0 }
}

/** Refuses the first calls of `operation`, for one reason after the other. */
export const refuseFirst = (
  operation: ClusterCliOperation,
  reasons: ReadonlyArray<ClusterCliReason>
): Faults => {
  const left = [...reasons]
  return { ...noFaults, refuses: (_, called) => (called === operation ? left.shift() : undefined) }
}
