// How long a hook of the member charm takes that has nothing to do, from exec to exit, beside Python loading `ops`:
// what every hook of a charm on ops begins with. Both in turn, in the same run, as processes.
//   npm run bench idle-hook -- --rounds 20
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs, promisify } from "node:util"
import { Simulation } from "@rollcall/juju-simulator"
import { createStandIn, standInCommand } from "@rollcall/microcluster-adapter/stand-in"
import { assemblePythonPeers } from "../../test/peers/PythonPeers.ts"

const LIMIT = 0.6
const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" } } })
const rounds = Number(values.rounds)
const run = promisify(execFile)

/** A member in a cluster of its own, and the distributor above it, as they are deployed. */
const deployed = async (folder: string): Promise<Simulation> => {
  const build = fileURLToPath(new URL("../../apps/example-charm/build.ts", import.meta.url))
  const args = ["--conditions=@rollcall/source", build, "--unpacked-only", "--out", folder]
  await run(process.execPath, args)
  const product = join(folder, "product")
  createStandIn(product, { heartbeatMillis: 0 })
  const sim = await Simulation.make({ seed: 1, updateStatusInterval: 0 })
  await sim.deploy("td", { charm: join(folder, "token-distributor") })
  await sim.deploy("app", {
    charm: join(folder, "member"),
    config: { "cluster-command": standInCommand.join(" ") },
    env: () => ({ STAND_IN_DIR: product, STAND_IN_HOST: "app-0", ROLLCALL_HOST: "app-0" })
  })
  sim.relate("td:microcluster-cluster", "app:cluster")
  // what is cleaned up is cleaned up before anything is measured
  for (let sweep = 0; sweep < 3; sweep++) {
    await sim.settle()
    sim.updateStatus()
  }
  await sim.settle()
  return sim
}

/** One hook of the member in which nothing is new, in millis. */
const idleHook = async (sim: Simulation): Promise<number> => {
  const before = sim.hooks().length
  sim.updateStatus()
  await sim.settle()
  const hooks = sim.hooks().slice(before)
  const own = hooks.find(({ hook, unit }) => unit === "app/0" && hook === "update-status")
  if (own === undefined || own.code !== 0) throw new Error("the member's hook did not run")
  return own.millis
}

const timed = async (file: string, args: ReadonlyArray<string>): Promise<number> => {
  const began = performance.now()
  await run(file, [...args])
  return performance.now() - began
}

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const peers = await assemblePythonPeers()
const folder = await mkdtemp(join(tmpdir(), "rollcall-idle-"))
const sim = await deployed(folder)
try {
  const ours: Array<number> = []
  const theirs: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await idleHook(sim))
    if (peers.kind === "peers") theirs.push(await timed(peers.python, ["-c", "import ops"]))
  }
  console.log(`a hook of the member charm with nothing to do   ${median(ours).toFixed(0)} ms`)
  if (peers.kind === "missing") {
    console.log(`python3 -c 'import ops'   is not in the table: ${peers.reason}`)
  } else {
    const ratio = median(ours) / median(theirs)
    console.log(`python3 -c 'import ops'                         ${median(theirs).toFixed(0)} ms`)
    console.log(`the hook takes ${ratio.toFixed(2)} of it; at most ${LIMIT} is the aim`)
  }
} finally {
  await sim.close()
  if (peers.kind === "peers") await peers.remove()
  await rm(folder, { recursive: true, force: true })
}
