// What a host believes when it sees several mirrors. Pure.
// Of Rollcall's mirrors the one with the highest epoch is right. Deployed distributors carry no epoch: there each key's
// most frequent value wins, and a tie is decided by the smallest value, so that every host decides alike.
import { Redacted } from "effect"
import { blankRoll, type Facts, type Roll } from "./MirrorRecord.ts"
import { PLACEHOLDER } from "./MirrorState.ts"

/** The one roll that follows from all rolls a host sees, in the store's order. */
export const corroborate = (rolls: ReadonlyArray<Roll>): Roll => {
  const native = rolls.filter((roll) => roll.native && roll.up)
  const [first, ...rest] = native
  if (first !== undefined) {
    return rest.reduce((best, roll) => (roll.epoch > best.epoch ? roll : best), first)
  }
  const up = rolls.filter((roll) => roll.up)
  return {
    ...blankRoll,
    up: up.length > 0,
    formed: rolls.some((roll) => roll.formed),
    bootstrapSide: rolls.find((roll) => roll.bootstrapSide !== undefined)?.bootstrapSide,
    facts: mostFrequent(up.map((roll) => roll.facts))
  }
}

/** For each key the most frequent value that is no placeholder; of equally frequent ones the smallest. */
export const mostFrequent = (sources: ReadonlyArray<Facts>): Facts => {
  const counts = new Map<string, Map<string, number>>()
  for (const facts of sources) {
    for (const [key, value] of facts) {
      const text = Redacted.value(value)
      const values = counts.get(key) ?? new Map<string, number>()
      values.set(text, (values.get(text) ?? 0) + 1)
      counts.set(key, values)
    }
  }
  const chosen = new Map<string, Redacted.Redacted<string>>()
  for (const [key, values] of counts) {
    const ranked = [...values].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    const best = ranked.find(([value]) => value !== PLACEHOLDER) ?? ranked[0]
    if (best !== undefined) chosen.set(key, Redacted.make(best[0]))
  }
  return chosen
}
