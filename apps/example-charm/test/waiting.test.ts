// No hook waits: what a hook lasts is the time of the calls that it makes, whatever the cluster or the fleet is at.
import { withFault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "./Expected.ts"
import { deploy, type Fleet, type FleetOptions } from "./Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

/** Runs the fleet, and what the slowest hook took beyond its calls of the cluster's command, in millis. */
const slowest = async (options: FleetOptions): Promise<number> => {
  let worst = 0
  let seen = 0
  let spent = 0
  const watch = () => {
    const { hooks } = fleet.sim.trace
    for (; seen < hooks.length; seen++) {
      worst = Math.max(worst, (hooks[seen]?.millis ?? 0) - (fleet.timing.spentMillis - spent))
      spent = fleet.timing.spentMillis
    }
    return undefined
  }
  fleet = await deploy({ ...options, watch })
  await fleet.sim.settle()
  await sweep(fleet)
  return worst
}

it("while every member is pending, and each call takes 30 ms", async () => {
  const product = { heartbeatMillis: Number.MAX_SAFE_INTEGER }
  expect(await slowest({ seed: 1, hosts: 8, product, callMillis: 30 })).toBeLessThan(1000)
  expectOneCluster(fleet)
  expect(fleet.timing.spentMillis, replay()).toBeGreaterThan(30 * 8)
})

it.each(["v2", "v8"] as const)(
  "below the distributor of a deployed library, %s",
  async (distributor) => {
    const product = { heartbeatMillis: Number.MAX_SAFE_INTEGER }
    const worst = await slowest({ seed: 1, hosts: 8, distributor, product, callMillis: 30 })
    expect(worst).toBeLessThan(1000)
    expectOneCluster(fleet)
  }
)

it("a call that hangs is ended by its deadline, and the hook ends with it", async () => {
  const options: FleetOptions = {
    seed: 1,
    hosts: 3,
    memberConfig: { "command-timeout-seconds": 1 },
    prepare: (product) =>
      product.change((state) => withFault(state, { operation: "join", kind: "hang", times: 1 }))
  }
  expect(await slowest(options)).toBeLessThan(1000)
  expect(Math.max(...fleet.sim.hooks().map(({ millis }) => millis))).toBeGreaterThan(1000)
  await fleet.sim.advance("10m")
  expectOneCluster(fleet)
})
