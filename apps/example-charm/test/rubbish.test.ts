// Rubbish in a unit's databag, in the distributor's, and in what the cluster's command prints: no hook fails, and the
// others form their cluster, those that come later too.
import { withFault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import { replay, sweep } from "./Expected.ts"
import { type DistributorKind, deploy, type Fleet, hostsOf, membersOf, statusOf } from "./Fleet.ts"
import { RUBBISH, spoil } from "./Rubbish.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const expectOthersIn = (bad: string): void => {
  const failed = fleet.sim
    .hooks()
    .filter(({ outcome }) => outcome !== "committed" && outcome !== "absent")
  const honest = hostsOf(fleet).filter((host) => host !== bad.replace("/", "-"))
  const { clusters } = fleet.product.state()
  expect(
    {
      failed: failed.map(({ error, hook, unit }) => `${unit} ${hook}: ${error}`),
      clusters: clusters.length,
      outside: honest.filter((host) => !membersOf(fleet).includes(host))
    },
    replay()
  ).toEqual({ failed: [], clusters: 1, outside: [] })
  for (const unit of [...fleet.sim.units("app"), "td/0"]) {
    // one line, whatever was in it
    expect(statusOf(fleet, unit)).toMatch(/^[^\p{Cc}]{1,600}$/u)
  }
}

describe.each(Object.entries(RUBBISH))("in a member's databag: %s", (_, entries) => {
  it.each(["ours", "v2", "v8"] as const)(
    "below distributor %s",
    { timeout: 60_000 },
    async (distributor: DistributorKind) => {
      fleet = await deploy({ seed: 1, distributor, hosts: 4, config: { delivery: "databags" } })
      await fleet.sim.settle()
      await spoil(fleet, "app/3", entries)
      await fleet.sim.settle()
      await fleet.sim.addUnit("app")
      await fleet.sim.addUnit("app")
      await fleet.sim.settle()
      await sweep(fleet)
      // where a mirror showed nonsense for a token, the host asks for another one
      await fleet.sim.advance("20m")
      expectOthersIn("app/3")
    }
  )
})

describe.each(Object.entries(RUBBISH))("in a second distributor's databag: %s", (_, entries) => {
  it.each(["ours", "v2"] as const)("distributor %s", { timeout: 60_000 }, async (distributor) => {
    fleet = await deploy({ seed: 3, distributor, distributors: 2, hosts: 3 })
    const { sim } = fleet
    await sim.settle()
    const other = ["td/0", "td/1"].find((unit) => unit !== sim.leader("td")) ?? ""
    await spoil(fleet, other, entries)
    await sim.settle()
    await sim.addUnit("app")
    await sim.settle()
    await sweep(fleet)
    await sim.advance("20m")
    expectOthersIn("app/99")
  })
})

describe("in what the command prints", () => {
  it.each([
    ["control characters", "\u0000\u0007\u001b[31mError\r\n\u2028: \u009b31m\n\n"],
    ["an option", "--force --yes"],
    ["nothing", ""]
  ])("%s", async (_, text) => {
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      prepare: (product) =>
        product.change((state) =>
          (["bootstrap", "add", "join", "list"] as const).reduce(
            (each, operation) => withFault(each, { operation, kind: "fail", text, times: 2 }),
            state
          )
        )
    })
    await fleet.sim.settle()
    for (let round = 0; round < 6; round++) {
      for (const unit of fleet.sim.units("app")) {
        expect(statusOf(fleet, unit), replay()).toMatch(/^[^\p{Cc}]{1,600}$/u)
      }
      await fleet.sim.advance("10m")
    }
    expectOthersIn("app/99")
  })
})
