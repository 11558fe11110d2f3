// The faults of a simulation: everything that can go wrong does so by chance, until it is told to stop.
import type { ClusterCliOperation, ClusterCliReason } from "@rollcall/core"
import type { Chance } from "./Chance.ts"
import type { Faults } from "./Faults.ts"

/** Probabilities in [0, 1] for each point that an execution passes. */
export type Rates = Readonly<Record<keyof Faults, number>>

/** Rates for one run: some runs are calm, some are awful, so that rare sequences are not drowned by frequent ones. */
export const drawRates = (chance: Chance): Rates => ({
  kills: chance.pick([0, 0.02, 0.1, 0.3]),
  refuses: chance.pick([0, 0.1, 0.5]),
  losesAnswer: chance.pick([0, 0.1, 0.5]),
  failsEvent: chance.pick([0, 0, 0.2]),
  deposes: chance.pick([0, 0.05, 0.2]),
  cutsOff: chance.pick([0, 0, 0.1])
})

/** Faults at these rates. */
export const misfortune = (chance: Chance, rates: Rates): Faults => ({
  kills: () => chance.happens(rates.kills),
  refuses: (_, operation) =>
    chance.happens(rates.refuses) ? chance.pick(REASONS[operation]) : undefined,
  losesAnswer: () => chance.happens(rates.losesAnswer),
  failsEvent: () => chance.happens(rates.failsEvent),
  deposes: () => chance.happens(rates.deposes),
  cutsOff: () => chance.happens(rates.cutsOff)
})

// what the products are known to say, rightly or wrongly, and what running their command can come to
const ANYWHERE: ReadonlyArray<ClusterCliReason> = ["busy", "unknown", "timed-out"]
const REASONS: Record<ClusterCliOperation, ReadonlyArray<ClusterCliReason>> = {
  bootstrap: ANYWHERE,
  add: [...ANYWHERE, "name-taken"],
  join: [...ANYWHERE, "token-rejected", "token-expired", "name-taken"],
  list: [...ANYWHERE, "output-unreadable"],
  remove: ANYWHERE
}
