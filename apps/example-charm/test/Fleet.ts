// The two charms in the simulator, in one process, with a cluster product in memory.
import { readFileSync } from "node:fs"
import { HostName } from "@rollcall/core"
import { Simulation } from "@rollcall/juju-simulator"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn } from "@rollcall/microcluster-adapter/stand-in"
import { parse } from "yaml"
import { inProcessDistributor, inProcessMember } from "../src/in-process.ts"

const charmFiles = (name: string) => {
  const read = (file: string) =>
    parse(readFileSync(new URL(`../charms/${name}/${file}.yaml`, import.meta.url), "utf8"))
  return { metadata: read("metadata"), config: read("config"), actions: read("actions") }
}

/** A distributor and `hosts` members, deployed and related; nothing has run yet. */
export const fleet = async (
  seed: number,
  hosts: number,
  config: Readonly<Record<string, string | number>> = {}
) => {
  const sim = await Simulation.make({ seed })
  const now = () => sim.now
  const standIn = makeStandIn()
  const run = inProcessMember({
    nowMillis: now,
    hostOf: (unit) => HostName.make(`host-${unit.split("/")[1]}`),
    clusterOf: (host) =>
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, host) })
  })
  await sim.deploy("td", {
    charm: { ...charmFiles("token-distributor"), run: inProcessDistributor(now) },
    config
  })
  await sim.deploy("app", { charm: { ...charmFiles("member"), run }, units: hosts })
  sim.relate("td:microcluster-cluster", "app:cluster")
  return { sim, standIn }
}
