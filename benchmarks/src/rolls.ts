// How many hooks one roll through all units takes, in each wire format; the deployed Python library beside, where it is.
//   npm run bench rolls -- --units 3,5,10 --seeds 1,2,3
// Counted are the hooks of the peer relation over all units, from the change that asks for the roll to rest; and commands
// by juju-exec, with which the Python library wakes its leader. Highest over the seeds.
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { HostName } from "@rollcall/core"
import { inProcessMember } from "@rollcall/example-charm/in-process"
import { readDocuments, Simulation } from "@rollcall/juju-simulator"
import { MicroclusterCli } from "@rollcall/microcluster-adapter"
import { executeOn, makeStandIn } from "@rollcall/microcluster-adapter/stand-in"
import { modelRoll } from "./rolls-model.ts"
import { pythonRoll } from "./rolls-python.ts"

const { values } = parseArgs({
  options: {
    units: { type: "string", default: "3,5,10" },
    seeds: { type: "string", default: "1,2,3" },
    "without-python": { type: "boolean", default: false }
  }
})
const sizes = values.units.split(",").map(Number)
const seeds = values.seeds.split(",").map(Number)

/** What one roll took. */
export interface RollCount {
  readonly hooks: number
  readonly execs: number
}

/** One roll of `units` from rest to rest. */
type Roll = (seed: number, units: number) => Promise<RollCount>

const MEMBER = fileURLToPath(new URL("../../apps/example-charm/charms/member", import.meta.url))

const ours =
  (dialect: string): Roll =>
  async (seed, units) => {
    const sim = await Simulation.make({ seed, updateStatusInterval: 0 })
    try {
      const product = makeStandIn({ heartbeatMillis: 0 })
      const run = inProcessMember({
        nowMillis: () => sim.now,
        hostOf: (unit) => HostName.make(unit.replace("/", "-")),
        clusterOf: (host) =>
          MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(product, host) })
      })
      await sim.deploy("app", {
        charm: { ...readDocuments(MEMBER), run },
        units,
        config: { "restart-command": "true", "restart-on": "address", "restart-dialect": dialect }
      })
      return await measured(sim, units, () => sim.setConfig("app", { address: "10.0.0.9:8443" }))
    } finally {
      await sim.close()
    }
  }

const measured = async (sim: Simulation, units: number, change: () => void): Promise<RollCount> => {
  await sim.settle()
  const before = sim.hooks().length
  change()
  await sim.settle()
  const { results } = await sim.runAction("app/0", "rolling-status")
  const history = String(results.history ?? "")
  if (history.split(" restart done ").length - 1 < units && results.order !== "nobody") {
    throw new Error(`the roll did not end: ${JSON.stringify(results)}`)
  }
  const ran = sim.hooks().slice(before)
  return {
    hooks: ran.filter(({ hook }) => hook.startsWith("restart-relation-")).length,
    execs: ran.filter(({ hook }) => hook === "juju-exec").length
  }
}

const row = async (label: string, roll: Roll): Promise<void> => {
  const cells: Array<string> = []
  let execs = 0
  for (const units of sizes) {
    let hooks = 0
    for (const seed of seeds) {
      const count = await roll(seed, units)
      hooks = Math.max(hooks, count.hooks)
      execs = Math.max(execs, count.execs)
    }
    cells.push(String(hooks).padStart(10))
  }
  console.log(`${label.padEnd(44)}${cells.join("")}${String(execs).padStart(12)}`)
}

console.log(`one roll, seeds ${seeds.join(", ")}; the highest`)
const heading = sizes.map((units) => `${units} units`.padStart(10)).join("")
console.log(`${"".padEnd(44)}${heading}${"juju-exec".padStart(12)}`)
await row("native", ours("native"))
await row("v1", ours("v1"))
await row("charmlibs", ours("charmlibs"))
await row("rolling_ops v1, a model of it", modelRoll("v1"))
await row("charmlibs-rollingops, a model of it", modelRoll("charmlibs"))
const python = values["without-python"] ? "left out by --without-python" : pythonRoll()
if (typeof python === "string") console.log(`the Python library is not in the table: ${python}`)
else await row("charmlibs-rollingops, Python", python)
