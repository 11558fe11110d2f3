// S1, S2, S3, S6: one seed is one run; faults are part of it; invariants stop a run where it breaks.
import { describe, expect, it } from "vitest"
import { hookOrder, singleLeader } from "../src/Invariants.ts"
import { type HookRecord, Simulation } from "../src/index.ts"
import { parseMetadata } from "../src/Metadata.ts"
import { makeModel } from "../src/Model.ts"
import { addApplication, addUnit, grantLease } from "../src/ModelChange.ts"
import { makeRandom } from "../src/Random.ts"
import { Scheduler } from "../src/Scheduler.ts"
import { Trace } from "../src/Trace.ts"
import { charmOf, type TestCharm } from "./fixtures/charm.ts"

/** Everybody counts the hooks it saw, the leader sums up: enough traffic for orders to differ. */
const chatty: TestCharm = async ({ name, tool, ask }) => {
  if (name === "install" || !name.startsWith("peers")) return undefined
  const seen = Number((await ask("relation-get -r peers:0 seen", "app/0")) || "0")
  if (seen < 5) await tool(`relation-set -r peers:0 seen=${seen + 1}`)
  if ((await ask("is-leader")) === "True")
    await tool("relation-set -r peers:0 --app", `sum=${seen}`)
  return undefined
}

const RATES = {
  beforeHook: 0.02,
  afterCall: 0.02,
  beforeCommit: 0.05,
  flush: 0.02,
  restart: 0.5,
  loseLease: 0.01
}

const run = async (seed: number) => {
  const sim = await Simulation.make({ seed, faults: RATES })
  await sim.deploy("app", { charm: charmOf(chatty), units: 4 })
  await sim.settle()
  await sim.addUnit("app")
  sim.removeUnit("app/1")
  await sim.advance("10m")
  sim.faults.clear()
  await sim.settle()
  return sim
}

describe("a seed", () => {
  it("S1: replays the same trace and the same log, and other seeds give others", async () => {
    const [first, again, other] = [await run(11), await run(11), await run(12)]
    expect(again.trace.toString()).toBe(first.trace.toString())
    expect(again.trace.jsonl()).toBe(first.trace.jsonl())
    expect(other.trace.toString()).not.toBe(first.trace.toString())
  })

  it("S2, S6: under random faults a hundred seeds keep order and leadership, and settle", async () => {
    const struck = { fault: 0, lost: 0, refused: 0 }
    for (let seed = 0; seed < 100; seed += 1) {
      const sim = await run(seed)
      expect(sim.failed().size).toBe(0)
      struck.fault += sim.trace.events.filter((event) => event.type === "fault").length
      struck.lost += sim.hooks({ outcome: "lost" }).length
      struck.refused += sim.hooks({ outcome: "refused" }).length
    }
    expect(struck.fault).toBeGreaterThan(100)
    expect(struck.lost).toBeGreaterThan(100)
    expect(struck.refused).toBeGreaterThan(10)
  })

  it("has a trace with documented columns, and a log of keys without values", async () => {
    const sim = await Simulation.make({ seed: 1 })
    await sim.deploy("app", { charm: charmOf(chatty), units: 1 })
    await sim.settle()
    expect(sim.trace.lines().slice(0, 3)).toEqual([
      "00001  00:00:00.000  app/0  install  -  0  committed  0",
      "00002  00:00:00.000  app/0  peers-relation-created  peers:0 app  0  committed  4",
      "00003  00:00:00.000  app/0  leader-elected  -  0  committed  0"
    ])
    const writes = sim.trace
      .jsonl()
      .split("\n")
      .filter((line) => line.includes('"write"'))
    expect(writes.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ type: "write", owner: "app", keys: ["sum"] })
    )
  })
})

describe("the scheduler", () => {
  const ready = (units: ReadonlyArray<string>, machines: Readonly<Record<string, string>> = {}) => {
    const left = new Map(units.map((unit) => [unit, 1_000]))
    const scheduler = new Scheduler(
      {
        units: () => units,
        nextOperation: (unit) => ((left.get(unit) ?? 0) > 0 ? { kind: "upgrade" } : undefined),
        machineOf: (unit) => machines[unit] ?? unit
      },
      makeRandom(1)
    )
    scheduler.wakeAll()
    return { scheduler, left }
  }

  const share = (scheduler: Scheduler, rounds: number) => {
    const counts: Record<string, number> = {}
    for (let round = 0; round < rounds; round += 1) {
      const unit = scheduler.pick()?.unit ?? "none"
      counts[unit] = (counts[unit] ?? 0) + 1
    }
    return counts
  }

  it("S1: chooses evenly among units that have something to do", () => {
    const { scheduler, left } = ready(["a/0", "a/1", "a/2", "a/3"])
    left.set("a/3", 0)
    const counts = share(scheduler, 3_000)
    expect(Object.keys(counts).toSorted()).toEqual(["a/0", "a/1", "a/2"])
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(900)
  })

  it("S2: passes over a slow unit, but runs it when nobody else is ready", () => {
    const { scheduler, left } = ready(["a/0", "a/1"])
    scheduler.setPace("a/1", 0.01)
    expect(share(scheduler, 1_000)["a/1"]).toBeLessThan(30)
    left.set("a/0", 0)
    expect(share(scheduler, 10)).toEqual({ "a/1": 10 })
  })

  it("S3: lets one unit of a machine run at a time", () => {
    const { scheduler } = ready(["a/0", "b/0", "a/1"], { "a/0": "0", "b/0": "0" })
    scheduler.setBusy("0", true)
    expect(share(scheduler, 50)).toEqual({ "a/1": 50 })
    scheduler.setBusy("0", false)
    expect(Object.keys(share(scheduler, 100))).toHaveLength(3)
  })
})

describe("invariants", () => {
  const record = (hook: string, remote: string, outcome: HookRecord["outcome"] = "committed") => ({
    time: 0,
    unit: "app/0",
    hook: `peers-relation-${hook}`,
    relation: "peers:0",
    remote,
    code: 0,
    outcome,
    calls: 0,
    millis: 0
  })

  it.each([
    [[["changed", "app/1"]], "changed before joined"],
    [[["departed", "app/1"]], "departed before joined"],
    [
      [
        ["joined", "app/1"],
        ["changed", "app/2"]
      ],
      "joined of app/1 was not followed by its changed"
    ],
    [
      [
        ["joined", "app/1"],
        ["changed", "app/1"],
        ["joined", "app/1"]
      ],
      "joined twice"
    ],
    [
      [
        ["joined", "app/1"],
        ["changed", "app/1"],
        ["broken", "app"]
      ],
      "broken while units are still members"
    ],
    [
      [
        ["broken", "app"],
        ["changed", "app"]
      ],
      "a hook after broken"
    ]
  ] as const)("S6: hook order: %o", (hooks, problem) => {
    const trace = new Trace(0)
    const check = hookOrder(trace)
    for (const [hook, remote] of hooks) trace.addHook(record(hook, remote))
    expect(check()).toContain(problem)
  })

  it("S6: a failed hook told nobody anything", () => {
    const trace = new Trace(0)
    trace.addHook(record("joined", "app/1", "failed"))
    trace.addHook(record("joined", "app/1"))
    expect(hookOrder(trace)()).toBe(undefined)
  })

  it("S6: terms of a lease never go back, and no term has two holders", () => {
    const model = makeModel()
    const application = addApplication(model, "app", parseMetadata({ metadata: { name: "app" } }))
    addUnit(model, "app")
    const check = singleLeader(model)
    grantLease(model, "app/0", 60_000)
    expect(check()).toBe(undefined)
    const { lease } = application
    if (lease === undefined) throw new Error("no lease was granted")
    application.lease = { ...lease, holder: "app/1" }
    expect(check()).toContain("both hold term 1")
    application.lease = { ...lease, term: 0 }
    expect(check()).toContain("back to 0")
  })

  it("S6: a predicate of the charm stops the run with its seed", async () => {
    let active = 0
    const invariants = { "one at a time": () => (active > 1 ? `${active} at once` : undefined) }
    const sim = await Simulation.make({ seed: 42, invariants })
    const charm = charmOf(async ({ name }) => {
      if (name === "start") active += 1
      return undefined
    })
    await sim.deploy("app", { charm, units: 2 })
    await expect(sim.settle()).rejects.toThrow(/one at a time: 2 at once\nreplay with seed 42/u)
  })
})
