// The distributor's status names the unit whose announcement nobody can read, and serves the others.
import { afterEach, expect, it } from "vitest"
import { replay } from "./Expected.ts"
import { deploy, type Fleet, membersOf, statusOf } from "./Fleet.ts"
import { RUBBISH, spoil } from "./Rubbish.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

it.each(Object.entries(RUBBISH).slice(0, 4))("%s", async (_, entries) => {
  fleet = await deploy({ seed: 1, hosts: 3 })
  const { sim } = fleet
  await sim.settle()
  await spoil(fleet, "app/1", entries)
  await sim.settle()
  await sim.addUnit("app")
  await sim.settle()
  await sim.advance("6m")
  expect(statusOf(fleet, "td/0"), replay()).toMatch(
    /^blocked: app\/1: what it announces names no host; rename its machine or remove it/
  )
  expect(membersOf(fleet)).toContain("app-3")
})
