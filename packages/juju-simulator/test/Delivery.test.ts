// Who hears of what, end to end with in-process charms: M3, M4, M5, M7, M8, S5.
import { describe, expect, it } from "vitest"
import { Simulation } from "../src/index.ts"
import { charmOf, idleCharm, type TestCharm } from "./fixtures/charm.ts"

const deployed = async (seed: number, units: number, charm: TestCharm) => {
  const sim = await Simulation.make({ seed })
  await sim.deploy("app", { charm: charmOf(charm), units })
  sim.electLeader("app/0")
  await sim.settle()
  return sim
}

const namesOf = (sim: Simulation, unit: string) =>
  sim.hooks({ unit }).map(({ hook, remote }) => (remote === "" ? hook : `${hook} ${remote}`))

describe("deploy three and remove the leader", () => {
  it("M7: the first and the last unit's hooks are Juju's", async () => {
    const sim = await Simulation.make({ seed: 1 })
    await sim.deploy("app", { charm: idleCharm, units: 1 })
    await sim.settle()
    await sim.addUnit("app")
    await sim.settle()
    await sim.addUnit("app")
    await sim.settle()
    expect(namesOf(sim, "app/0")).toEqual([
      "install",
      "peers-relation-created app",
      "leader-elected",
      "config-changed",
      "start",
      "peers-relation-joined app/1",
      "peers-relation-changed app/1",
      "peers-relation-joined app/2",
      "peers-relation-changed app/2"
    ])
    expect(namesOf(sim, "app/2")).toEqual([
      "install",
      "peers-relation-created app",
      "leader-settings-changed",
      "config-changed",
      "start",
      "peers-relation-joined app/0",
      "peers-relation-changed app/0",
      "peers-relation-joined app/1",
      "peers-relation-changed app/1"
    ])
    const before = sim.trace.hooks.length
    sim.removeUnit("app/0")
    await sim.settle()
    const after = sim.trace.hooks.slice(before)
    const lines = (unit: string) =>
      after.filter((record) => record.unit === unit).map(({ hook, remote }) => `${hook} ${remote}`)
    expect(lines("app/0")).toEqual([
      "peers-relation-departed app/1",
      "peers-relation-departed app/2",
      "stop ",
      "remove "
    ])
    const [heir, other] = sim.leader("app") === "app/1" ? ["app/1", "app/2"] : ["app/2", "app/1"]
    expect(lines(heir).toSorted()).toEqual(["leader-elected ", "peers-relation-departed app/0"])
    expect(lines(other)).toEqual(["peers-relation-departed app/0"])
    expect(sim.hooks({ name: "peers-relation-broken" })).toEqual([])
  })
})

describe("a transaction", () => {
  it("M3: what a failed hook wrote is gone, what it said stays", async () => {
    const reads: Array<string> = []
    let failures = 1
    const sim = await deployed(1, 2, async ({ name, unit, tool, ask }) => {
      if (name !== "config-changed" || unit !== "app/0") return undefined
      reads.push(await ask("relation-get -r peers:0 k app/0"))
      await tool("relation-set -r peers:0 k=1")
      reads.push(await ask("relation-get -r peers:0 k app/0"))
      await tool("status-set maintenance working")
      if (failures === 0) return undefined
      failures -= 1
      return 1
    })
    expect(reads).toEqual(["", "1", "", "1"])
    const [failed, retried] = sim.hooks({ unit: "app/0", name: "config-changed" })
    expect([failed?.outcome, retried?.outcome]).toEqual(["failed", "committed"])
    expect((retried?.time ?? 0) - (failed?.time ?? 0)).toBeGreaterThanOrEqual(4_000)
    expect(sim.databag("app/0", "peers").k).toBe("1")
    expect(sim.status().app?.units["app/0"]?.workload.message).toBe("working")
  })

  it("M3: nobody hears of what was rolled back", async () => {
    const sim = await Simulation.make({ seed: 3, maxRetries: 0 })
    const charm = charmOf(async ({ name, unit, tool }) => {
      if (name !== "update-status" || unit !== "app/0") return undefined
      await tool("relation-set -r peers:0 k=1")
      return 7
    })
    await sim.deploy("app", { charm, units: 2 })
    await sim.settle()
    const before = sim.trace.hooks.length
    sim.updateStatus("app/0")
    await sim.settle()
    expect(sim.trace.hooks.slice(before).map(({ hook, code }) => [hook, code])).toEqual([
      ["update-status", 7]
    ])
    expect(sim.failed().get("app/0")).toContain("exit status 7")
    expect(sim.status().app?.units["app/0"]?.agent).toEqual({
      status: "error",
      message: 'hook failed: "update-status"'
    })
  })
})

describe("a reboot", () => {
  it("C3: juju-reboot --now ends the hook there, and runs it again after the reboot", async () => {
    const steps: Array<string> = []
    const sim = await deployed(2, 1, async ({ name, tool }) => {
      if (name !== "config-changed") return undefined
      await tool("relation-set -r peers:0", `step${steps.length}=yes`)
      steps.push("before")
      if (steps.length === 1) await tool("juju-reboot --now")
      steps.push("after")
      return undefined
    })
    expect(steps).toEqual(["before", "before", "after"])
    expect(
      Object.keys(sim.databag("app/0", "peers")).filter((key) => key.startsWith("step"))
    ).toEqual(["step1"])
    expect(sim.failed().size).toBe(0)
  })

  it("C3: juju-reboot waits for the end of the hook; the machine starts anew", async () => {
    let reboots = 1
    const sim = await deployed(2, 1, async ({ name, tool }) => {
      if (name === "start" && reboots-- > 0) await tool("juju-reboot")
      return undefined
    })
    expect(namesOf(sim, "app/0").slice(-2)).toEqual(["start", "start"])
  })
})

const STALE = [
  "config-changed old new",
  "peers-relation-changed old new",
  "peers-relation-changed new new"
]
const FRESH = [
  "config-changed new new",
  ...STALE.slice(1).map(() => "peers-relation-changed new new")
]

describe("delivery", () => {
  it("M4: three commits while the peer is busy are one change that reads the last", async () => {
    const reads: Array<string> = []
    const sim = await deployed(4, 2, async ({ name, unit, ask }) => {
      if (name === "peers-relation-changed" && unit === "app/1")
        reads.push(await ask("relation-get k"))
      return undefined
    })
    sim.slow("app/1", 1e-9)
    reads.length = 0
    for (const value of ["1", "2", "3"]) {
      const { code } = await sim.jujuExec("app/0", async ({ run }) => {
        await run(["relation-set", "-r", "peers:0", `k=${value}`])
        return 0
      })
      expect(code).toBe(0)
      if (value === "1") sim.partition("app/1")
    }
    sim.heal("app/1")
    await sim.settle()
    // The first change was heard before the partition; the other two together.
    expect(reads).toEqual(["1", "3"])
  })

  it.each([
    [true, ["app/0", "app/1", "app/2"]],
    [false, ["app/1", "app/2"]]
  ])("M5: peerAppChangeToLeader %s", async (peerAppChangeToLeader, hearers) => {
    const sim = await Simulation.make({ seed: 5, peerAppChangeToLeader })
    await sim.deploy("app", { charm: idleCharm, units: 3 })
    sim.electLeader("app/0")
    await sim.settle()
    const before = sim.trace.hooks.length
    await sim.jujuExec("app/0", async ({ run }) => {
      await run(["relation-set", "-r", "peers:0", "--app", "k=v"])
      await run(["relation-set", "-r", "peers:0", "mine=v"])
      return 0
    })
    await sim.settle()
    const heard = sim.trace.hooks.slice(before)
    const units = (remote: string) =>
      heard
        .filter((record) => record.remote === remote)
        .map(({ unit }) => unit)
        .toSorted()
    expect(units("app")).toEqual(hearers)
    expect(units("app/0")).toEqual(["app/1", "app/2"])
  })

  it.each([
    ["none", STALE],
    ["by hand", FRESH],
    ["by a fault", FRESH]
  ])(
    "M8, S2: another hook sees a peer as of its last relation-changed, the application as of now; restart: %s",
    async (restart, expected) => {
      const seen: Array<string> = []
      const sim = await deployed(6, 2, async ({ name, unit, ask }) => {
        if (unit !== "app/1") return undefined
        if (name === "config-changed" || name === "peers-relation-changed") {
          const mine = await ask("relation-get -r peers:0 k app/0")
          const shared = await ask("relation-get -r peers:0 --app k app")
          seen.push(`${name} ${mine} ${shared}`)
        }
        return undefined
      })
      const write = (value: string) =>
        sim.jujuExec("app/0", async ({ run }) => {
          await run(["relation-set", "-r", "peers:0", `k=${value}`])
          await run(["relation-set", "-r", "peers:0", "--app", `k=${value}`])
          return 0
        })
      await write("old")
      await sim.settle()
      seen.length = 0
      sim.partition("app/1")
      await write("new")
      sim.setConfig("app", { level: 2 })
      if (restart === "by hand") sim.restartAgent("app/1")
      if (restart === "by a fault") {
        const hook = "config-changed"
        sim.faults.add({ at: "before-hook", effect: "restart", unit: "app/1", hook })
      }
      sim.heal("app/1")
      await sim.settle()
      expect(seen).toEqual(expected)
    }
  )

  it("S5: two applications, a relation removed, config reset, charm upgraded", async () => {
    const sim = await Simulation.make({ seed: 7 })
    const server = { name: "mysql", provides: { server: { interface: "db" } } }
    await sim.deploy("app", { charm: idleCharm, units: 2, config: { level: 3 } })
    await sim.deploy("mysql", { charm: charmOf(async () => undefined, server), units: 1 })
    const id = sim.relate("app:db", "mysql:server")
    await sim.settle()
    expect(sim.hooks({ name: "db-relation-changed", remote: "mysql/0" })).toHaveLength(2)
    expect(sim.hooks({ name: "server-relation-joined" })).toHaveLength(2)
    sim.removeRelation(id)
    sim.setConfig("app", { level: undefined })
    await sim.settle()
    expect(sim.hooks({ name: "db-relation-broken" })).toHaveLength(2)
    expect(sim.model.relations.has(id)).toBe(false)
    expect(sim.hooks({ unit: "app/1", name: "config-changed" })).toHaveLength(2)
    sim.upgrade("app", { charm: idleCharm })
    await sim.settle()
    expect(namesOf(sim, "app/1").slice(-2)).toEqual(["upgrade-charm", "config-changed"])
  })

  it("S5: a relation that is removed before its created hook leaves nothing behind", async () => {
    const sim = await Simulation.make({ seed: 2 })
    const server = { name: "mysql", provides: { server: { interface: "db" } } }
    await sim.deploy("mysql", { charm: charmOf(async () => undefined, server), units: 1 })
    await sim.settle()
    await sim.deploy("app", { charm: idleCharm, units: 1 })
    const id = sim.relate("app:db", "mysql:server")
    sim.faults.add({
      at: "before-hook",
      hook: "peers-relation-created",
      effect: () => {
        expect(sim.model.relations.get(id)?.scopes.get("app/0")?.state).toBe("entered")
        sim.removeRelation(id)
      }
    })
    await sim.settle()
    expect(sim.model.relations.has(id)).toBe(false)
    expect(namesOf(sim, "app/0").filter((name) => name.startsWith("db"))).toEqual([])
  })

  it("S5: one application may hold units of different charm code", async () => {
    const ran: Array<string> = []
    const version = (name: string) =>
      charmOf(async (hook) => {
        if (hook.name === "start") ran.push(`${hook.unit} ${name}`)
        return undefined
      })
    const sim = await Simulation.make({ seed: 8 })
    await sim.deploy("app", {
      charm: version("new"),
      units: 2,
      charms: { "app/1": version("old") }
    })
    await sim.addUnit("app", { charm: version("older") })
    await sim.settle()
    expect(ran.toSorted()).toEqual(["app/0 new", "app/1 old", "app/2 older"])
  })
})
