// Real processes: the environment, standard input and output, deadlines, actions: M1, M9, M15, S2.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { Simulation, type SimulationOptions } from "../src/index.ts"
import { bashCharm } from "./fixtures/bash-charm.ts"
import { charmOf } from "./fixtures/charm.ts"

const PEERS_ONLY = { name: "app", peers: { peers: { interface: "peers" } } }

const deploy = async (
  charm: string,
  units = 1,
  options: Partial<SimulationOptions> = {}
): Promise<Simulation> => {
  const sim = await Simulation.make({ seed: 1, ...options })
  onTestFinished(() => sim.close())
  await sim.deploy("app", { charm, units })
  return sim
}

/** The text that a unit's hooks left in a file of its charm folder. */
const fileOf = async (sim: Simulation, name: string, unit = 0): Promise<string> =>
  readFileSync(join(await sim.root(), "agents", `unit-app-${unit}`, "charm", name), "utf8")

/** Whether a process does anything; one that ended may stay in the table until its parent looks. */
const isRunning = (pid: string): boolean => {
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && !/\) Z /u.test(readFileSync(stat, "utf8"))
}

describe("a hook process", () => {
  it("M9: has exactly Juju's environment, its folder, and an empty standard input", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == install ]] || exit 0
      tr '\\0' '\\n' </proc/$$/environ | sort >environment
      pwd >folder; readlink /proc/$$/fd/0 >stdin; echo "$#" >arguments`)
    process.env.LEAKED = "yes"
    onTestFinished(() => {
      delete process.env.LEAKED
    })
    const sim = await deploy(charm)
    await sim.settle()
    const root = await sim.root()
    const lines = (await fileOf(sim, "environment")).trim().split("\n")
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/su, 2)))
    expect(env).toMatchObject({
      CHARM_DIR: `${root}/agents/unit-app-0/charm`,
      JUJU_CHARM_DIR: `${root}/agents/unit-app-0/charm`,
      JUJU_HOOK_NAME: "install",
      JUJU_DISPATCH_PATH: "hooks/install",
      JUJU_AGENT_SOCKET_ADDRESS: `${root}/agents/unit-app-0/agent.socket`,
      JUJU_AGENT_SOCKET_NETWORK: "unix",
      JUJU_UNIT_NAME: "app/0",
      JUJU_VERSION: "3.6.8",
      PATH: `${root}/tools/unit-app-0:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin`
    })
    expect(env.JUJU_CONTEXT_ID).toMatch(/^app\/0-install-[0-9a-f]{32}$/u)
    expect(["LEAKED", "HOME", "USER", "JUJU_REMOTE_UNIT"].filter((name) => name in env)).toEqual([])
    expect(await fileOf(sim, "folder")).toBe(`${root}/agents/unit-app-0/charm\n`)
    expect(await fileOf(sim, "stdin")).toBe("/dev/null\n")
    expect(await fileOf(sim, "arguments")).toBe("0\n")
  })

  it("M1, M3: hook commands on PATH share the hook's transaction, also from child processes", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == config-changed ]] || exit 0
      id=$(relation-ids peers)
      bash -c "relation-set -r $id k='a b'"
      relation-get -r "$id" k "$JUJU_UNIT_NAME" >read
      relation-get -r 99 k app/0 2>errors; echo "rc $?" >>errors
      printf 'long: "%s"\\n' "$(head -c 100000 /dev/zero | tr '\\0' x)" | relation-set -r "$id" --file -`)
    const sim = await deploy(charm)
    await sim.settle()
    expect(await fileOf(sim, "read")).toBe("a b\n")
    expect(await fileOf(sim, "errors")).toBe(
      'ERROR invalid value "99" for option -r: relation not found\nrc 2\n'
    )
    expect(sim.databag("app/0", "peers").k).toBe("a b")
    expect(sim.databag("app/0", "peers").long).toHaveLength(100_000)
    expect(sim.hooks({ name: "config-changed" })[0]?.calls).toBe(5)
  })

  it("M9: ends when its process does, whatever a child does with the pipes", async () => {
    const charm = bashCharm(
      '[[ $JUJU_HOOK_NAME == start ]] && { sleep 60 & echo "$!" >pid; }; true'
    )
    const sim = await deploy(charm)
    await sim.settle()
    const [record] = sim.hooks({ name: "start" })
    expect(record?.outcome).toBe("committed")
    expect(record?.millis).toBeLessThan(5_000)
    expect(record?.millis).toBeGreaterThanOrEqual(100)
    const pid = (await fileOf(sim, "pid")).trim()
    expect(isRunning(pid)).toBe(true)
    await sim.close()
    expect(isRunning(pid)).toBe(false)
  })

  it("M1: a child that outlives its hook finds no socket", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == start ]] || exit 0
      { sleep 0.3; is-leader 2>&1; echo "rc $?"; touch done; } >late &`)
    const sim = await deploy(charm)
    await sim.settle()
    await expect.poll(() => fileOf(sim, "done").catch(() => "not yet")).toBe("")
    const socket = `${await sim.root()}/agents/unit-app-0/agent.socket`
    expect(await fileOf(sim, "late")).toBe(
      `ERROR dial unix ${socket}: connect: no such file or directory\nrc 1\n`
    )
  })

  it("M1: a child that outlives its hook has no part in a later one", async () => {
    const charm = bashCharm(`
      case $JUJU_HOOK_NAME in
        install) echo "$JUJU_CONTEXT_ID" >old ;;
        start) JUJU_CONTEXT_ID=$(<old) is-leader 2>mismatch; echo "rc $?" >>mismatch ;;
      esac`)
    const sim = await deploy(charm)
    await sim.settle()
    expect(await fileOf(sim, "mismatch")).toMatch(
      /^ERROR bad request: expected context id "app\/0-start-.*", got "app\/0-install-.*"\nrc 1\n$/u
    )
  })

  it("is killed with its group at the deadline; nothing is committed", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == config-changed ]] || exit 0
      relation-set -r "$(relation-ids peers)" k=v; sleep 60 & echo "$!" >pid; wait`)
    const sim = await deploy(charm, 1, { hookDeadlineMillis: 300, maxRetries: 0 })
    await sim.settle()
    const [record] = sim.hooks({ name: "config-changed" })
    expect(record).toMatchObject({ outcome: "lost", error: "hook ran longer than 300 ms" })
    expect(isRunning((await fileOf(sim, "pid")).trim())).toBe(false)
    expect(sim.databag("app/0", "peers").k).toBe(undefined)
  })

  it("a charm without dispatch runs its hooks folder, and what it lacks counts as done", async () => {
    const charm = bashCharm("", { dispatch: "", "hooks/start": "#!/bin/bash\ntouch started\n" })
    const sim = await deploy(charm)
    await sim.settle()
    expect(sim.hooks().map(({ hook, outcome }) => `${hook} ${outcome}`)).toEqual([
      "install absent",
      "peers-relation-created absent",
      "leader-elected absent",
      "config-changed absent",
      "start committed"
    ])
    expect(await fileOf(sim, "started")).toBe("")
  })

  it("S2: a crash keeps the files and loses the databag; the retry finds both so", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == config-changed ]] || exit 0
      id=$(relation-ids peers)
      relation-get -r "$id" k app/0 >>seen; echo end >>seen
      relation-set -r "$id" k=v`)
    const sim = await deploy(charm)
    sim.faults.add({ at: "before-commit", effect: "crash", hook: "config-changed" })
    await sim.settle()
    expect(await fileOf(sim, "seen")).toBe("end\nend\n")
    expect(sim.hooks({ name: "config-changed" }).map(({ outcome }) => outcome)).toEqual([
      "lost",
      "committed"
    ])
    expect(sim.databag("app/0", "peers").k).toBe("v")
  })

  it("S2: a crash after a hook command kills the process there", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == config-changed ]] || exit 0
      echo 1 >>steps; is-leader; echo 2 >>steps; is-leader; echo 3 >>steps`)
    const sim = await deploy(charm, 1, { maxRetries: 0 })
    sim.faults.add({ at: "after-call", call: 2, effect: "restart", hook: "config-changed" })
    await sim.settle()
    expect(await fileOf(sim, "steps")).toBe("1\n2\n")
  })

  it("runs units of different machines at once when told to", async () => {
    const charm = bashCharm("[[ $JUJU_HOOK_NAME != install ]] || sleep 0.3")
    const sim = await deploy(charm, 4, { concurrency: 4 })
    const before = performance.now()
    await sim.settle()
    expect(performance.now() - before).toBeLessThan(4 * 300 + 1_500)
    expect(sim.failed().size).toBe(0)
    expect(sim.hooks({ name: "peers-relation-joined" })).toHaveLength(12)
  })

  it("S3: runs units of one machine one after the other, however many may run at once", async () => {
    const charm = bashCharm(`
      [[ $JUJU_HOOK_NAME == install ]] || exit 0
      echo begin >>"$LOG"; sleep 0.1; echo end >>"$LOG"`)
    const sim = await Simulation.make({ seed: 1, concurrency: 3 })
    onTestFinished(() => sim.close())
    const log = join(charm, "log")
    const machines = ["0", "0", "0"]
    await sim.deploy("app", { charm, units: 3, machines, env: () => ({ LOG: log }) })
    await sim.settle()
    expect(readFileSync(log, "utf8")).toBe("begin\nend\n".repeat(3))
  })

  it("S1: gives the same trace as the same charm in process", async () => {
    const real = await deploy(bashCharm("is-leader; true"), 3)
    await real.settle()
    const inProcess = await Simulation.make({ seed: 1 })
    const charm = charmOf(async ({ tool }) => {
      await tool("is-leader")
      return undefined
    })
    await inProcess.deploy("app", { charm: { ...charm, metadata: PEERS_ONLY }, units: 3 })
    await inProcess.settle()
    expect(inProcess.trace.toString()).toBe(real.trace.toString())
  })

  it("adds environment and a wrapper on request", async () => {
    const charm = bashCharm('[[ $JUJU_HOOK_NAME == install ]] && echo "$EXTRA $NICE" >extra; true')
    const sim = await Simulation.make({ seed: 1 })
    onTestFinished(() => sim.close())
    await sim.deploy("app", {
      charm,
      env: (unit) => ({ EXTRA: unit }),
      wrapHook: () => ["env", "NICE=yes"]
    })
    await sim.settle()
    expect(await fileOf(sim, "extra")).toBe("app/0 yes\n")
  })
})

describe("an action", () => {
  const charm = () =>
    bashCharm(`
      [[ $JUJU_DISPATCH_PATH == actions/* ]] || exit 0
      echo "out [$JUJU_HOOK_NAME] $JUJU_ACTION_NAME"
      relation-set -r "$(relation-ids peers)" done="$(action-get target)"
      action-log progress; action-set a.b=1
      case $(action-get target) in
        fail) action-fail "no space" ;;
        crash) exit 3 ;;
      esac`)

  it("M15: returns results and is flushed", async () => {
    const sim = await deploy(charm())
    await sim.settle()
    const outcome = await sim.runAction("app/0", "backup")
    expect(outcome).toMatchObject({ status: "completed", results: { a: { b: "1" } } })
    expect(outcome.results).toMatchObject({ "return-code": 0, stdout: "out [] backup\n" })
    expect(outcome.log.join("\n")).toContain("progress")
    expect(sim.databag("app/0", "peers").done).toBe("disk")
  })

  it("M15: action-fail fails the action and still flushes; a non-zero exit does not", async () => {
    const sim = await deploy(charm())
    await sim.settle()
    const failed = await sim.runAction("app/0", "backup", { target: "fail" })
    expect(failed).toMatchObject({ status: "failed", message: "no space" })
    expect(sim.databag("app/0", "peers").done).toBe("fail")
    const crashed = await sim.runAction("app/0", "backup", { target: "crash" })
    expect(crashed).toMatchObject({ status: "failed", message: "exit status 3" })
    expect(sim.databag("app/0", "peers").done).toBe("fail")
    expect(sim.failed().size).toBe(0)
  })

  it("M15: an action that the charm lacks fails with Juju's words", async () => {
    const sim = await deploy(bashCharm("", { dispatch: "", "hooks/start": "#!/bin/bash\n" }))
    await sim.settle()
    const outcome = await sim.runAction("app/0", "backup")
    expect(outcome.message).toBe('action not implemented on unit "app/0"')
  })
})
