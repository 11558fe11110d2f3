// What bounds a roll: windows, rests, and how many may hold the lock at once.
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

describe("time", () => {
  it("D18: update-status on the leader lets in who waited for a window", async () => {
    await start({ units: 3, config: { "restart-window": "thu,fri,sat 12:00-13:00" } })
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    expect(rolls.status(rolls.leader()), replay()).toMatch(/the window is closed/)
    await rolls.sim.advance("11h")
    expect(ran()).toEqual([])
    await rolls.sim.advance("2h")
    expect(ran().sort(), replay()).toEqual(rolls.sim.units("app").toSorted())
  })

  it("a restart that went well is let settle before the next", async () => {
    await start({ units: 2, config: { "restart-settle-seconds": 600 } })
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    await rolls.sim.settle()
    expect(ran().length).toBe(1)
    await rolls.sim.advance("5m")
    expect(ran().length).toBe(1)
    await rolls.sim.advance("15m")
    expect(ran().length, replay()).toBe(2)
  })

  it("a retry asks to be woken when its rest is over, and not before", async () => {
    await start({ units: 2, config: { "restart-retry-seconds": 60 } })
    const [unit = ""] = others()
    rolls.plan(unit, 1)
    await rolls.act(unit, "restart")
    await rolls.sim.settle()
    const at = rolls.wakes.get(unit) ?? 0
    expect(at - rolls.sim.now, replay()).toBeGreaterThanOrEqual(30_000)
    expect(at - rolls.sim.now).toBeLessThanOrEqual(60_000)
    expect(rolls.status(unit)).toMatch(/rests before try 2/)
    await rolls.wake(unit)
    await rolls.sim.settle()
    expect(ran().length).toBe(1)
    await rolls.sim.advance("61s")
    await rolls.wake(unit)
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(2)
  })
})

describe("permits", () => {
  it("36: as many as are allowed, fewer when that is lowered below the holders", async () => {
    await start({ units: 4, config: { "restart-permits": 3, "restart-retry-seconds": 3600 } })
    for (const unit of rolls.sim.units("app")) rolls.plan(unit, 75)
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(3)
    rolls.sim.setConfig("app", { "restart-permits": 1 })
    await rolls.sim.settle()
    expect(ran().length, replay()).toBe(3)
    await rolls.sim.advance("4h")
    expect(new Set(ran()).size, replay()).toBe(4)
  })

  it("at most so many of one zone", async () => {
    await start({
      units: 4,
      zoneOf: (unit) => (Number(unit.split("/")[1]) < 2 ? "az1" : "az2"),
      config: { "restart-permits": 4, "restart-permits-per-zone": 1, "restart-retry-seconds": 3600 }
    })
    for (const unit of rolls.sim.units("app")) rolls.plan(unit, 75)
    for (const unit of rolls.sim.units("app")) await rolls.act(unit, "restart")
    await rolls.sim.settle()
    const zones = ran().map((unit) => (Number(unit.split("/")[1]) < 2 ? "az1" : "az2"))
    expect(zones.toSorted(), replay()).toEqual(["az1", "az2"])
  })
})
