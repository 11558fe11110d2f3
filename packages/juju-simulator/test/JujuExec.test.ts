// M12: juju-exec, as the executable that background workers call and as a call of the test.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { Simulation } from "../src/index.ts"
import { parseExecRequest } from "../src/JujuExec.ts"
import { parseMetadata } from "../src/Metadata.ts"
import { makeModel } from "../src/Model.ts"
import { addApplication, addUnit } from "../src/ModelChange.ts"
import { bashCharm } from "./fixtures/bash-charm.ts"

const deploy = async (charm: string, units = 1): Promise<Simulation> => {
  const sim = await Simulation.make({ seed: 1 })
  onTestFinished(() => sim.close())
  await sim.deploy("app", { charm, units })
  await sim.settle()
  return sim
}

describe("arguments", () => {
  const model = makeModel()
  const peers = { name: "app", peers: { peers: { interface: "peers" } } }
  addApplication(model, "app", parseMetadata({ metadata: peers }))
  addUnit(model, "app")

  it.each([
    [[], "missing unit-name", 2],
    [["-u", "app/0"], "missing commands", 2],
    [["app/9", "true"], 'unit "app/9" not found on this machine', 1],
    [["-u", "app/0", "-r", "x", "true"], "invalid relation id", 2],
    [["-u", "app/0", "-r", "9", "true"], "unknown relation id: 9", 1],
    [["--remote-unit", "b/0", "app/0", "true"], "remote unit: b/0, provided without a relation", 2],
    [["--bogus"], "option provided but not defined: --bogus", 2]
  ])("refuses %o", (args, error, code) => {
    expect(parseExecRequest(model, args)).toEqual({ error, code })
  })

  it("takes one argument as a script, several as words, and a relation", () => {
    expect(parseExecRequest(model, ["app/0", "a; b"])).toMatchObject({ script: "a; b" })
    expect(parseExecRequest(model, ["-u", "app/0", "echo", "it's"])).toMatchObject({
      script: `'echo' 'it'"'"'s'`
    })
    expect(parseExecRequest(model, ["-r", "peers:0", "app/0", "true"])).toMatchObject({
      relation: { relationId: 0, endpoint: "peers" }
    })
  })
})

describe("a command", () => {
  it("flushes whatever its exit code is, passes code and output on, and fails no unit", async () => {
    const sim = await deploy(bashCharm(""))
    const script =
      'relation-set -r "$(relation-ids peers)" k=v; echo "[$JUJU_HOOK_NAME]"; pwd; echo e >&2; exit 7'
    const output = await sim.jujuExec("app/0", script)
    expect(output.code).toBe(7)
    expect(output.stdout).toBe(`[]\n${await sim.root()}/agents/unit-app-0/charm\n`)
    expect(output.stderr).toBe("e\n")
    expect(sim.databag("app/0", "peers").k).toBe("v")
    expect(sim.failed().size).toBe(0)
  })

  it("has no JUJU_DISPATCH_PATH, and the relation that it was given", async () => {
    const sim = await deploy(bashCharm(""))
    const script = "printenv JUJU_DISPATCH_PATH || echo absent $JUJU_RELATION_ID"
    const output = await sim.jujuExec("app/0", script, { relationId: 0, endpoint: "peers" })
    expect(output.stdout).toBe("absent peers:0\n")
  })

  it("still runs while a hook is in error", async () => {
    const sim = await deploy(bashCharm("[[ $JUJU_HOOK_NAME != update-status ]]"))
    sim.updateStatus()
    await sim.advance(0)
    expect(sim.failed().size).toBe(1)
    expect((await sim.jujuExec("app/0", "echo yes")).stdout).toBe("yes\n")
    sim.resolve("app/0", { retry: false })
    expect(sim.failed().size).toBe(0)
  })
})

describe("the executable", () => {
  const worker = `
    env -u JUJU_CONTEXT_ID juju-exec -u "$JUJU_UNIT_NAME" \\
      "JUJU_DISPATCH_PATH=hooks/granted $CHARM_DIR/dispatch" >worker 2>&1
    echo "rc $?" >>worker`

  it("M12: refuses inside a hook", async () => {
    const charm = bashCharm(
      "[[ $JUJU_HOOK_NAME == start ]] && { juju-exec app/0 true 2>refusal; echo rc $? >>refusal; }; true"
    )
    const sim = await deploy(charm)
    const file = join(await sim.root(), "agents/unit-app-0/charm/refusal")
    expect(readFileSync(file, "utf8")).toMatch(
      /^ERROR juju-exec cannot be called from within a hook, have context "app\/0-start-[0-9a-f]+"\nrc 2\n$/u
    )
  })

  it("M12: a detached worker dispatches an event of its own between hooks", async () => {
    const charm = bashCharm(`
      case $JUJU_DISPATCH_PATH in
        hooks/start) (setsid bash -c '${worker.replaceAll("'", `'"'"'`)}' &>/dev/null &) ;;
        hooks/granted) relation-set -r "$(relation-ids peers)" granted=yes; echo ran ;;
      esac`)
    const sim = await deploy(charm, 2)
    await sim.settleUntil(
      () => sim.units().every((unit) => sim.databag(unit, "peers").granted === "yes"),
      10_000
    )
    expect(sim.hooks({ name: "juju-exec" })).toHaveLength(2)
    const file = join(await sim.root(), "agents/unit-app-1/charm/worker")
    await expect.poll(() => readFileSync(file, "utf8")).toBe("ran\nrc 0\n")
  })

  it("M12: stands at a path of its own when asked to, and never replaces anything", async () => {
    const folder = bashCharm("")
    const path = join(folder, "juju-exec")
    const sim = await Simulation.make({ seed: 1, installJujuExec: path })
    await sim.deploy("app", { charm: bashCharm("") })
    await sim.settle()
    expect(readFileSync(path, "utf8")).toContain(await sim.root())
    const second = await Simulation.make({ seed: 1, installJujuExec: path })
    await expect(second.deploy("app", { charm: bashCharm("") })).rejects.toThrow("exists already")
    await second.close()
    expect(readFileSync(path, "utf8")).toContain(await sim.root())
    await sim.close()
    expect(() => readFileSync(path)).toThrow("ENOENT")
  })
})
