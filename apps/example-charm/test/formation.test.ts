// The two charms form clusters in the simulator, in one process: the main job, by numbers.
import { describe, expect, it } from "vitest"
import { fleet } from "./Fleet.ts"

describe("formation", () => {
  it.each([1, 2, 3])("5 hosts, seed %i", async (seed) => {
    const { sim, standIn } = await fleet(seed, 5)
    await sim.settle()
    expect(standIn.calls()).toMatchObject({ bootstrap: 1, add: 4, join: 4 })
    expect([...sim.failed()]).toEqual([])
    await sim.close()
  })
  it("80 hosts", async () => {
    const { sim, standIn } = await fleet(1, 80)
    await sim.settle()
    const hooks = sim.hooks().filter((h) => h.hook.includes("-relation-")).length
    console.log(hooks, standIn.calls(), sim.hooks().length)
    sim.updateStatus()
    await sim.settle()
    console.log(sim.hooks().filter((h) => h.hook.includes("-relation-")).length)
    expect(standIn.calls()).toMatchObject({ bootstrap: 1, add: 79, join: 79 })
    await sim.close()
  })
})
