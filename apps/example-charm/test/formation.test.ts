// The two charms form clusters in the simulator, in one process: the main job, by numbers.
import { readFileSync } from "node:fs"
import { HostName } from "@rollcall/core"
import { Simulation } from "@rollcall/juju-simulator"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn } from "@rollcall/microcluster-adapter/stand-in"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { inProcessDistributor, inProcessMember } from "../src/in-process.ts"

const charmFiles = (name: string) => {
  const read = (file: string) =>
    parse(readFileSync(new URL(`../charms/${name}/${file}.yaml`, import.meta.url), "utf8"))
  return { metadata: read("metadata"), config: read("config"), actions: read("actions") }
}

const fleet = async (seed: number, hosts: number) => {
  const sim = await Simulation.make({ seed })
  const now = () => sim.now
  const standIn = makeStandIn()
  const run = inProcessMember({
    nowMillis: now,
    hostOf: (unit) => HostName.make(`host-${unit.split("/")[1]}`),
    clusterOf: (host) =>
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, host) })
  })
  await sim.deploy("td", { charm: { ...charmFiles("token-distributor"), run: inProcessDistributor(now) } })
  await sim.deploy("app", { charm: { ...charmFiles("member"), run }, units: hosts })
  sim.relate("td:microcluster-cluster", "app:cluster")
  return { sim, standIn }
}

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
