// The two sides of a benchmark: Rollcall's charms and the deployed Python library, in the same simulator, on the same
// cluster product in memory. Members are never pending: the Python library would wait for them in real time.

import { fileURLToPath } from "node:url"
import { HostName } from "@rollcall/core"
import { inProcessDistributor, inProcessMember } from "@rollcall/example-charm/in-process"
import { type InProcessCharm, readDocuments, Simulation } from "@rollcall/juju-simulator"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn, type StandIn } from "@rollcall/microcluster-adapter/stand-in"
import { startPythonBridge } from "../../test/peers/PythonBridge.ts"
import { assemblePythonPeers } from "../../test/peers/PythonPeers.ts"
import { distributorSource, memberSource } from "../../test/peers/Scenario.ts"

/** A deployed model in which nothing has run yet. */
export interface Fleet {
  readonly sim: Simulation
  readonly standIn: StandIn
  readonly close: () => Promise<void>
}

/** Deploys a distributor and `hosts` members that come at once, from `seed`. */
export type Deploy = (seed: number, hosts: number) => Promise<Fleet>

const hostOf = (unit: string): string =>
  `host-${unit.slice(unit.indexOf("/") + 1).padStart(4, "0")}`

const documentsOf = (charm: string) =>
  readDocuments(fileURLToPath(new URL(`../../apps/example-charm/charms/${charm}`, import.meta.url)))

/** The member without its peer relation, which the Python side has not: rolls.ts counts what that takes. */
const memberDocuments = () => {
  const documents = documentsOf("member")
  const { peers: _, ...metadata } = documents.metadata as Readonly<Record<string, unknown>>
  return { ...documents, metadata }
}

/** Rollcall's charms at both ends. */
export const rollcall =
  (delivery: "secrets" | "databags"): Deploy =>
  async (seed, hosts) => {
    const sim = await Simulation.make({ seed, updateStatusInterval: 0 })
    const standIn = makeStandIn({ heartbeatMillis: 0 })
    const run = inProcessMember({
      nowMillis: () => sim.now,
      hostOf: (unit) => HostName.make(hostOf(unit)),
      clusterOf: (host) =>
        MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, host) })
    })
    const distributor = inProcessDistributor(() => sim.now)
    await sim.deploy("d", {
      charm: { ...documentsOf("token-distributor"), run: distributor },
      config: { delivery }
    })
    await sim.deploy("m", { charm: { ...memberDocuments(), run }, units: hosts })
    sim.relate("d:microcluster-cluster", "m:cluster")
    return { sim, standIn, close: () => sim.close() }
  }

/** The deployed library at both ends, unmodified; a sentence that says why not, where Python or its source is missing. */
export const python = async (): Promise<
  { readonly deploy: Deploy; readonly close: () => Promise<void> } | string
> => {
  const peers = await assemblePythonPeers()
  if (peers.kind === "missing") return peers.reason
  const bridge = await startPythonBridge(peers)
  const deploy: Deploy = async (seed, hosts) => {
    const sim = await Simulation.make({ seed, updateStatusInterval: 0 })
    const standIn = makeStandIn({ heartbeatMillis: 0 })
    const member: InProcessCharm = bridge.newMember((argv, host) =>
      standIn(["cluster", ...argv], host)
    )
    await sim.deploy("d", { charm: distributorSource(bridge.newDistributor()) })
    await sim.deploy("m", {
      charm: memberSource(member),
      units: hosts,
      env: (unit) => ({ ROLLCALL_TEST_HOSTNAME: hostOf(unit) })
    })
    sim.relate("d:microcluster-cluster", "m:cluster")
    return { sim, standIn, close: () => sim.close() }
  }
  const close = async () => {
    await bridge.close()
    await peers.remove()
  }
  return { deploy, close }
}
