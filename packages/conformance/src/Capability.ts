// The differences that the contracts allow, and what not every adapter can show to a test. Each has a name here; who
// lacks one says why, and the reason is printed where the check would have run. Everything else has no switch.
import type { Layout } from "./World.ts"

/** What an adapter may or may not offer. */
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
  /** A leader that lost its side and leads it again within a step is refused like one that does not lead. */
  | "fences-terms"
  /** Others can take steps while the body of one is under way. */
  | "steps-overlap"
  /** A step can be killed between its body and its commit. */
  | "crashes"
  /** Steps run on the test's clock. */
  | "test-clock"
  /** A product's machine can be made to stop answering. */
  | "loses-machines"
  /** A product's tokens can be made too old. */
  | "tokens-age"
  /** A product does not take every name that a host can have. */
  | "refuses-names"

/** The capabilities an adapter lacks, each with the reason in a few words. */
export type Lacks = Readonly<Partial<Record<Capability, string>>>

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
