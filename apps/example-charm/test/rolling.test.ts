// A restart that rolls through an application: in turn, one at a time, whoever leads and whatever is lost.
import { afterEach, describe, expect, it } from "vitest"
import { replay } from "./Expected.ts"
import { deployRolls, type Note, type Rolls, type RollsOptions } from "./Rolls.ts"

let rolls: Rolls
afterEach(() => rolls.close())

const start = async (options: RollsOptions): Promise<Rolls> => {
  rolls = await deployRolls(options)
  return rolls
}

const unitsOf = (notes: ReadonlyArray<Note>) => notes.map(({ unit }) => unit)

const expectRisingTokens = () => {
  const tokens = rolls.notes().map(({ token }) => token)
  expect(tokens, replay()).toEqual([...tokens].sort((a, b) => a - b))
  expect(rolls.notes().every(({ lock }) => lock === "restart")).toBe(true)
}

const askAll = async () => {
  for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
  await rolls.sim.settle()
}

/** The hooks in which something ran under the lock, and the hooks that wrote the application's databag. */
const hooksThat = (writer: string, key: string) =>
  rolls.sim.trace.events.flatMap((event) =>
    event.type === "write" && event.owner === writer && event.keys.includes(key) ? [event.seq] : []
  )

describe.each(["native", "v1", "charmlibs"])("in the format %s", (dialect) => {
  const config = { "restart-dialect": dialect }

  it.each([1, 2, 3])(
    "18: five units restart, one at a time, all of them, seed %i",
    async (seed) => {
      await start({ seed, units: 5, config })
      await askAll()
      expect(unitsOf(rolls.notes()).sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
      expectRisingTokens()
      for (const unit of rolls.sim.units("app")) {
        expect(rolls.status(unit), replay()).not.toMatch(/restart/)
      }
    }
  )

  it("23: what is asked for three times while it waits runs once", async () => {
    await start({ units: 2, config: { ...config, "restart-window": "sat 00:00-00:01" } })
    for (const _ of [1, 2, 3]) await rolls.act("app/0", "restart")
    rolls.sim.setConfig("app", { "restart-window": undefined })
    await rolls.sim.settle()
    expect(rolls.notes(), replay()).toHaveLength(1)
  })

  it("19: what fails is tried again as often as the request allows, then it has failed", async () => {
    await start({ units: 2, config: { ...config, "restart-retry-seconds": 0 } })
    rolls.plan("app/0", 1, 1, 1, 1)
    await rolls.act("app/0", "restart", { "max-retry": 2, context: 'say "né" 🙂' })
    for (const _ of [1, 2, 3]) await rolls.sim.advance("6m")
    expect(rolls.notes().map(({ attempt, code }) => [attempt, code])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1]
    ])
    expect(rolls.status("app/0"), replay()).toMatch(/^blocked: .*restart failed: given up after 3/)
    expect(rolls.told().join("\n")).toMatch(
      /^app\/0 failed \[.*the service does not come up.*\] "say \\"né\\" 🙂"$/
    )
  })

  it("20: who holds on keeps its turn until it is done", async () => {
    await start({ units: 3, config: { ...config, "restart-retry-seconds": 1 } })
    const [first = "", second = ""] = rolls.sim.units("app")
    rolls.plan(first, 75, 75)
    await rolls.act(first, "restart")
    await rolls.act(second, "restart")
    for (const _ of [1, 2, 3]) await rolls.sim.advance("6m")
    expect(unitsOf(rolls.notes()), replay()).toEqual([first, first, first, second])
  })

  it("27: a holder that holds on and is removed frees the lock", async () => {
    await start({ units: 3, config: { ...config, "restart-retry-seconds": 3600 } })
    const holder = rolls.sim.units("app").find((unit) => unit !== rolls.leader()) ?? ""
    const waiter = rolls.sim.units("app").find((u) => u !== rolls.leader() && u !== holder) ?? ""
    rolls.plan(holder, 75, 75, 75)
    await rolls.act(holder, "restart", { "max-retry": 1000 })
    await rolls.act(waiter, "restart")
    await rolls.sim.settle()
    expect(unitsOf(rolls.notes()), replay()).toEqual([holder])
    expect(rolls.status(waiter), replay()).toContain(`held by ${holder}`)
    rolls.sim.removeUnit(holder)
    await rolls.sim.settle()
    expect(unitsOf(rolls.notes()), replay()).toEqual([holder, waiter])
  })

  it("37: clocks a day apart change nothing", async () => {
    const day = 86_400_000
    const skewOf = (unit: string) => (Number(unit.split("/")[1]) % 3) * day - day
    await start({ units: 5, config, skewOf })
    await askAll()
    await askAll()
    expect(unitsOf(rolls.notes()).sort(), replay()).toEqual(
      rolls.sim
        .units("app")
        .flatMap((unit) => [unit, unit])
        .sort()
    )
    expectRisingTokens()
  })

  it("41: a hook that fails after the restart tells its end later, and nothing runs twice", async () => {
    await start({ units: 3, config })
    const victim = rolls.sim.units("app").find((unit) => unit !== rolls.leader()) ?? ""
    rolls.sim.faults.add({
      at: "before-commit",
      unit: victim,
      times: Number.POSITIVE_INFINITY,
      effect: ({ unit }) => {
        const ran = rolls.notes().some((note) => note.unit === unit)
        if (!ran || crashed) return undefined
        crashed = true
        return "crash"
      }
    })
    let crashed = false
    await askAll()
    expect(crashed, replay()).toBe(true)
    expect(unitsOf(rolls.notes()).sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
    expect([...rolls.sim.failed()]).toEqual([])
  })

  it("D7, D8: a grant is committed in a hook before the one that runs, and a hook runs one operation", async () => {
    await start({ units: 3, config })
    const leader = rolls.leader()
    const key = dialect === "native" ? "rolling-lock.restart" : "granted_unit"
    const runs: Array<number> = []
    let known = 0
    rolls.sim.faults.add({
      at: "before-commit",
      times: Number.POSITIVE_INFINITY,
      effect: () => {
        const seq = rolls.sim.trace.hooks.length + 1
        const now = rolls.notes().length
        expect(now - known, replay()).toBeLessThanOrEqual(1)
        if (now > known) runs.push(seq)
        known = now
        return undefined
      }
    })
    for (const context of ["one", "two", "three"]) await rolls.act(leader, "restart", { context })
    await rolls.sim.settle()
    expect(unitsOf(rolls.notes())).toEqual([leader, leader, leader])
    const grants = hooksThat("app", key)
    for (const [at, seq] of runs.entries()) {
      expect(grants.filter((each) => each < seq).length, replay()).toBeGreaterThan(at)
    }
  })

  it("46: rolling-status writes nothing", async () => {
    await start({ units: 3, config })
    await askAll()
    const [before, hooks] = [rolls.databags(), rolls.sim.trace.events.length]
    for (const unit of rolls.sim.units("app")) {
      const { results } = await rolls.act(unit, "rolling-status")
      expect(results).toMatchObject({ holders: "nobody", order: "nobody", roll: "not paused" })
      expect(Object.keys(results.units as object)).toEqual(["app-0", "app-1", "app-2"])
    }
    await rolls.sim.settle()
    expect(rolls.databags()).toEqual(before)
    expect(rolls.sim.trace.events.slice(hooks).filter(({ type }) => type === "write")).toEqual([])
  })

  it("D9: nothing in the shared databag names a process", async () => {
    await start({ units: 3, config })
    await askAll()
    expect(Object.keys(rolls.sim.databag("app", "restart")).join()).not.toMatch(/pid/)
  })

  it("32: the leader's machine is lost in the middle of a roll; it finishes, and the next one works", async () => {
    await start({ units: 4, config })
    const leader = rolls.leader()
    rolls.sim.partition(leader)
    for (const unit of rolls.sim.units("app")) if (unit !== leader) await rolls.act(unit, "restart")
    rolls.sim.removeUnit(leader)
    await rolls.sim.advance("2m")
    const rest = rolls.sim.units("app").filter((unit) => unit !== leader)
    expect(unitsOf(rolls.notes()).sort(), replay()).toEqual(rest.toSorted())
    for (const unit of rest) await rolls.act(unit, "restart")
    await rolls.sim.settle()
    expect(unitsOf(rolls.notes()).sort(), replay()).toEqual(rest.flatMap((u) => [u, u]).sort())
    expectRisingTokens()
  })

  it("34: from three units to one to three, with a roll each time", async () => {
    await start({ units: 3, config })
    await askAll()
    for (const unit of rolls.sim.units("app")) {
      if (unit !== rolls.leader()) rolls.sim.removeUnit(unit)
    }
    await rolls.sim.settle()
    await askAll()
    expect(rolls.notes(), replay()).toHaveLength(4)
    await rolls.sim.addUnit("app")
    await rolls.sim.addUnit("app")
    await rolls.sim.settle()
    await askAll()
    expect(rolls.notes(), replay()).toHaveLength(7)
    expectRisingTokens()
  })
})
