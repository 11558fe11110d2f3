/**
 * Seeded randomness: the only source of chance in the simulator.
 *
 * One generator, one seed: whoever needs a choice (which unit runs next, who wins a lease, how long a retry waits, where
 * a fault strikes) draws from here, so that the seed alone replays the whole run. Not for cryptography.
 */

/** A deterministic stream of choices. */
export interface Random {
  /** A float in [0, 1). */
  next(): number
  /** An integer in [0, bound). */
  below(bound: number): number
  /** One element of a non-empty list, all equally likely. */
  pick<A>(from: ReadonlyArray<A>): A
  /** Lowercase hexadecimal text of the given length. */
  hex(length: number): string
}

/** The stream that belongs to a seed (mulberry32: 32 bits of state, full period). */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    below,
    pick: (from) => {
      const chosen = from[below(from.length)]
      if (chosen === undefined) throw new RangeError("cannot pick from an empty list")
      return chosen
    },
    hex: (length) => Array.from({ length }, () => below(16).toString(16)).join("")
  }
}
