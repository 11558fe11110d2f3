// Units of a deployed library, as it is, and units of ours in one application of the simulated Juju, hooks of different
// units at the same time; either kind leads. One runs at a time, by the lines that runs write when they begin and end, and
// everything that was asked for is run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { Simulation } from "../../../packages/juju-simulator/src/index.ts"
import type { CharmProgram } from "../models/CharmHook.ts"
import { reportOmission } from "../Omission.ts"
import { startZygote } from "../PythonBridge.ts"
import { assembleLockPeers, LOCK_LIBRARIES } from "./LockPeers.ts"
import { ourCharm } from "./OurCharm.ts"

const METADATA = {
  name: "rolling-peer",
  peers: { restart: { interface: "rolling_op" } },
  actions: {
    ask: {
      params: {
        operation: { type: "string" },
        kwargs: { type: "string" },
        "max-retry": { type: "integer" }
      }
    }
  }
}
const SECONDS = 0.15
const HOUR = 3_600_000

const peers = await assembleLockPeers()
afterAll(peers.remove)

interface FleetOptions {
  readonly library: (typeof LOCK_LIBRARIES)[number]
  readonly deployed: CharmProgram
  /** Which units are of ours. */
  readonly ours: ReadonlyArray<number>
  readonly units: number
  readonly seed: number
  readonly skewMillis?: (unit: string) => number
}

const fleetOf = async (options: FleetOptions) => {
  const home = mkdtempSync(join(tmpdir(), "rollcall-mixed-"))
  const runs = join(home, "runs")
  writeFileSync(runs, "")
  const sim = await Simulation.make({
    seed: options.seed,
    concurrency: options.units,
    updateStatusInterval: 0,
    hookDeadlineMillis: 30_000
  })
  onTestFinished(async () => {
    await sim.close()
    rmSync(home, { recursive: true, force: true })
  })
  const { deployed, library: dialect, skewMillis } = options
  const ours = {
    metadata: METADATA,
    run: ourCharm({
      dialect,
      runs,
      seconds: SECONDS,
      journals: new Map(),
      ...(skewMillis === undefined ? {} : { skewMillis })
    })
  }
  await sim.deploy("app", {
    charm: { metadata: METADATA, run: deployed },
    charms: Object.fromEntries(options.ours.map((n) => [`app/${n}`, ours])),
    units: options.units,
    env: () => ({ RUNS: runs, RUN_SECONDS: `${SECONDS}` })
  })
  await sim.settle()
  return { sim, ours, runs: () => readFileSync(runs, "utf8").trim().split("\n").filter(Boolean) }
}

/** Hooks until nobody wants anything: update-status stands for the workers that deployed units start. */
const rollOn = async (sim: Simulation, units: ReadonlyArray<string>, relation: number) => {
  const waiting = () =>
    units.filter((unit) => {
      const bag = sim.databag(unit, relation)
      return (bag.operations ?? "[]") !== "[]" || bag.state?.startsWith("re")
    })
  for (let round = 0; round < 40 && waiting().length > 0; round++) {
    await sim.settle()
    if (waiting().length > 0) sim.updateStatus()
    await sim.settle()
  }
  expect(waiting()).toEqual([])
}

const expectOneAtATime = (runs: ReadonlyArray<string>) => {
  for (let i = 0; i < runs.length; i += 2) {
    expect(runs[i + 1], runs.join("; ")).toBe(runs[i]?.replace("begin", "end"))
  }
}

const KINDS = ["restart", "again", "hold", "restart"]

/** How often an operation of each kind is run: the first try of some asks for another. */
const expectedRuns = (asked: ReadonlyArray<readonly [unit: string, operation: string]>) =>
  asked
    .flatMap(([unit, operation]) => {
      const line = `begin ${unit} ${operation}`
      return operation === "restart" ? [line] : [line, line]
    })
    .sort()

const relationOf = (sim: Simulation): number => {
  const [relation] = sim.model.relations.keys()
  if (relation === undefined) throw new Error("there is no peer relation")
  return relation
}

const askEverybody = async (sim: Simulation, units: ReadonlyArray<string>, seed: number) => {
  const asked: Array<readonly [string, string]> = []
  for (const [i, unit] of units.entries()) {
    for (const offset of [0, 1]) {
      const operation = KINDS[(i + seed + offset) % KINDS.length] ?? "restart"
      const kwargs = JSON.stringify({ why: `quotes " and é 😀`, [`n${offset}`]: 1.5 })
      const params = { operation, kwargs, "max-retry": 5 }
      const outcome = await sim.runAction(unit, "ask", params)
      expect(outcome.status, JSON.stringify(outcome)).toBe("completed")
      asked.push([unit, operation])
    }
  }
  return asked
}

for (const library of LOCK_LIBRARIES) {
  const charm = peers.charms[library]
  if ("missing" in charm) {
    reportOmission(`${library} itself beside our units, in the simulator`, charm.missing)
    it(`says why ${library} is not run`, () => expect(charm.missing).not.toBe(""))
    continue
  }
  const modules = library === "v1" ? ["charms.rolling_ops.v1.rollingops"] : ["charmlibs.rollingops"]
  const zygote = await startZygote(charm.python, peers.lib, modules)
  afterAll(zygote.close)
  const deployed = () => zygote.program(charm.folder)

  describe(`${library} itself beside our units`, { timeout: 120_000 }, () => {
    it.each([
      ["a deployed unit leads", "app/0", [1, 3]],
      ["a unit of ours leads", "app/1", [1, 3]],
      ["a unit of ours leads, alone among deployed ones", "app/2", [2]]
    ] as const)("%s", async (_, leader, ours) => {
      const { runs, sim } = await fleetOf({
        library,
        deployed: deployed(),
        ours,
        units: 4,
        seed: 1
      })
      const units = [0, 1, 2, 3].map((n) => `app/${n}`)
      sim.electLeader(leader)
      await sim.settle()
      const asked = await askEverybody(sim, units, 1)
      await rollOn(sim, units, relationOf(sim))
      const lines = runs()
      expectOneAtATime(lines)
      expect(lines.filter((line) => line.startsWith("begin")).sort()).toEqual(expectedRuns(asked))
      expect([...sim.failed()]).toEqual([])
    })

    it("all units are upgraded to ours in the middle of a roll", async () => {
      const made = await fleetOf({ library, deployed: deployed(), ours: [], units: 3, seed: 3 })
      const { ours, runs, sim } = made
      const units = [0, 1, 2].map((n) => `app/${n}`)
      sim.electLeader("app/0")
      await sim.settle()
      // the leader's own next try would need its worker: there the roll stands still
      const asked = await askEverybody(sim, units, 1)
      await sim.settle()
      expect(runs().length).toBeLessThan(2 * expectedRuns(asked).length)
      sim.upgrade("app", { charm: ours })
      await rollOn(sim, units, relationOf(sim))
      const lines = runs()
      expectOneAtATime(lines)
      expect(lines.filter((line) => line.startsWith("begin")).sort()).toEqual(expectedRuns(asked))
      expect([...sim.failed()]).toEqual([])
    })

    it("our clocks are an hour ahead and behind", async () => {
      const skewMillis = (unit: string) => (unit === "app/1" ? HOUR : -HOUR)
      const { runs, sim } = await fleetOf({
        library,
        deployed: deployed(),
        ours: [1, 3],
        units: 4,
        seed: 2,
        skewMillis
      })
      const units = [0, 1, 2, 3].map((n) => `app/${n}`)
      for (const leader of ["app/0", "app/3"]) {
        sim.electLeader(leader)
        await sim.settle()
        const before = runs().length
        const asked = await askEverybody(sim, units, 2)
        await rollOn(sim, units, relationOf(sim))
        const lines = runs().slice(before)
        expectOneAtATime(lines)
        expect(lines.filter((line) => line.startsWith("begin")).sort()).toEqual(expectedRuns(asked))
      }
      expect([...sim.failed()]).toEqual([])
    })
  })
}
