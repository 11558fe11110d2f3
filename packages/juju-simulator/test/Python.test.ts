// M13: an unmodified ops charm, on the ops versions that scripts/python-peers.sh sets up or on ROLLCALL_PYTHON's.
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished, type TestContext } from "vitest"
import { Simulation } from "../src/index.ts"

const charm = fileURLToPath(new URL("fixtures/python-charm", import.meta.url))
const prepared = (major: number) =>
  fileURLToPath(new URL(`../../../.cache/python-peers/ops${major}/bin/python`, import.meta.url))
const chosen = process.env.ROLLCALL_PYTHON
const pythons: ReadonlyArray<readonly [string, string]> = [
  ...(chosen === undefined ? [] : [["ROLLCALL_PYTHON", chosen] as const]),
  ["ops 2", prepared(2)],
  ["ops 3", prepared(3)]
]

const versionOf = (python: string): string | undefined => {
  if (!existsSync(python)) return undefined
  try {
    return execFileSync(python, ["-c", "import ops; print(ops.__version__)"], { encoding: "utf8" })
  } catch {
    return undefined
  }
}

const deploy = async (context: TestContext, python: string, units: number) => {
  if (versionOf(python) === undefined) {
    context.skip(
      `no python with ops at "${python}": run scripts/python-peers.sh or set ROLLCALL_PYTHON`
    )
  }
  const sim = await Simulation.make({ seed: 3, python, updateStatusInterval: 0 })
  onTestFinished(() => sim.close())
  await sim.deploy("app", { charm, units })
  await sim.settle()
  return sim
}

describe.each(pythons)("an ops charm on %s", (_, python) => {
  it("M13: deploys, defers, shares databags and a secret", { timeout: 60_000 }, async (context) => {
    const sim = await deploy(context, python, 2)
    expect([...sim.failed()]).toEqual([])
    sim.setConfig("app", { level: 2 })
    await sim.settle()
    expect(sim.databag("app/0", "peers")).toMatchObject({
      level: "2",
      text: 'two\nlines: "quoted" <&> ü',
      "token-length": "5",
      "app-1": "2"
    })
    expect(sim.status().app?.units["app/1"]?.workload).toEqual({
      status: "active",
      message: "started 1"
    })
    expect(sim.status().app?.version).toBe("1.0")
  })

  it("M13, M12: runs actions, and custom events by juju-exec", {
    timeout: 60_000
  }, async (context) => {
    const sim = await deploy(context, python, 1)
    const done = await sim.runAction("app/0", "backup")
    expect(done).toMatchObject({ status: "completed", results: { target: "disk", planned: "1" } })
    const failed = await sim.runAction("app/0", "backup", { target: "nowhere" })
    expect(failed).toMatchObject({ status: "failed", message: "no such target" })
    const granted = await sim.jujuExec(
      "app/0",
      'JUJU_DISPATCH_PATH=hooks/granted "$CHARM_DIR/dispatch"'
    )
    expect(granted).toMatchObject({ code: 0, stderr: "" })
    expect(sim.databag("app/0", "peers").granted).toBe("yes")
  })
})
