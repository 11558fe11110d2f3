// The differences between stores that the contract allows. Each has a name here; a store that lacks one says why, and
// the reason is printed where the check would have run. Everything else is the contract and has no switch.
import type { Layout } from "./World.ts"

/** What a store may or may not offer beyond the contract, or cannot show to a test. */
export type Capability =
  /** Groups in which everybody sees everybody. */
  | "one-sided"
  /** Groups with two sides. */
  | "two-sided"
  /** An entry meant for one participant is hidden from the others. */
  | "hides-addressed"
  /** An entry meant for one participant wakes no other. */
  | "wakes-addressed-only"
  /** The store knows of participants that are still to come. */
  | "expects"
  /** `changes` is a stream that lives as long as its participant; where it is not, something else wakes it. */
  | "streams-changes"
  /** A step can be killed between its body and its commit. */
  | "crashes"
  /** Steps run on the test's clock. */
  | "test-clock"

/** The capabilities a store lacks, each with the reason in a few words. */
export type Lacks = Readonly<Partial<Record<Capability, string>>>

/** The store has every capability. */
export const lacksNothing: Lacks = {}

/** A capability that is needed and lacking, and why. */
export interface Gap {
  readonly capability: Capability
  readonly reason: string
}

/** The first capability in `needs` that is lacking. */
export const gapIn = (lacks: Lacks, needs: ReadonlyArray<Capability>): Gap | undefined => {
  for (const capability of needs) {
    const reason = lacks[capability]
    if (reason !== undefined) return { capability, reason }
  }
  return undefined
}

/** The capability that a layout needs. */
export const needOf = ({ name }: Layout): Capability => name
