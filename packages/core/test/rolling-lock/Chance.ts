// Seeded chance: a seed alone replays a run (mulberry32, after Tommy Ettinger).

/** A deterministic stream of choices. */
export interface Chance {
  readonly below: (bound: number) => number
  readonly happens: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

/** The stream that belongs to a seed. */
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
    pick: <A>(from: ReadonlyArray<A>) => from[below(from.length)] as A
  }
}
