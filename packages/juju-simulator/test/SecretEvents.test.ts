// M14: which secret hooks run on whom, end to end; and the join token that exactly one peer may read.
import { describe, expect, it } from "vitest"
import { type InProcessCharm, Simulation } from "../src/index.ts"
import { charmOf, idleCharm } from "./fixtures/charm.ts"

const deploy = async (units = 2) => {
  const sim = await Simulation.make({ seed: 1, updateStatusInterval: 0 })
  await sim.deploy("app", { charm: idleCharm, units })
  sim.electLeader("app/0")
  await sim.settle()
  return sim
}

/** Runs hook commands on a unit in one transaction; returns what the last one printed. */
const tools = async (sim: Simulation, unit: string, ...lines: ReadonlyArray<string>) => {
  let printed = ""
  const program: InProcessCharm = async ({ run }) => {
    for (const line of lines) {
      const { code, stdout, stderr } = await run(line.split(" "))
      printed = code === 0 ? stdout.trim() : stderr.trim()
    }
    return 0
  }
  await sim.jujuExec(unit, program)
  return printed
}

const secretHooks = (sim: Simulation) =>
  sim
    .hooks()
    .filter(({ hook }) => hook.startsWith("secret-"))
    .map(({ unit, hook }) => `${unit} ${hook}`)

describe("secret hooks", () => {
  it("M14: a consumer hears of a new revision once, the owner of one that nobody tracks", async () => {
    const sim = await deploy(3)
    const id = await tools(sim, "app/0", "secret-add token=first")
    await tools(sim, "app/1", `secret-get ${id}`)
    await tools(sim, "app/0", `secret-set ${id} token=second`)
    await sim.settle()
    expect(secretHooks(sim)).toEqual(["app/1 secret-changed"])
    expect(await tools(sim, "app/1", `secret-get ${id} token`)).toBe("first")
    expect(await tools(sim, "app/1", `secret-get ${id} token --refresh`)).toBe("second")
    await sim.settle()
    expect(secretHooks(sim)).toEqual(["app/1 secret-changed", "app/0 secret-remove"])
  })

  it("M14: secret-remove names the revision in its environment, and goes to the leader of the day", async () => {
    const seen: Array<string> = []
    const charm = charmOf(async ({ name, unit, env }) => {
      if (name === "secret-remove")
        seen.push(`${unit} ${env.JUJU_SECRET_REVISION} ${env.JUJU_SECRET_LABEL}`)
      return undefined
    })
    const sim = await Simulation.make({ seed: 1, updateStatusInterval: 0 })
    await sim.deploy("app", { charm, units: 2 })
    sim.electLeader("app/0")
    await sim.settle()
    const id = await tools(sim, "app/0", "secret-add --label join token=first")
    sim.electLeader("app/1")
    await sim.settle()
    await tools(sim, "app/1", `secret-set ${id} token=second`)
    await sim.settle()
    expect(seen).toEqual(["app/1 1 join"])
  })

  it("C2: rotation and expiry come on the virtual clock; expiry again until the revision is gone", async () => {
    const sim = await deploy(1)
    await tools(sim, "app/0", "secret-add --rotate hourly token=value")
    await sim.advance("2h1m")
    expect(secretHooks(sim)).toEqual(["app/0 secret-rotate", "app/0 secret-rotate"])
    const before = secretHooks(sim).length
    const id = await tools(sim, "app/0", "secret-add --expire 10m token=value")
    await sim.advance("9m")
    expect(secretHooks(sim)).toHaveLength(before)
    await sim.advance("7m")
    expect(secretHooks(sim).slice(before)).toEqual(["app/0 secret-expired", "app/0 secret-expired"])
    await tools(sim, "app/0", `secret-remove ${id}`)
    await sim.advance("20m")
    expect(secretHooks(sim)).toHaveLength(before + 2)
  })
})

describe("a join token", () => {
  it("M14: is read by the one peer that it was granted to", async () => {
    const sim = await deploy(3)
    const id = await tools(sim, "app/0", "secret-add --owner unit token=value")
    await tools(sim, "app/0", `secret-grant ${id} -r peers:0 --unit app/2`)
    expect(await tools(sim, "app/2", `secret-get ${id} token`)).toBe("value")
    expect(await tools(sim, "app/1", `secret-get ${id} token`)).toContain("permission denied")
  })
})
