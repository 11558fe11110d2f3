// The deployed Python library itself, unmodified, with our charms: its distributor with our members, our distributor with
// its members, both kinds of member in one application. One cluster, every host in it, no failed hook.
import { afterAll, describe, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "../../../../apps/example-charm/test/Expected.ts"
import {
  type DistributorKind,
  deploy,
  type MemberKind
} from "../../../../apps/example-charm/test/Fleet.ts"
import { reportOmission } from "../../../../test/peers/Omission.ts"
import { startPythonBridge } from "../../../../test/peers/PythonBridge.ts"
import { assemblePythonPeers } from "../../../../test/peers/PythonPeers.ts"

const COMBINATIONS: ReadonlyArray<
  readonly [title: string, DistributorKind, ReadonlyArray<MemberKind>]
> = [
  ["its distributor with our members", "python", ["ours"]],
  ["our distributor with its members", "ours", ["python"]],
  ["our distributor with both kinds of member", "ours", ["ours", "python"]],
  ["its distributor with both kinds of member", "python", ["python", "ours"]]
]

for (const ops of [3, 2] as const) {
  const peers = await assemblePythonPeers({ ops })
  const title = `the deployed Python library on ops ${ops}`
  if (peers.kind === "missing") {
    reportOmission(`${title}, with our charms`, peers.reason)
    it(`says what is missing for ${title}`, () => expect(peers.reason).not.toBe(""))
    continue
  }
  const bridge = await startPythonBridge(peers)
  afterAll(async () => {
    await bridge.close()
    await peers.remove()
  })
  // the other version differs in how it queues events only: one seed shows it
  const seeds = ops === 3 ? [1, 2] : [4]

  describe(title, { timeout: 60_000 }, () => {
    for (const [combination, distributor, kinds] of COMBINATIONS) {
      it.each(seeds)(`${combination}, seed %i`, async (seed) => {
        const hosts = Array.from(
          { length: 4 },
          (_, at) => kinds[(at + seed) % kinds.length] ?? "ours"
        )
        const fleet = await deploy({ seed, distributor, hosts, python: bridge })
        await fleet.sim.settle()
        await sweep(fleet, 1)
        expectOneCluster(fleet)
        expect(fleet.product.calls().bootstrap, replay()).toBe(1)
        await fleet.sim.close()
      })
    }

    it("a host of ours that is redeployed below its distributor joins again", async () => {
      const names = new Map<string, string>()
      const hostOf = (unit: string) => names.get(unit) ?? unit.replace("/", "-")
      const fleet = await deploy({
        seed: 5,
        distributor: "python",
        hosts: 3,
        python: bridge,
        hostOf,
        product: { heartbeatMillis: 0 }
      })
      await fleet.sim.settle()
      fleet.sim.removeUnit("app/1")
      await fleet.sim.settle()
      names.set("app/3", "app-1")
      await fleet.sim.addUnit("app")
      await fleet.sim.advance("12m")
      const members = fleet.product.state().clusters.flatMap(({ members }) => members)
      expect(members.map(({ name }) => name).sort(), replay()).toEqual(["app-0", "app-1", "app-2"])
      expect([...fleet.sim.failed()], replay()).toEqual([])
      await fleet.sim.close()
    })
  })
}
