// What Juju and the databags do to a roll: leaders that change, databags that cannot be read, events that come late,
// twice or not at all.
import { afterEach, describe, expect, it } from "vitest"
import { replay } from "./Expected.ts"
import { deployRolls, type Rolls, type RollsOptions } from "./Rolls.ts"

let rolls: Rolls
afterEach(() => rolls.close())

const start = async (options: RollsOptions): Promise<Rolls> => {
  rolls = await deployRolls(options)
  return rolls
}

const ran = () => rolls.notes().map(({ unit }) => unit)

const others = () => rolls.sim.units("app").filter((unit) => unit !== rolls.leader())

/** Writes into a unit's own databag, as something else than the charm would. */
const meddle = (
  unit: string,
  entries: Readonly<Record<string, string>>,
  ...flags: ReadonlyArray<string>
) =>
  rolls.sim.jujuExec(unit, async ({ run }) => {
    const ids = JSON.parse((await run(["relation-ids", "restart", "--format=json"])).stdout)
    const argv = ["relation-set", "-r", ids[0], ...flags, "--file", "-"]
    return (await run(argv, JSON.stringify(entries))).code
  })

describe("a leader", () => {
  it("38: that was granted before it led runs in the hook in which it hears of it", async () => {
    await start({ units: 3 })
    const [unit = ""] = others()
    rolls.sim.faults.add({
      at: "before-hook",
      unit,
      hook: /^restart-relation-changed/,
      effect: () => void rolls.sim.electLeader(unit)
    })
    await rolls.act(unit, "restart")
    await rolls.sim.settle()
    expect(rolls.leader()).toBe(unit)
    expect(ran(), replay()).toEqual([unit])
  })

  it("may change in every hook: all restart once, tokens rise", async () => {
    await start({ units: 5, seed: 3 })
    let at = 0
    rolls.sim.faults.add({
      at: "before-hook",
      times: 60,
      effect: () => {
        const units = rolls.sim.units("app")
        rolls.sim.electLeader(units[at++ % units.length] ?? "")
      }
    })
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    for (const _ of [1, 2, 3]) await rolls.sim.advance("6m")
    expect(ran().sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
    const tokens = rolls.notes().map(({ token }) => token)
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
  })

  it.each(["native", "v1"])(
    "that is deposed in the hook of its restart, at any point, tells its end, %s",
    async (dialect) => {
      for (let call = 4; call <= 16; call++) {
        await start({ units: 3, config: { "restart-dialect": dialect } })
        const leader = rolls.leader()
        const [next = ""] = others()
        rolls.sim.faults.add({
          at: "after-call",
          call,
          unit: leader,
          hook: "restart-relation-changed",
          effect: () => void rolls.sim.electLeader(next)
        })
        await rolls.act(leader, "restart")
        await rolls.sim.settle()
        expect(ran(), `${replay()}, call ${call}`).toEqual([leader])
        const { results } = await rolls.act(next, "rolling-status")
        expect(results.holders, `${replay()}, call ${call}`).toBe("nobody")
        expect(rolls.sim.logs().filter(({ level }) => level === "ERROR")).toEqual([])
        await rolls.close()
      }
      await start({ units: 1 })
    }
  )

  it("24: whose own restart fails on and on does not keep others from theirs", async () => {
    await start({ units: 3 })
    const leader = rolls.leader()
    rolls.plan(leader, ...Array.from({ length: 50 }, () => 1))
    await rolls.act(leader, "restart", { "max-retry": 1000 })
    for (const unit of others()) await rolls.act(unit, "restart")
    await rolls.sim.advance("1h")
    expect(
      ran()
        .filter((unit) => unit !== leader)
        .toSorted(),
      replay()
    ).toEqual(others().toSorted())
    expect(ran().filter((unit) => unit === leader).length).toBeGreaterThan(3)
  })

  it("45: with 500 requests of its own runs them all, one a hook", {
    timeout: 120_000
  }, async () => {
    await start({ units: 2 })
    const leader = rolls.leader()
    for (let each = 0; each < 500; each++) {
      await rolls.act(leader, "restart", { context: `request ${each}` })
    }
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(500)
    expect(rolls.told()[499]).toBe(`${leader} done [] "request 499"`)
  })

  it.each([true, false])(
    "hears of its own grant, or is woken, or both (event: %s)",
    async (selfEvents) => {
      await start({ units: 3, selfEvents })
      const leader = rolls.leader()
      await rolls.act(leader, "restart")
      await rolls.sim.settle()
      if (!selfEvents) {
        expect(ran()).toEqual([])
        expect(rolls.wakes.get(leader)).toBeLessThanOrEqual(rolls.sim.now)
      }
      await rolls.wake(leader)
      await rolls.wake(leader)
      await rolls.sim.settle()
      expect(ran(), replay()).toEqual([leader])
      expect(rolls.wakes.get(leader)).toBeUndefined()
    }
  )
})

describe("a databag", () => {
  it.each(["native", "v1", "charmlibs"])(
    "39: that cannot be read stops nobody else, and is named, %s",
    async (dialect) => {
      await start({ units: 4, config: { "restart-dialect": dialect } })
      const [bad = "", ...good] = others()
      const key = dialect === "native" ? "rolling-lock.restart" : "operations"
      await meddle(bad, { [key]: "{not json", "rolling-lock.restart": "{not json" })
      // cut off, it does not begin its register anew
      rolls.sim.partition(bad)
      for (const unit of good) await rolls.act(unit, "restart")
      await rolls.sim.settle()
      expect(ran().sort(), replay()).toEqual(good.toSorted())
      expect(rolls.status(rolls.leader()), replay()).toContain(
        `the databag of ${bad} counts for nothing`
      )
      expect((await rolls.act(rolls.leader(), "rolling-status")).results.problems).toContain(bad)
      rolls.sim.heal(bad)
      await rolls.act(bad, "restart")
      await rolls.sim.settle()
      expect(ran(), replay()).toContain(bad)
      expect(rolls.status(rolls.leader())).not.toContain(bad)
    }
  )

  it("of the application that cannot be read says so, and a forced release mends it", async () => {
    await start({ units: 2 })
    await meddle(rolls.leader(), { "rolling-lock.restart": "{not json" }, "--app")
    await rolls.act("app/0", "restart")
    await rolls.sim.settle()
    expect(ran()).toEqual([])
    expect(rolls.status("app/0")).toMatch(/the lock cannot be used: .*force a release/)
    await rolls.act(rolls.leader(), "rolling-force-release", { unit: "app/0", reason: "meddled" })
    await rolls.act(rolls.leader(), "rolling-resume")
    await rolls.act("app/0", "restart")
    await rolls.sim.settle()
    expect(ran(), replay()).toContain("app/0")
  })

  it("keeps keys of others", async () => {
    await start({ units: 2 })
    await meddle("app/0", { foreign: "key" })
    await rolls.act("app/0", "restart")
    await rolls.sim.settle()
    expect(rolls.sim.databag("app/0", "restart").foreign).toBe("key")
  })

  it("11: a grant that is out is written once", async () => {
    await start({ units: 3, config: { "restart-retry-seconds": 3600 } })
    const [holder = ""] = others()
    rolls.plan(holder, 75, 75)
    await rolls.act(holder, "restart")
    await rolls.sim.settle()
    const before = rolls.databags()
    rolls.sim.updateStatus()
    await rolls.sim.settle()
    expect(rolls.databags()).toEqual(before)
  })
})

it("a unit that is being removed starts nothing, and its turn is the next one's", async () => {
  await start({ units: 3, config: { "restart-window": "sat 00:00-00:01" } })
  const [going = "", waiter = ""] = others()
  await rolls.act(going, "restart")
  await rolls.act(waiter, "restart")
  rolls.sim.faults.add({
    at: "before-commit",
    unit: rolls.leader(),
    hook: "config-changed",
    effect: () => void rolls.sim.removeUnit(going)
  })
  rolls.sim.setConfig("app", { "restart-window": undefined })
  await rolls.sim.settle()
  await rolls.sim.advance("6m")
  expect(ran(), replay()).toEqual([waiter])
})

it("33: an application that is removed in the middle of a roll leaves nothing hanging", async () => {
  await start({ units: 3 })
  for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
  for (const unit of rolls.sim.units("app")) rolls.sim.removeUnit(unit)
  await rolls.sim.settle()
  expect(rolls.sim.units("app"), replay()).toEqual([])
})

it.each([1, 2, 3])(
  "whatever dies and whoever leads: every unit restarts, seed %i",
  async (seed) => {
    await start({
      units: 5,
      seed,
      faults: { beforeCommit: 0.1, loseLease: 0.05, beforeHook: 0.05 }
    })
    for (const unit of rolls.sim.units("app")) {
      while ((await rolls.act(unit, "restart")).status !== "completed");
    }
    for (let round = 0; round < 20; round++) await rolls.sim.advance("6m")
    expect([...new Set(ran())].sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
    const tokens = rolls.notes().map(({ token }) => token)
    expect(tokens, replay()).toEqual([...tokens].sort((a, b) => a - b))
  }
)
