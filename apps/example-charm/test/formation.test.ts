// What it costs to form a cluster, by counts: hooks over all units, and calls of the cluster's command.
import { afterEach, describe, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "./Expected.ts"
import { deploy, type Fleet, type FleetOptions, relationHooks, statusOf } from "./Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const DELIVERIES = ["secrets", "databags"] as const

describe("80 hosts at once", { timeout: 60_000 }, () => {
  for (const delivery of DELIVERIES) {
    it.each([1, 2, 3])(`${delivery}, seed %i`, async (seed) => {
      const hooks = await atOnce({ seed, hosts: 80, config: { delivery } })
      expect(hooks, replay()).toBeLessThanOrEqual(9 * 80 + 20)
      const { add, bootstrap, join, list = 0, ...others } = fleet.product.calls()
      expect({ add, bootstrap, join, others }).toEqual({
        add: 79,
        bootstrap: 1,
        join: 79,
        others: {}
      })
      expect(list, replay()).toBeLessThanOrEqual(4 * 80)
      expect(statusOf(fleet, "td/0")).toBe("active: 80 of 80 hosts joined")
    })

    it(`160 need at most 2.1 times as many, ${delivery}`, async () => {
      const half = await atOnce({ seed: 4, hosts: 80, config: { delivery } })
      await fleet.sim.close()
      const whole = await atOnce({ seed: 4, hosts: 160, config: { delivery } })
      expect(whole / half, replay()).toBeLessThanOrEqual(2.1)
    })
  }
})

describe("one by one", { timeout: 60_000 }, () => {
  it.each([1, 2])(
    "80 hosts with Juju secrets cost at most 12 hooks each, seed %i",
    async (seed) => {
      const hooks = await oneByOne({ seed, hosts: 1, config: { delivery: "secrets" } }, 80)
      expect(hooks, replay()).toBeLessThanOrEqual(12 * 80)
      expect(fleet.product.calls().list, replay()).toBeLessThanOrEqual(4 * 80)
    }
  )

  // two broadcasts for each host are the least there is over databags: the library makes just those and cleans nothing
  // up; how many of their hooks Juju makes one is chance, which the benchmark takes the median of
  it("over databags alone costs no more than the deployed library, clean-up included", async () => {
    const seeds = [1, 2]
    let [ours, theirs, lists, theirLists] = [0, 0, 0, 0]
    for (const seed of seeds) {
      ours += await oneByOne({ seed, hosts: 1, config: { delivery: "databags" } }, 80)
      lists += fleet.product.calls().list ?? 0
      await fleet.sim.close()
      theirs += await oneByOne({ seed, distributor: "v2", hosts: ["v2"] }, 80)
      theirLists += fleet.product.calls().list ?? 0
      await fleet.sim.close()
    }
    expect(ours, `seeds ${seeds.join(", ")}`).toBeLessThanOrEqual(theirs)
    expect(lists * 100).toBeLessThan(theirLists)
  })
})

describe("a hook that has nothing to do calls nothing", () => {
  it.each(["ours", "v2", "v8"] as const)("distributor %s", async (distributor) => {
    fleet = await deploy({ seed: 1, distributor, hosts: 6 })
    await fleet.sim.settle()
    await sweep(fleet, 3)
    const [before, hooks] = [fleet.product.calls(), fleet.sim.hooks().length]
    const foreign = { "foreign-key": "changed" }
    await fleet.sim.jujuExec("td/0", async ({ run }) => {
      const relation = `microcluster-cluster:${fleet.relation}`
      const { code } = await run(
        ["relation-set", "-r", relation, "--file", "-"],
        JSON.stringify(foreign)
      )
      return code
    })
    await sweep(fleet)
    expect(fleet.sim.databag("td/0", fleet.relation)).toMatchObject(foreign)
    expect(fleet.sim.hooks().length - hooks, replay()).toBeGreaterThan(3 * 6)
    expect(fleet.product.calls(), replay()).toEqual(before)
  })

  it("and at rest nothing is written", async () => {
    fleet = await deploy({ seed: 1, hosts: 6 })
    await fleet.sim.settle()
    await sweep(fleet, 3)
    const before = relationHooks(fleet)
    await fleet.sim.advance("2h")
    expect(relationHooks(fleet), replay()).toBe(before)
  })
})

const atOnce = async (options: FleetOptions): Promise<number> => {
  fleet = await deploy({ ...options, peerless: true })
  await fleet.sim.settle()
  await sweep(fleet)
  expectOneCluster(fleet)
  return relationHooks(fleet)
}

const oneByOne = async (options: FleetOptions, hosts: number): Promise<number> => {
  fleet = await deploy({ ...options, peerless: true })
  await fleet.sim.settle()
  while (fleet.sim.units("app").length < hosts) {
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
  }
  await sweep(fleet)
  expectOneCluster(fleet)
  return relationHooks(fleet)
}
