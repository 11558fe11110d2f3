// One roll of the deployed library charmlibs-rollingops, unmodified, with its detached workers, in the same simulator.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Simulation } from "@rollcall/juju-simulator"

const JUJU_EXEC = "/usr/bin/juju-exec"
const FIXTURE = fileURLToPath(
  new URL("../../packages/juju-simulator/test/fixtures/rolling-charm", import.meta.url)
)
const LONGEST_MILLIS = 180_000

/** The roll of so many units; a sentence that says why not, where something is missing. */
export const pythonRoll = () => {
  const python = process.env.ROLLCALL_PYTHON ?? ""
  const reason = missing(python)
  if (reason !== undefined) return reason
  return async (seed: number, units: number) => {
    const charm = mkdtempSync(join(tmpdir(), "charm-"))
    cpSync(FIXTURE, charm, { recursive: true })
    // the library looks for its own package where a packed charm has it
    symlinkSync(dirname(dirname(python)), join(charm, "venv"))
    const restarts = join(charm, "restarts")
    const sim = await Simulation.make({
      seed,
      python,
      installJujuExec: JUJU_EXEC,
      updateStatusInterval: 0
    })
    try {
      await sim.deploy("app", { charm, units, env: () => ({ RESTARTS: restarts }) })
      await sim.settle()
      const before = sim.hooks().length
      sim.setConfig("app", { level: 2 })
      const ended = () =>
        existsSync(restarts) &&
        readFileSync(restarts, "utf8").trim().split("\n").length >= 2 * units
      await sim.settleUntil(ended, LONGEST_MILLIS)
      await sim.settle()
      const ran = sim.hooks().slice(before)
      return {
        hooks: ran.filter(({ hook }) => hook.includes("-relation-")).length,
        execs: ran.filter(({ hook }) => hook === "juju-exec").length
      }
    } finally {
      await sim.close()
      rmSync(charm, { recursive: true, force: true })
    }
  }
}

const missing = (python: string): string | undefined => {
  if (!existsSync(python)) {
    return "set ROLLCALL_PYTHON to the python of a venv with charmlibs-rollingops"
  }
  if (existsSync(JUJU_EXEC)) return `${JUJU_EXEC} exists already, and the library calls that path`
  if (process.getuid?.() !== 0) return `only root may put ${JUJU_EXEC} in place`
  try {
    execFileSync(python, ["-c", "import charmlibs.rollingops"], { stdio: "ignore" })
  } catch {
    return `${python} has no charmlibs-rollingops: pip install it`
  }
  return undefined
}
