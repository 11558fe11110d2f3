// A host that is deployed anew under its old name joins again, below every dialect of distributor, whether the cluster
// still lists the machine that had the name or not; and once more after that.
import { withDaemon } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import { replay } from "../../../../apps/example-charm/test/Expected.ts"
import {
  type DistributorKind,
  deploy,
  type Fleet,
  type MemberKind,
  statusOf
} from "../../../../apps/example-charm/test/Fleet.ts"

let fleet: Fleet
const names = new Map<string, string>()
afterEach(async () => {
  names.clear()
  await fleet.sim.close()
})

const start = async (
  seed: number,
  distributor: DistributorKind,
  hosts: ReadonlyArray<MemberKind>
): Promise<void> => {
  const hostOf = (unit: string) => names.get(unit) ?? unit.replace("/", "-")
  // the product removes nobody while all are pending
  fleet = await deploy({ seed, distributor, hosts, hostOf, product: { heartbeatMillis: 0 } })
  await fleet.sim.settle()
}

/** The machine of `unit` is replaced by another one of its name; returns the unit on it. */
const redeploy = async (unit: string, stale: "removed" | "listed"): Promise<string> => {
  const { product, sim } = fleet
  const host = names.get(unit) ?? unit.replace("/", "-")
  if (stale === "listed") product.change((state) => withDaemon(state, host, "down"))
  sim.removeUnit(unit)
  await sim.settle()
  if (stale === "listed") product.change((state) => withDaemon(state, host, "gone"))
  const next = `app/${sim.model.applications.get("app")?.nextUnit}`
  names.set(next, host)
  await sim.addUnit("app", { charm: fleet.charmOf("ours") })
  await sim.settle()
  await sim.advance("12m")
  return next
}

const expectJoined = (unit: string): void => {
  const host = names.get(unit)
  const rows = fleet.product.state().clusters.flatMap(({ members }) => members)
  const running = rows.filter(({ daemon, name }) => name === host && daemon === "running").length
  expect(
    { clusters: fleet.product.state().clusters.length, running, status: statusOf(fleet, unit) },
    replay()
  ).toEqual({ clusters: 1, running: 1, status: "active: in the cluster" })
  expect([...fleet.sim.failed()], replay()).toEqual([])
}

const founder = (): string =>
  fleet.product.state().clusters[0]?.members[0]?.name.replace("-", "/") ?? ""

const WHO: Readonly<Record<string, () => string>> = {
  "the founder": founder,
  "the issuer by the deployed rule": () => "app/0",
  "another host": () => ["app/1", "app/2"].find((unit) => unit !== founder()) ?? ""
}

describe.each(["ours", "v2", "v8"] as const)("below distributor %s", (distributor) => {
  describe.each(["removed", "listed"] as const)("the old member is %s", (stale) => {
    for (const [who, unitOf] of Object.entries(WHO)) {
      it.each([1, 2])(`${who}, twice, seed %i`, async (seed) => {
        await start(
          seed,
          distributor,
          Array.from({ length: 5 }, () => "ours")
        )
        let unit = unitOf()
        for (let round = 0; round < 2; round++) {
          unit = await redeploy(unit, stale)
          expectJoined(unit)
        }
      })
    }
  })
})

it.each([1, 2, 3, 4])("among deployed members, below our distributor, seed %i", async (seed) => {
  await start(
    seed,
    "ours",
    Array.from({ length: 5 }, (_, at) => ((at + seed) % 2 ? "ours" : "v2"))
  )
  let unit = `app/${(seed + 1) % 2}`
  for (const stale of ["removed", "listed"] as const) {
    unit = await redeploy(unit, stale)
    expectJoined(unit)
  }
})

it.each([1, 2, 3, 4])(
  "in the place of a deployed member, below our distributor, seed %i",
  async (seed) => {
    await start(
      seed,
      "ours",
      Array.from({ length: 5 }, (_, at) => ((at + seed) % 2 ? "ours" : "v2"))
    )
    const unit = await redeploy(`app/${seed % 2}`, "removed")
    expectJoined(unit)
  }
)

describe.each(["v2", "v8"] as const)("below distributor %s", (distributor) => {
  it.each([1, 2, 3])(
    "where deployed members mint, which never mint again, seed %i",
    async (seed) => {
      await start(seed, distributor, ["v2", "ours", "ours", "v2", "ours"])
      const unit = ["app/1", "app/2", "app/4"].find((each) => each !== founder()) ?? ""
      expectJoined(await redeploy(unit, "removed"))
    }
  )
})

it("the token of the machine before is never seen again", async () => {
  await start(3, "ours", ["ours", "ours", "ours"])
  const unit = ["app/0", "app/1", "app/2"].find((each) => each !== founder()) ?? ""
  const before = new Set(fleet.secrecy.tokens)
  expectJoined(await redeploy(unit, "removed"))
  const used = fleet.timing.calls.filter(({ words }) => words.includes("join")).at(-1)
  expect(
    used?.words.some((word) => before.has(word)),
    replay()
  ).toBe(false)
  expect(fleet.secrecy.sightings, replay()).toEqual([])
})
