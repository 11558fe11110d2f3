// The issuer leaves after its successor's mailbox was taken away: the successor gets another, and hosts still join.
import { describe, expect, it } from "vitest"
import { deploy, hostsOf, membersOf } from "./Fleet.ts"

describe("an issuer that leaves", () => {
  it.each([1, 2, 3, 4, 5])("is followed by one that can be reached, seed %i", async (seed) => {
    const fleet = await deploy({ seed, hosts: 1, product: { heartbeatMillis: 0 } })
    const { product, sim } = fleet
    await sim.settle()
    // one by one, so that each token goes by mailbox
    for (let host = 1; host < 6; host++) {
      await sim.addUnit("app")
      await sim.settle()
    }
    for (let round = 0; round < 4; round++) {
      sim.updateStatus()
      await sim.settle()
      const issuer =
        /"issuer":"([^"]+)"/.exec(
          sim.databag("td/0", fleet.relation)["rollcall-roll"] ?? ""
        )?.[1] ?? ""
      sim.removeUnit(issuer)
      await sim.settle()
    }
    await sim.addUnit("app")
    await sim.settle()
    expect([...sim.failed()]).toEqual([])
    expect(membersOf(fleet)).toEqual(hostsOf(fleet))
    expect(product.calls().bootstrap).toBe(1)
    await sim.close()
  })
})
