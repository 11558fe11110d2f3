// What an operator does to a roll, what the units say of it, and what is refused.
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

/** Closed whenever these tests run. */
const CLOSED = { "restart-window": "sat 00:00-00:01" }

const writes = () => rolls.sim.trace.events.filter(({ type }) => type === "write").length

describe("what is refused has written nothing", () => {
  it.each([
    ["restart", { "max-retry": -1 }, /max-retry cannot be used: allowed is .*0.*1000/],
    ["restart", { "max-retry": 1.5 }, /max-retry cannot be used: allowed is .*integer/],
    ["restart", { "max-retry": true }, /max-retry cannot be used/],
    ["restart", { delay: "soon" }, /delay cannot be used/],
    ["restart", { delay: -1 }, /delay cannot be used/],
    [
      "restart",
      { context: "x".repeat(20_000) },
      /context cannot be used: allowed is at most 16384/
    ],
    [
      "roll",
      { units: "app/0 app/9" },
      /participants cannot be used: allowed is 1 to 999 of app\/0, app\/1/
    ],
    ["rolling-cancel", { ticket: "all" }, /ticket cannot be used/],
    [
      "rolling-force-release",
      { unit: "app/1", reason: "gone" },
      /app\/1 holds no permit; nobody does/
    ],
    ["rolling-force-release", { unit: "app/1" }, /reason cannot be used/],
    ["rolling-pause", { reason: "" }, /reason cannot be used/]
  ])("%s %o", async (action, params, said) => {
    await start({ units: 2 })
    const before = writes()
    const { message, status } = await rolls.act(rolls.leader(), action, params)
    expect(`${status} ${message}`).toMatch(said)
    expect(status).toBe("failed")
    await rolls.sim.settle()
    expect(writes()).toBe(before)
  })

  it.each(["rolling-pause", "rolling-resume", "roll"])(
    "%s of a unit that does not lead",
    async (action) => {
      await start({ units: 2 })
      const { message, status } = await rolls.act(others()[0] ?? "", action)
      expect(`${status} ${message}`).toMatch(
        /^failed .*not the leader.*run this action on the leader/
      )
    }
  )

  it("a restart where there is nothing to restart", async () => {
    await start({ units: 1, config: { "restart-command": "" } })
    const { message } = await rolls.act("app/0", "restart")
    expect(message).toMatch(
      /set restart-command or restart-services with `juju config`; nothing was written/
    )
  })

  it.each([
    ["restart-permits", 0, /restart-permits is a number, expected .*1.*1000/],
    ["restart-dialect", "v2", /restart-dialect is a string, expected .*native.*v1.*charmlibs/],
    ["restart-max-failures", -1, /restart-max-failures is a number/],
    ["restart-window", "02:00-02:00", /restart-window is a string, expected .*never opens/],
    ["restart-window", "noon", /restart-window is a string, expected .*HH:MM to HH:MM/],
    ["restart-window", "caturday 02:00-03:00", /restart-window is a string, expected .*days/],
    ["restart-on", "adress", /restart-on is a string, expected names of .* not adress/]
  ])("the option %s = %o: blocked, and setting it right goes on", async (option, value, said) => {
    await start({ units: 2 })
    const before = writes()
    rolls.sim.setConfig("app", { [option]: value })
    await rolls.sim.settle()
    expect(rolls.status("app/1")).toMatch(/^blocked: set with `juju config`: /)
    expect(rolls.status("app/1")).toMatch(said)
    await rolls.act("app/1", "restart")
    await rolls.sim.settle()
    expect([writes(), ran()]).toEqual([before, []])
    rolls.sim.setConfig("app", { [option]: undefined })
    await rolls.act("app/1", "restart")
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual(["app/1"])
  })

  it("more permits than a deployed format can name", async () => {
    await start({ units: 2, config: { "restart-dialect": "v1", "restart-permits": 2 } })
    expect(rolls.status("app/0")).toMatch(/restart-permits is a number, expected 1, for v1/)
  })
})

describe("a pause", () => {
  it("stops the roll and says who asked and why; resuming goes on", async () => {
    await start({ units: 3 })
    await rolls.act(rolls.leader(), "rolling-pause", { reason: "friday" })
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    await rolls.sim.settle()
    expect(ran()).toEqual([])
    for (const unit of rolls.sim.units("app")) {
      expect(rolls.status(unit), replay()).toMatch(
        /^waiting: .*paused by action 1 on app\/\d: friday/
      )
    }
    await rolls.act(rolls.leader(), "rolling-resume")
    await rolls.sim.settle()
    expect(ran().sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
  })

  it("47: one that failed pauses the roll; the unit says why, the leader what to do", async () => {
    await start({ units: 3 })
    const [bad = "", good = ""] = others()
    rolls.plan(bad, 1)
    await rolls.act(bad, "restart", { "max-retry": 0 })
    await rolls.act(good, "restart")
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual([bad])
    expect(rolls.status(bad)).toMatch(/^blocked: .*restart failed: .*the service does not come up/)
    expect(rolls.status(good)).toMatch(/^waiting: .*the roll is paused: restart on/)
    expect(rolls.status(rolls.leader())).toMatch(
      /^blocked: .*the roll is paused: .*run rolling-resume/
    )
    await rolls.act(rolls.leader(), "rolling-resume", { reason: "mended" })
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual([bad, good])
    for (const unit of rolls.sim.units("app"))
      expect(rolls.status(unit)).not.toMatch(/restart|roll/)
    const { results } = await rolls.act(good, "rolling-status")
    expect(results.history).toMatch(/failed.*paused.*resumed by action \d on app\/\d mended.*done/s)
  })

  it("restart-max-failures lets more units fail", async () => {
    await start({ units: 3, config: { "restart-max-failures": 2 } })
    for (const unit of rolls.sim.units("app")) {
      rolls.plan(unit, 1)
      await rolls.act(unit, "restart", { "max-retry": 0 })
    }
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(2)
    expect((await rolls.act("app/0", "rolling-status")).results.roll).toMatch(/^paused: /)
  })
})

describe("taking back", () => {
  it("rolling-cancel takes back what waits", async () => {
    await start({ units: 2, config: CLOSED })
    await rolls.act("app/0", "restart")
    await rolls.act("app/1", "restart")
    expect((await rolls.act("app/0", "rolling-cancel")).results.cancelled).toMatch(/^\d+$/)
    expect((await rolls.act("app/0", "rolling-cancel")).results.cancelled).toBe("nothing")
    rolls.sim.setConfig("app", { "restart-window": undefined })
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual(["app/1"])
  })

  it("rolling-force-release ends the turn of a unit that is not heard of, and pauses", async () => {
    await start({ units: 3 })
    const [silent = "", waiter = ""] = others()
    await rolls.act(silent, "restart")
    rolls.sim.partition(silent)
    await rolls.act(waiter, "restart")
    await rolls.sim.settle()
    if (ran().includes(silent)) return expect(ran()).toEqual([silent, waiter])
    expect(rolls.status(waiter), replay()).toContain(`held by ${silent}`)
    const params = { unit: silent, reason: "its machine burned" }
    expect((await rolls.act(rolls.leader(), "rolling-force-release", params)).status).toBe(
      "completed"
    )
    await rolls.sim.settle()
    expect(rolls.status(waiter)).toMatch(
      /paused by action .* was released by force: its machine burned/
    )
    await rolls.act(rolls.leader(), "rolling-resume")
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual([waiter])
  })
})

describe("a roll of all", () => {
  it.each([
    [3, 9],
    [5, 25],
    [10, 100]
  ])("%i units take at most %i hooks, by the action and by restart-on", async (units, most) => {
    await start({ units, config: { "restart-on": "address" } })
    const hooks = () => rolls.sim.hooks().filter(({ hook }) => hook.startsWith("restart-")).length
    let before = hooks()
    const { results } = await rolls.act(rolls.leader(), "roll")
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual(String(results.order).split(" "))
    expect(hooks() - before, replay()).toBeLessThanOrEqual(most)
    before = hooks()
    rolls.sim.setConfig("app", { address: "10.0.0.9:8443" })
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(2 * units)
    expect(rolls.sim.logs().filter(({ level }) => level === "ERROR")).toEqual([])
    expect(hooks() - before, replay()).toBeLessThanOrEqual(most)
  })

  it("takes the units and the order it is given", async () => {
    await start({ units: 4 })
    await rolls.act(rolls.leader(), "roll", { units: "app/3 app/1" })
    await rolls.sim.settle()
    expect(ran(), replay()).toEqual(["app/3", "app/1"])
  })

  it.each(["native", "v1"])(
    "restart-on: first sight is no change, and the same value is none, %s",
    async (dialect) => {
      await start({ units: 3, config: { "restart-dialect": dialect, "restart-on": "address" } })
      rolls.sim.setConfig("app", { "restart-on": "address join-arguments" })
      await rolls.sim.settle()
      await rolls.sim.advance("20m")
      expect(ran()).toEqual([])
      rolls.sim.setConfig("app", { "join-arguments": "--quick" })
      await rolls.sim.settle()
      expect(ran().sort(), replay()).toEqual(["app/0", "app/1", "app/2"])
      rolls.sim.setConfig("app", { "restart-permits-per-zone": 1 })
      await rolls.sim.advance("20m")
      expect(ran().length).toBe(3)
    }
  )

  it("restart-on: a change that comes while the lock cannot be used is not forgotten", async () => {
    await start({ units: 2, config: { "restart-on": "address" } })
    const leader = rolls.leader()
    const relation = { "rolling-lock.restart": "{not json" }
    await rolls.sim.jujuExec(leader, async ({ run }) => {
      const argv = ["relation-set", "-r", "restart:0", "--app", "--file", "-"]
      return (await run(argv, JSON.stringify(relation))).code
    })
    rolls.sim.setConfig("app", { address: "10.0.0.9:8443" })
    await rolls.sim.settle()
    expect([ran(), [...rolls.sim.failed()]]).toEqual([[], []])
    await rolls.act(leader, "rolling-force-release", { unit: "app/0", reason: "meddled" })
    await rolls.act(leader, "rolling-resume")
    await rolls.sim.settle()
    expect(ran().sort(), replay()).toEqual(["app/0", "app/1"])
  })

  it("restart-on: a leader that is lost before it looked leaves it to the next", async () => {
    await start({ units: 3, config: { "restart-on": "address" } })
    const leader = rolls.leader()
    rolls.sim.partition(leader)
    rolls.sim.setConfig("app", { address: "10.0.0.9:8443" })
    await rolls.sim.settle()
    expect(ran()).toEqual([])
    rolls.sim.removeUnit(leader)
    await rolls.sim.advance("2m")
    const rest = rolls.sim.units("app").filter((unit) => unit !== leader)
    expect(ran().sort(), replay()).toEqual(rest.toSorted())
  })
})
