// Seeded chance: the only source of it here, so that a seed alone replays a run. Not for cryptography.

/** A deterministic stream of choices. */
export interface Chance {
  /** An integer in [0, bound). */
  readonly below: (bound: number) => number
  /** True with this probability in [0, 1]. */
  readonly happens: (probability: number) => boolean
  /** One element of a list that is not empty, all equally likely. */
  readonly pick: <A>(from: readonly [A, ...ReadonlyArray<A>] | ReadonlyArray<A>) => A
}

/** The stream that belongs to a seed (mulberry32, after Tommy Ettinger: 32 bits of state, full period). */
export const makeChance = (seed: number): Chance => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    below,
    happens: (probability) => next() < probability,
    pick: <A>(from: ReadonlyArray<A>) => {
      if (from.length === 0) throw new RangeError("there is nothing to pick from")
      return from[below(from.length)] as A
    }
  }
}
