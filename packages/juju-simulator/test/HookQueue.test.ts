// The resolver without processes: what a unit does next, and in which order.
import { describe, expect, it } from "vitest"
import { beforeHook, hookCompleted, hookFailed } from "../src/Completion.ts"
import { nextOperation } from "../src/HookQueue.ts"
import { parseMetadata } from "../src/Metadata.ts"
import { type Model, makeModel, type Profile, type UnitName, unitOf } from "../src/Model.ts"
import {
  addAction,
  addApplication,
  addUnit,
  finalRemoveUnit,
  grantLease,
  relate,
  removeRelation,
  removeUnit,
  setConfig,
  upgradeCharm,
  writeApplicationDatabag,
  writeUnitDatabag
} from "../src/ModelChange.ts"
import { type AgentState, makeAgentState, type Operation } from "../src/Operation.ts"

const METADATA = parseMetadata({
  metadata: {
    name: "app",
    peers: { peers: { interface: "peers" } },
    requires: { db: { interface: "db" } }
  },
  config: { options: { level: { type: "int", default: 1 } } }
})
const DATABASE = parseMetadata({
  metadata: { name: "mysql", provides: { server: { interface: "db" } } }
})

const PEERS = 0
const options = { choose: () => 0, peerAppChangeToLeader: true }

/** A model whose units run hooks that always succeed. */
class Bench {
  readonly model: Model
  readonly states = new Map<UnitName, AgentState>()

  constructor(units: number, profile: Profile = "3.6") {
    this.model = makeModel({ profile })
    addApplication(this.model, "app", METADATA)
    for (let index = 0; index < units; index += 1) this.add("app")
    if (units > 0) grantLease(this.model, "app/0", 60_000)
  }

  add(application: string): UnitName {
    const { name } = addUnit(this.model, application)
    this.states.set(name, makeAgentState(0))
    return name
  }

  state(unit: UnitName): AgentState {
    return this.states.get(unit) ?? makeAgentState(0)
  }

  next(unit: UnitName): Operation | undefined {
    return this.model.units.has(unit)
      ? nextOperation(this.model, unit, this.state(unit), options)
      : undefined
  }

  /** Does one operation; returns its name with the remote side. */
  step(unit: UnitName): string | undefined {
    const operation = this.next(unit)
    if (operation === undefined) return undefined
    if (operation.kind === "leave-model") finalRemoveUnit(this.model, unit)
    if (operation.kind === "resign") this.state(unit).leader = false
    if (operation.kind !== "hook") return operation.kind
    beforeHook(this.model, unitOf(this.model, unit), this.state(unit), operation)
    hookCompleted(this.model, unitOf(this.model, unit), this.state(unit), operation)
    if (this.state(unit).removed) finalRemoveUnit(this.model, unit)
    const remote = operation.remoteUnit ?? operation.remoteApp
    return remote === undefined ? operation.name : `${operation.name} ${remote}`
  }

  /** Runs a unit until it is idle. */
  run(unit: UnitName): ReadonlyArray<string> {
    const names: Array<string> = []
    for (let name = this.step(unit); name !== undefined; name = this.step(unit)) names.push(name)
    return names
  }
}

describe("start of a unit", () => {
  it("M7: the first unit is elected between created and config-changed", () => {
    expect(new Bench(1).run("app/0")).toEqual([
      "install",
      "peers-relation-created app",
      "leader-elected",
      "config-changed",
      "start"
    ])
  })

  it.each([
    ["3.6", ["leader-settings-changed"]],
    ["4.0", []]
  ] as const)(
    "M7, S9: a later unit of profile %s hears the application first, then units",
    (profile, settings) => {
      const bench = new Bench(3, profile)
      bench.run("app/0")
      bench.run("app/1")
      writeApplicationDatabag(bench.model, PEERS, "app", new Map([["k", "v"]]))
      expect(bench.run("app/2")).toEqual([
        "install",
        "peers-relation-created app",
        ...settings,
        "config-changed",
        "start",
        "peers-relation-changed app",
        "peers-relation-joined app/0",
        "peers-relation-changed app/0",
        "peers-relation-joined app/1",
        "peers-relation-changed app/1"
      ])
    }
  )
})

describe("databags", () => {
  const joined = () => {
    const bench = new Bench(2)
    for (const unit of ["app/0", "app/1", "app/0"]) bench.run(unit)
    return bench
  }

  it("M4: three commits before the peer looks are one change; the same value is none", () => {
    const bench = joined()
    for (const value of ["1", "2", "3", "3"]) {
      writeUnitDatabag(bench.model, PEERS, "app/0", new Map([["k", value]]))
    }
    expect(bench.run("app/1")).toEqual(["peers-relation-changed app/0"])
    writeUnitDatabag(bench.model, PEERS, "app/0", new Map([["k", "3"]]))
    expect(bench.run("app/1")).toEqual([])
    expect(bench.run("app/0")).toEqual([])
  })

  it("M5: the leader hears its own application's change in a peer relation, unless told otherwise", () => {
    const bench = joined()
    writeApplicationDatabag(bench.model, PEERS, "app", new Map([["k", "v"]]))
    const documented = { ...options, peerAppChangeToLeader: false }
    expect(nextOperation(bench.model, "app/0", bench.state("app/0"), documented)).toBe(undefined)
    expect(bench.run("app/0")).toEqual(["peers-relation-changed app"])
    expect(bench.run("app/1")).toEqual(["peers-relation-changed app"])
  })

  it("S6: the promised changed comes before everything else of its relation", () => {
    const bench = new Bench(3)
    for (const unit of ["app/1", "app/2", "app/0"]) bench.run(unit)
    writeApplicationDatabag(bench.model, PEERS, "app", new Map([["k", "v"]]))
    expect([bench.step("app/1"), bench.step("app/1")]).toEqual([
      "peers-relation-changed app",
      "peers-relation-joined app/0"
    ])
    writeApplicationDatabag(bench.model, PEERS, "app", new Map([["k", "w"]]))
    removeUnit(bench.model, "app/0")
    expect([bench.step("app/1"), bench.step("app/1"), bench.step("app/1")]).toEqual([
      "peers-relation-changed app/0",
      "peers-relation-departed app/0",
      "peers-relation-changed app"
    ])
  })
})

describe("leaving", () => {
  const related = () => {
    const bench = new Bench(2)
    addApplication(bench.model, "mysql", DATABASE)
    bench.add("mysql")
    const { id } = relate(bench.model, "app:db", "mysql:server")
    for (let round = 0; round < 3; round += 1) {
      for (const unit of bench.states.keys()) bench.run(unit)
    }
    return { bench, id }
  }

  it("M7: a removed unit departs everywhere, breaks what is no peer relation, stops and leaves", () => {
    const { bench } = related()
    removeUnit(bench.model, "app/1")
    const departing = bench.next("mysql/0")
    expect(departing).toMatchObject({ departingUnit: "app/1", remoteUnit: "app/1" })
    expect(bench.run("app/1")).toEqual([
      "peers-relation-departed app/0",
      "db-relation-departed mysql/0",
      "db-relation-broken mysql",
      "stop",
      "remove"
    ])
    expect(bench.run("app/0")).toEqual(["peers-relation-departed app/1"])
    expect(bench.run("mysql/0")).toEqual(["server-relation-departed app/1"])
  })

  it("M7: the departing unit is named as departing on both sides", () => {
    const { bench } = related()
    removeUnit(bench.model, "app/1")
    expect(bench.next("app/1")).toMatchObject({ departingUnit: "app/1", remoteUnit: "app/0" })
  })

  it("S5: a removed relation departs per remote unit, then breaks, and is gone after the last", () => {
    const { bench, id } = related()
    removeRelation(bench.model, id)
    expect(bench.next("app/0")).toMatchObject({ departingUnit: "mysql/0" })
    expect(bench.run("app/0")).toEqual(["db-relation-departed mysql/0", "db-relation-broken mysql"])
    expect(bench.run("mysql/0")).toEqual([
      "server-relation-departed app/0",
      "server-relation-departed app/1",
      "server-relation-broken app"
    ])
    expect(bench.model.relations.has(id)).toBe(true)
    bench.run("app/1")
    expect(bench.model.relations.has(id)).toBe(false)
  })

  it("a unit that was never installed leaves without a hook", () => {
    const bench = new Bench(1)
    removeUnit(bench.model, "app/0")
    expect(bench.run("app/0")).toEqual(["leave-model"])
  })
})

describe("failure", () => {
  it("M11: a failed hook blocks hooks, not actions and commands, until its retry is due", () => {
    const bench = new Bench(1)
    bench.run("app/0")
    setConfig(bench.model, "app", { level: 2 })
    const state = bench.state("app/0")
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
      hookFailed(bench.model, state, { kind: "hook", name: "config-changed" }, "exit status 1", 0)
      return ((state.failed?.retryAt ?? 0) - bench.model.now) / 1000
    })
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300])
    expect(bench.next("app/0")).toBe(undefined)
    addAction(bench.model, "app/0", "backup")
    state.commands.push(1)
    expect(bench.next("app/0")).toEqual({ kind: "action", id: "1" })
    bench.model.actions.clear()
    expect(bench.next("app/0")).toEqual({ kind: "juju-exec", id: 1 })
    state.commands.pop()
    bench.model.now += 300_000
    grantLease(bench.model, "app/0", 60_000)
    expect(bench.step("app/0")).toBe("config-changed")
    expect(bench.run("app/0")).toEqual([])
  })

  it("M11: a failed leader-elected is forgotten when leadership is gone", () => {
    const bench = new Bench(2)
    const state = bench.state("app/0")
    state.installed = true
    hookFailed(bench.model, state, { kind: "hook", name: "leader-elected" }, "exit status 1", 0)
    bench.model.now += 5_000
    grantLease(bench.model, "app/1", 60_000)
    expect(bench.next("app/0")).toEqual({ kind: "skip" })
  })
})

describe("change", () => {
  it("S5: an upgrade runs upgrade-charm and then config-changed", () => {
    const bench = new Bench(1)
    bench.run("app/0")
    upgradeCharm(bench.model, "app", METADATA)
    expect(bench.next("app/0")).toEqual({ kind: "upgrade" })
    const state = bench.state("app/0")
    state.charmRevision = 1
    state.queued = { kind: "hook", name: "upgrade-charm" }
    expect(bench.run("app/0")).toEqual(["upgrade-charm", "config-changed"])
  })

  it("M10: leadership is accepted once per reign, and lost without a hook", () => {
    const bench = new Bench(2)
    for (const unit of ["app/0", "app/1", "app/0"]) bench.run(unit)
    grantLease(bench.model, "app/0", 60_000)
    expect(bench.run("app/0")).toEqual([])
    grantLease(bench.model, "app/1", 60_000)
    expect(bench.run("app/1")).toEqual(["leader-elected"])
    expect(bench.run("app/0")).toEqual(["resign", "leader-settings-changed"])
  })

  it("S4: update-status comes only when nothing else is pending", () => {
    const bench = new Bench(1)
    bench.run("app/0")
    bench.state("app/0").updateStatusDue = true
    expect(bench.run("app/0")).toEqual(["update-status"])
    bench.state("app/0").updateStatusDue = true
    setConfig(bench.model, "app", { level: 3 })
    expect(bench.run("app/0")).toEqual(["config-changed"])
  })
})
