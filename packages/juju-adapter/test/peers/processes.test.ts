// Our charms as they are deployed, and the deployed Python library, each hook a process of its own: nothing of a test's
// stands between them and Juju's tools. One formation for each direction; many seeds are in the tests beside this one.
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Simulation } from "@rollcall/juju-simulator"
import { createStandIn, readStandIn, standInCommand } from "@rollcall/microcluster-adapter/stand-in"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { reportOmission } from "../../../../test/peers/Omission.ts"
import { assemblePythonPeers } from "../../../../test/peers/PythonPeers.ts"

const folder = mkdtempSync(join(tmpdir(), "rollcall-processes-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const build = new URL("../../../../apps/example-charm/build.ts", import.meta.url).pathname
const ours = {
  distributor: join(folder, "token-distributor"),
  member: join(folder, "member")
}

/** Forms a cluster; the first member's charm is the application's, with its options. */
const form = async (distributor: string, members: ReadonlyArray<string>): Promise<Simulation> => {
  const product = mkdtempSync(join(folder, "product-"))
  createStandIn(product, { heartbeatMillis: 0 })
  const sim = await Simulation.make({ seed: 1, concurrency: 2 })
  await sim.deploy("td", { charm: distributor })
  const [first = ""] = members
  await sim.deploy("app", {
    charm: first,
    units: members.length,
    charms: Object.fromEntries(members.map((charm, at) => [`app/${at}`, charm])),
    config: { "cluster-command": standInCommand.join(" ") },
    env: (unit) => {
      const host = unit.replace("/", "-")
      return {
        STAND_IN_DIR: product,
        STAND_IN_HOST: host,
        ROLLCALL_HOST: host,
        ROLLCALL_TEST_HOSTNAME: host
      }
    }
  })
  sim.relate("td:microcluster-cluster", "app:cluster")
  await sim.settle()
  const { clusters } = readStandIn(product)
  const failed = sim.hooks().filter(({ code }) => code !== 0)
  expect({
    clusters: clusters.length,
    members: clusters.flatMap((cluster) => cluster.members.map(({ name }) => name)).sort(),
    failed: failed.map(({ error, hook, unit }) => `${unit} ${hook}: ${error}`)
  }).toEqual({
    clusters: 1,
    members: members.map((_, at) => `app-${at}`),
    failed: []
  })
  return sim
}

const peers = await assemblePythonPeers({ clusterCommand: standInCommand })

if (peers.kind === "missing") {
  reportOmission("our charms beside the deployed Python library, as processes", peers.reason)
  it("says what is missing", () => expect(peers.reason).not.toBe(""))
} else {
  afterAll(() => peers.remove())
  beforeAll(async () => {
    const args = ["--conditions=@rollcall/source", build, "--unpacked-only", "--out", folder]
    await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  }, 70_000)

  describe("as processes", { timeout: 90_000 }, () => {
    it("its distributor with our members", async () => {
      const sim = await form(peers.distributor, [ours.member, ours.member, ours.member])
      await sim.close()
    })

    it("our distributor with both kinds of member", async () => {
      const sim = await form(ours.distributor, [ours.member, peers.member, peers.member])
      await sim.close()
    })
  })
}
