// All distributor units are lost at once, and others come: nothing is minted again, below every dialect of distributor.
import { afterEach, describe, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "../../../../apps/example-charm/test/Expected.ts"
import { deploy, type Fleet, hostsOf, statusOf } from "../../../../apps/example-charm/test/Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const loseAll = async (): Promise<void> => {
  for (const unit of fleet.sim.units("td")) fleet.sim.removeUnit(unit)
  await fleet.sim.settle()
  expect(fleet.sim.units("td")).toEqual([])
}

const comeBack = async (units: number): Promise<void> => {
  for (let unit = 0; unit < units; unit++) await fleet.sim.addUnit("td")
  await fleet.sim.settle()
  await sweep(fleet, 3)
}

const expectNothingMinted = (adds: number): void => {
  expect(fleet.product.calls().add, replay()).toBe(adds)
  expectOneCluster(fleet)
  for (const { tokens } of fleet.product.state().clusters) {
    expect(
      tokens.filter(({ name }) => hostsOf(fleet).includes(name)),
      replay()
    ).toEqual([])
  }
}

describe.each(["ours", "v2", "v8"] as const)("distributor %s", (distributor) => {
  it.each([1, 2, 3, 4])("twice after the cluster formed, seed %i", async (seed) => {
    const config = { delivery: seed % 2 === 0 ? "databags" : "secrets" }
    fleet = await deploy({ seed, distributor, hosts: 6, distributors: 2, config })
    await fleet.sim.settle()
    const adds = fleet.product.calls().add ?? 0
    for (const units of [1, 2]) {
      await loseAll()
      await comeBack(units)
      expectNothingMinted(adds)
    }
    // and it goes on as before
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    await sweep(fleet)
    expectNothingMinted(adds + 1)
  })

  it.each([5, 6, 7, 8])("while the cluster forms, seed %i", async (seed) => {
    fleet = await deploy({ seed, distributor, hosts: 6, distributors: 2 })
    let left = 10 * seed
    fleet.sim.faults.add({
      at: "before-hook",
      times: Number.MAX_SAFE_INTEGER,
      effect: () => {
        left -= 1
        if (left !== 0) return
        for (const unit of fleet.sim.units("td")) fleet.sim.removeUnit(unit)
      }
    })
    await fleet.sim.settle()
    fleet.sim.faults.clear()
    expect(fleet.sim.units("td"), replay()).toEqual([])
    await comeBack(1)
    await fleet.sim.advance("30m")
    expectOneCluster(fleet)
    // a token that was on its way when all was lost is handed on, not minted again
    expect(fleet.product.calls().join, replay()).toBe(5)
    const minted = new Set(fleet.secrecy.tokens).size
    expect(minted, replay()).toBe(5)
  })
})

it.each([1, 2, 3])("our distributor with deployed members, seed %i", async (seed) => {
  fleet = await deploy({ seed, hosts: ["v2", "v2", "v2", "v2", "v2"] })
  await fleet.sim.settle()
  const adds = fleet.product.calls().add
  await loseAll()
  await comeBack(2)
  expect(fleet.product.calls().add, replay()).toBe(adds)
})

it.each([1, 2, 3])("our distributor with both kinds of member, seed %i", async (seed) => {
  fleet = await deploy({ seed, hosts: ["v2", "ours", "v2", "ours", "v2"] })
  await fleet.sim.settle()
  const adds = fleet.product.calls().add
  await loseAll()
  await comeBack(2)
  expect(fleet.product.calls().add, replay()).toBe(adds)
  expect(statusOf(fleet, fleet.sim.leader("td") ?? ""), replay()).toMatch(/^active: /)
})
