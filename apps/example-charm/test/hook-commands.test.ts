// No hook waits, and none calls many hook commands, however large the fleet is: each is a process of Juju's, some tens of
// milliseconds. What is counted here does not depend on the machine, as the time that a hook takes does. Members are
// without their peer relation: a unit that takes part in a roll reads the databag of each of its peers.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { expectOneCluster, replay, sweep } from "./Expected.ts"
import { deploy, type Fleet, type FleetOptions } from "./Fleet.ts"

let fleet: Fleet
beforeEach(() => {
  // time stands still: a hook that waited for a timer would never end
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] })
})
afterEach(async () => {
  vi.useRealTimers()
  await fleet.sim.close()
})

/** No hook may call more hook commands than that: at 25 ms each they take a second. */
const MOST = 40

/** How many hook commands the costliest hook of each application called. */
const costliest = (): Readonly<Record<string, number>> => {
  const most: Record<string, number> = {}
  for (const { calls, unit } of fleet.sim.hooks()) {
    const application = unit.split("/")[0] ?? ""
    most[application] = Math.max(most[application] ?? 0, calls)
  }
  return most
}

const expectFew = () => {
  const { app = 0, td = 0 } = costliest()
  // a member reads its distributors' databags only
  expect(app, replay()).toBeLessThanOrEqual(20)
  expect(td, replay()).toBeLessThanOrEqual(MOST)
  expect(Math.min(app, td), "hook commands were counted").toBeGreaterThan(5)
}

const grow = async (options: FleetOptions, hosts: number, step: number): Promise<void> => {
  fleet = await deploy({ ...options, peerless: true })
  await fleet.sim.settle()
  while (fleet.sim.units("app").length < hosts) {
    for (let unit = 0; unit < step; unit++) await fleet.sim.addUnit("app")
    await fleet.sim.settle()
  }
  await sweep(fleet)
  expectOneCluster(fleet)
}

describe.each(["secrets", "databags"])("%s", { timeout: 60_000 }, (delivery) => {
  const config = { delivery }

  it.each([1, 2])("80 hosts at once, seed %i", async (seed) => {
    await grow({ seed, hosts: 80, config }, 80, 0)
    expectFew()
  })

  it.each([1, 2])("80 hosts one by one, seed %i", async (seed) => {
    await grow({ seed, hosts: 1, config }, 80, 1)
    expectFew()
  })

  it.each([5, 8, 20])("80 hosts, %i at a time", async (step) => {
    await grow({ seed: 3, hosts: 1, config }, 80, step)
    expectFew()
  })

  it("another distributor takes over, hosts leave, and others come", async () => {
    await grow({ seed: 4, hosts: 40, distributors: 2, config }, 40, 0)
    const leader = fleet.sim.leader("td") ?? ""
    fleet.sim.electLeader(leader === "td/0" ? "td/1" : "td/0")
    await fleet.sim.settle()
    // the product removes nobody before its first heartbeat
    await fleet.sim.advance("1m")
    for (let unit = 10; unit < 30; unit++) fleet.sim.removeUnit(`app/${unit}`)
    await fleet.sim.settle()
    for (let unit = 0; unit < 5; unit++) {
      await fleet.sim.addUnit("app")
      await fleet.sim.settle()
    }
    await sweep(fleet, 8)
    expectOneCluster(fleet)
    expectFew()
  })
})

it("a host that joins a fleet of 150 costs as few as one that joins a fleet of 3", async () => {
  const calls: Array<number> = []
  for (const hosts of [3, 150]) {
    await fleet?.sim.close()
    fleet = await deploy({ seed: 5, hosts, peerless: true })
    await fleet.sim.settle()
    await sweep(fleet, 1)
    const before = fleet.sim.hooks().length
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    const hooks = fleet.sim.hooks().slice(before)
    calls.push(Math.max(...hooks.map((hook) => hook.calls)))
  }
  expect(calls[1], replay()).toBeLessThanOrEqual((calls[0] ?? 0) + 12)
})
