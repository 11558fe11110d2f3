// The order in which Python iterates a set of units. ops hashes a unit by its address in memory, so the order differs
// from one hook to the next and no PYTHONHASHSEED pins it; what depends on it is decided by chance in a deployment.

/** Puts the units of one relation, as one hook sees them, in iteration order. */
export type SetOrder = (units: ReadonlyArray<string>) => ReadonlyArray<string>

/** Sorted, for tests in which the order must not matter. */
export const sortedOrder: SetOrder = (units) => [...units].sort()

/** Another permutation at every call, the same ones again for the same seed. */
export const seededOrder = (seed: number): SetOrder => {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  const random = () => {
    state = Math.imul(state, 1664525) + 1013904223
    return state >>> 0
  }
  return (units) =>
    [...units]
      .sort()
      .map((unit) => ({ unit, rank: random() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ unit }) => unit)
}
