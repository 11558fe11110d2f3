// M10 and S8: the lease on the virtual clock, and the fence at the commit.
import { describe, expect, it } from "vitest"
import { Simulation } from "../src/index.ts"
import { charmOf, idleCharm, type TestCharm } from "./fixtures/charm.ts"

const deploy = async (charm: TestCharm, seed = 1, units = 3) => {
  const sim = await Simulation.make({ seed, updateStatusInterval: 0 })
  await sim.deploy("app", { charm: charmOf(charm), units })
  sim.electLeader("app/0")
  await sim.settle()
  return sim
}

describe("the lease", () => {
  it("M10: is renewed while the holder is reachable; leader-elected runs once", async () => {
    const sim = await deploy(async () => undefined)
    await sim.advance("1h")
    expect(sim.leader("app")).toBe("app/0")
    expect(sim.hooks({ name: "leader-elected" })).toHaveLength(1)
  })

  it("M10: passes on between 30 and 60 s after the holder is cut off, not before", async () => {
    const sim = await deploy(async () => undefined)
    await sim.advance("10s")
    sim.partition("app/0")
    await sim.advance("29s")
    expect(sim.leader("app")).toBe("app/0")
    await sim.advance("31s")
    expect(["app/1", "app/2"]).toContain(sim.leader("app"))
    expect(sim.hooks({ name: "leader-elected" })).toHaveLength(2)
    sim.heal("app/0")
    await sim.settle()
    expect(sim.leader("app")).not.toBe("app/0")
    expect(sim.hooks({ unit: "app/0", name: "leader-settings-changed" })).toHaveLength(1)
  })

  it("M10: a lease that ends goes to a unit that waited for it", async () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const sim = await deploy(async () => undefined, seed, 2)
      sim.expireLease("app")
      expect(sim.leader("app")).toBe("app/1")
    }
  })

  it("M10: the first leader is the seed's choice", async () => {
    const leaders = new Set<string | undefined>()
    for (let seed = 0; seed < 20; seed += 1) {
      const sim = await Simulation.make({ seed })
      await sim.deploy("app", { charm: idleCharm, units: 3 })
      leaders.add(sim.leader("app"))
    }
    expect([...leaders].toSorted()).toEqual(["app/0", "app/1", "app/2"])
  })

  it("M11: an errored leader stays leader", async () => {
    const sim = await Simulation.make({ seed: 1, maxRetries: 0 })
    const charm = charmOf(async ({ name }) => (name === "update-status" ? 1 : 0))
    await sim.deploy("app", { charm, units: 2 })
    sim.electLeader("app/0")
    await sim.settle()
    sim.updateStatus("app/0")
    await sim.settle()
    expect([...sim.failed().keys()]).toEqual(["app/0"])
    await sim.advance("2m")
    expect(sim.leader("app")).toBe("app/0")
  })
})

describe("the fence", () => {
  const writer: TestCharm = async ({ name, unit, tool }) => {
    if (name !== "config-changed" || unit !== "app/0") return undefined
    await tool("relation-set -r peers:0 mine=1")
    await tool("status-set active done")
    const { code } = await tool("relation-set -r peers:0 --app shared=1")
    return code
  }

  it("M10: leadership lost in mid-hook fails the flush, and the unit's databag goes back with it", async () => {
    const sim = await Simulation.make({ seed: 1, maxRetries: 0 })
    await sim.deploy("app", { charm: charmOf(writer), units: 2 })
    sim.electLeader("app/0")
    sim.faults.add({
      at: "before-commit",
      effect: "lose-lease",
      hook: "config-changed",
      unit: "app/0"
    })
    await sim.settle()
    const [record] = sim.hooks({ unit: "app/0", name: "config-changed" })
    expect(record).toMatchObject({ code: 0, outcome: "refused" })
    expect(sim.databag("app/0", "peers").mine).toBe(undefined)
    expect(sim.databag("app", "peers")).toEqual({})
    expect(sim.status().app?.units["app/0"]?.workload.message).toBe("done")
  })

  it("S2: a partition in mid-hook refuses the flush as well", async () => {
    const sim = await Simulation.make({ seed: 1 })
    await sim.deploy("app", { charm: charmOf(writer), units: 2 })
    sim.electLeader("app/0")
    sim.faults.add({
      at: "after-call",
      call: 1,
      effect: "partition",
      unit: "app/0",
      hook: "config-changed"
    })
    await sim.settle()
    expect(sim.databag("app/0", "peers").mine).toBe(undefined)
    expect(sim.failed().has("app/0")).toBe(true)
    sim.heal("app/0")
    sim.electLeader("app/0")
    await sim.settle()
    expect(sim.databag("app", "peers")).toEqual({ shared: "1" })
  })
})

describe("the virtual clock", () => {
  it("S8: update-status comes about every five minutes, and never delays other hooks", async () => {
    const sim = await Simulation.make({ seed: 1 })
    await sim.deploy("app", { charm: idleCharm, units: 2 })
    await sim.settle()
    const wall = performance.now()
    await sim.advance("1h")
    expect(performance.now() - wall).toBeLessThan(2_000)
    const count = sim.hooks({ unit: "app/0", name: "update-status" }).length
    expect(count).toBeGreaterThanOrEqual(10)
    expect(count).toBeLessThanOrEqual(15)
  })

  it("M11, S8: settle retries along the clock, a bounded number of times, and says who is left", async () => {
    const sim = await Simulation.make({ seed: 1, maxRetries: 3, updateStatusInterval: 0 })
    const charm = charmOf(async ({ name }) => (name === "start" ? 4 : 0))
    await sim.deploy("app", { charm })
    await sim.settle()
    const times = sim.hooks({ name: "start" }).map(({ time }) => time)
    expect(times).toHaveLength(4)
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    for (const [index, base] of [5_000, 10_000, 20_000].entries()) {
      expect(gaps[index]).toBeLessThanOrEqual(base)
      expect(gaps[index]).toBeGreaterThanOrEqual(base * 0.8)
    }
    expect(sim.failed().get("app/0")).toBe("start: exit status 4")
  })
})
