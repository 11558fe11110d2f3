// Hooks are lost at any point, processes die after every effect of the cluster's command, agents restart, leaders change
// in the middle of hooks, units are cut off: one cluster is founded, by one call, and everybody joins in the end.
import { type Chance, makeChance } from "@rollcall/conformance"
import type { FaultRule } from "@rollcall/juju-simulator"
import { afterEach, describe, expect, it } from "vitest"
import { expectOneClusterInTheEnd, replay } from "../../../../apps/example-charm/test/Expected.ts"
import {
  type DistributorKind,
  deploy,
  type Fleet,
  hostsOf,
  membersOf
} from "../../../../apps/example-charm/test/Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const SEEDS = Array.from({ length: 12 }, (_, at) => at + 1)

const gather = async (chance: Chance, seed: number, distributor: DistributorKind) => {
  fleet = await deploy({
    seed,
    distributor,
    hosts: 3 + chance.below(4),
    distributors: 1 + chance.below(3),
    config: { delivery: chance.pick(["secrets", "databags"]) }
  })
}

/** Up to three changes of leader, of either application, in the middle of hooks or at their ends. */
const changeLeaders = (chance: Chance): void => {
  for (let changes = chance.below(4); changes > 0; changes--) {
    const place: Pick<FaultRule, "at" | "call"> = chance.happens(0.5)
      ? { at: "after-call", call: 1 + chance.below(8) }
      : { at: "before-commit" }
    fleet.sim.faults.add({ ...place, hook: /-relation-|leader|start/, effect: "lose-lease" })
  }
}

/** Runs on until all are in: a token in nobody's hands keeps the product from minting another for three hours. */
const finish = async (): Promise<void> => {
  const { sim } = fleet
  await sim.settle()
  for (let round = 0; round < 3; round++) await sim.advance("6m")
  sim.faults.setRates(undefined)
  sim.faults.clear()
  await sim.advance("20m")
  if (hostsOf(fleet).some((host) => !membersOf(fleet).includes(host))) await sim.advance("8h")
  expectOneClusterInTheEnd(fleet)
  expect(fleet.product.calls().bootstrap, replay()).toBe(1)
}

describe.each(["ours", "v2", "v8"] as const)(
  "distributor %s",
  { timeout: 60_000 },
  (distributor) => {
    it.each(SEEDS)(
      "a death after every effect of the command, and new leaders, seed %i",
      async (seed) => {
        const chance = makeChance(seed)
        await gather(chance, seed, distributor)
        changeLeaders(chance)
        const died = new Set<string>()
        fleet.mortality.strikes = (operation, host) => {
          if (operation === "list" || died.has(`${operation} ${host}`)) return false
          died.add(`${operation} ${host}`)
          return true
        }
        await finish()
        const deaths = fleet.mortality.deaths.map((death) => death.split(" ")[0])
        expect(
          deaths.filter((operation) => operation === "join"),
          replay()
        ).toHaveLength(hostsOf(fleet).length - 1)
        expect(deaths, replay()).toContain("add")
      }
    )

    it.each(SEEDS)(
      "hooks lost at any point, agents restarted, leases lost within hooks, seed %i",
      async (seed) => {
        const chance = makeChance(seed + 1000)
        await gather(chance, seed, distributor)
        changeLeaders(chance)
        fleet.sim.faults.setRates({
          beforeHook: 0.02,
          afterCall: 0.005,
          beforeCommit: 0.05,
          flush: 0.05,
          restart: 0.5,
          loseLease: 0.005
        })
        await finish()
        const lost = fleet.sim.hooks().filter(({ outcome }) => outcome !== "committed").length
        expect(lost, replay()).toBeGreaterThan(0)
        expect(fleet.secrecy.tokens, replay()).toHaveLength(hostsOf(fleet).length - 1)
      }
    )
  }
)

it.each(SEEDS)("a leading distributor is cut off while hosts arrive, seed %i", async (seed) => {
  const chance = makeChance(seed + 2000)
  fleet = await deploy({ seed, hosts: 3, distributors: 2 })
  const cut = chance.below(40)
  let hooks = 0
  fleet.sim.faults.add({
    at: "before-hook",
    times: Number.MAX_SAFE_INTEGER,
    effect: () => {
      const leader = fleet.sim.leader("td")
      if (hooks++ === cut && leader !== undefined) fleet.sim.partition(leader)
    }
  })
  await fleet.sim.settle()
  // the lease runs out, the other unit leads, and the first comes back believing that it does
  await fleet.sim.advance("3m")
  await fleet.sim.addUnit("app")
  await fleet.sim.settle()
  for (const unit of fleet.sim.units("td")) fleet.sim.heal(unit)
  await finish()
  expect(fleet.secrecy.sightings, replay()).toEqual([])
})

it.each(SEEDS)("with both ends ours no misfortune ever shows a token, seed %i", async (seed) => {
  const chance = makeChance(seed + 3000)
  await gather(chance, seed, "ours")
  changeLeaders(chance)
  fleet.sim.faults.setRates({ beforeHook: 0.02, beforeCommit: 0.05, flush: 0.05, restart: 0.5 })
  fleet.mortality.strikes = () => chance.happens(0.1)
  await fleet.sim.settle()
  await fleet.sim.advance("20m")
  fleet.mortality.strikes = () => false
  await finish()
  expect(fleet.secrecy.sightings, replay()).toEqual([])
})
