// M12: the deployed rolling-ops library, unmodified, with its detached workers and /usr/bin/juju-exec.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it, onTestFinished } from "vitest"
import { Simulation } from "../src/index.ts"

const JUJU_EXEC = "/usr/bin/juju-exec"
const python = process.env.ROLLCALL_PYTHON ?? ""

const missing = (): string | undefined => {
  if (!existsSync(python))
    return "set ROLLCALL_PYTHON to the python of a venv with charmlibs-rollingops"
  if (existsSync(JUJU_EXEC)) return `${JUJU_EXEC} exists already, and the library calls that path`
  if (process.getuid?.() !== 0) return `only root may put ${JUJU_EXEC} in place`
  try {
    execFileSync(python, ["-c", "import charmlibs.rollingops"], { stdio: "ignore" })
  } catch {
    return `${python} has no charmlibs-rollingops: pip install it`
  }
  return undefined
}

/** The charm with the library where a packed charm has it: in `venv/`. */
const charmFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "charm-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(fileURLToPath(new URL("fixtures/rolling-charm", import.meta.url)), folder, {
    recursive: true
  })
  symlinkSync(dirname(dirname(python)), join(folder, "venv"))
  return folder
}

it("M12: rolls three units one at a time, the leader among them", {
  timeout: 120_000
}, async (context) => {
  const reason = missing()
  if (reason !== undefined) context.skip(reason)
  const charm = charmFolder()
  const restarts = join(charm, "restarts")
  const sim = await Simulation.make({
    seed: 1,
    python,
    installJujuExec: JUJU_EXEC,
    updateStatusInterval: 0
  })
  onTestFinished(() => sim.close())
  await sim.deploy("app", { charm, units: 3, env: () => ({ RESTARTS: restarts }) })
  await sim.settle()
  sim.setConfig("app", { level: 2 })
  const lines = () =>
    existsSync(restarts) ? readFileSync(restarts, "utf8").trim().split("\n") : []
  await sim.settleUntil(() => lines().length >= 6, 90_000)
  const log = lines()
  for (let index = 0; index < log.length; index += 2) {
    expect(log[index + 1]).toBe(log[index]?.replace("begin", "end"))
  }
  expect(log.filter((line) => line.startsWith("begin")).toSorted()).toEqual([
    "begin app/0",
    "begin app/1",
    "begin app/2"
  ])
  expect([...sim.failed()]).toEqual([])
  expect(sim.hooks({ name: "juju-exec" }).length).toBeGreaterThan(0)
})
