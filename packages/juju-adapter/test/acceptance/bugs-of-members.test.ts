// One test for each defect of the deployed library that our end can do something about, as far as it is about who mints,
// who founds and the cluster's command; the others are in bugs.test.ts.
import { corroborate } from "@rollcall/core"
import { membersFromMicrocluster } from "@rollcall/microcluster-adapter"
import type { Fault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import {
  expectOneCluster,
  expectOneClusterInTheEnd,
  replay
} from "../../../../apps/example-charm/test/Expected.ts"
import {
  deploy,
  type Fleet,
  membersOf,
  statusOf
} from "../../../../apps/example-charm/test/Fleet.ts"
import { tokenDistributorDialect } from "../../src/index.ts"
import { bagOf, failing, fails } from "./Meddling.ts"

let fleet: Fleet
afterEach(() => fleet?.sim.close())

describe("who mints", () => {
  it("B13 a role is the whole word", () => {
    const row = { address: "10.0.0.1:6443", status: "ONLINE" }
    const roles = ["voter", "vote", "v", "", "o", "VOTER", "PENDING"]
    const listed = JSON.stringify(roles.map((role, at) => ({ ...row, name: `h${at}`, role })))
    const voters = (membersFromMicrocluster(listed) ?? []).filter(({ role }) => role === "voter")
    expect(voters.map(({ name }) => name)).toEqual(["h0"])
  })

  it.each(["ours", "v2"] as const)(
    "B14 members that stay pending for ever stop nobody, below %s",
    async (distributor) => {
      const product = { heartbeatMillis: Number.MAX_SAFE_INTEGER }
      fleet = await deploy({ seed: 1, distributor, hosts: 5, product })
      await fleet.sim.settle()
      await fleet.sim.advance("10m")
      expectOneCluster(fleet)
    }
  )

  it("B16 and B17: a status that told of a failure goes when the failure does", async () => {
    fleet = await deploy({ seed: 1, hosts: 2, ...fails(failing("list", 6, "Database is offline")) })
    await fleet.sim.settle()
    await fleet.sim.advance("20m")
    for (const unit of fleet.sim.units("app")) {
      expect(statusOf(fleet, unit), replay()).toMatch(/^active: (in|bootstrapped) the cluster$/)
    }
    expectOneCluster(fleet)
  })

  it("B24 the issuer stays the issuer when a lower name joins", async () => {
    fleet = await deploy({ seed: 3, hosts: 1 })
    await fleet.sim.settle()
    const issuers = new Set<string | undefined>()
    for (let host = 1; host < 5; host++) {
      await fleet.sim.addUnit("app")
      await fleet.sim.settle()
      issuers.add(/"issuer":"([^"]+)"/.exec(bagOf(fleet, "td/0")["rollcall-roll"] ?? "")?.[1])
    }
    expect([...issuers], replay()).toEqual(["app/0"])
    const minters = new Set([...fleet.secrecy.minted.values()].map(({ by }) => by))
    expect([...minters], replay()).toEqual(["app-0"])
  })

  it("B25 of several mirrors every host believes the same, in whatever order it sees them", () => {
    const roll = (value: string) =>
      tokenDistributorDialect.decodeRoll(
        new Map([
          ["mirror", "up"],
          ["mirror-h", value]
        ]),
        new Map()
      )
    const rolls = [roll("one"), roll("two"), roll("empty")]
    const [a, b, c] = rolls as [(typeof rolls)[0], (typeof rolls)[0], (typeof rolls)[0]]
    const values = [
      [a, b, c],
      [c, b, a],
      [b, a, c]
    ].map(
      (order) =>
        tokenDistributorDialect
          .encodeRoll(corroborate(order), false)
          .find(({ key }) => key === "mirror-h")?.value
    )
    expect(new Set(values)).toEqual(new Set(["one"]))
  })
})

describe("who founds", () => {
  it.each([1, 2, 3, 4])(
    "B18 whoever leads later founds, who leads last founds nothing more, seed %i",
    async (seed) => {
      fleet = await deploy({ seed, distributor: "v2", hosts: 3 })
      const hook = "cluster-relation-created"
      fleet.sim.faults.add({ at: "before-commit", hook, effect: "lose-lease" })
      await fleet.sim.settle()
      for (const unit of fleet.sim.units("app")) {
        fleet.sim.electLeader(unit)
        await fleet.sim.settle()
      }
      await fleet.sim.addUnit("app")
      await fleet.sim.settle()
      expectOneClusterInTheEnd(fleet)
      expect(fleet.product.calls().bootstrap, replay()).toBe(1)
    }
  )

  it("B19 nobody founds without a mirror in sight", async () => {
    fleet = await deploy({ seed: 1, hosts: 3 })
    fleet.sim.partition("td/0")
    await fleet.sim.settle()
    await fleet.sim.advance("1h")
    expect(fleet.product.calls().bootstrap, replay()).toBeUndefined()
    expect(statusOf(fleet, "app/0")).toBe("waiting: waiting for a token distributor to lead")
    fleet.sim.heal("td/0")
    await fleet.sim.settle()
    expectOneCluster(fleet)
  })

  it("B20 our mirror names the founding application", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v8", "v8", "v8"] })
    await fleet.sim.settle()
    expect(bagOf(fleet, "td"), replay()).toMatchObject({ "bootstrap-app": "app" })
    expectOneCluster(fleet)
  })

  it("B20 and our host does not need the name", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 3 })
    await fleet.sim.settle()
    expect(bagOf(fleet, "td"), replay()).toEqual({})
    expectOneCluster(fleet)
  })

  it("B21 a hook that dies after founding or joining is made good by the next", async () => {
    fleet = await deploy({ seed: 1, hosts: 3 })
    const died = new Set<string>()
    fleet.mortality.strikes = (operation, host) =>
      operation !== "list" && operation !== "add" && died.size < died.add(operation + host).size
    await fleet.sim.settle()
    expectOneClusterInTheEnd(fleet)
    expect(fleet.product.calls(), replay()).toMatchObject({ bootstrap: 1, join: 2 })
  })

  it("B22 a machine in some other cluster is not taken for a member", async () => {
    const machineOf = (unit: string) => (unit === "app/1" ? "alien" : unit.replace("/", "-"))
    fleet = await deploy({ seed: 1, hosts: 2, machineOf })
    fleet.product(["cluster", "bootstrap"], "alien", fleet.sim.now)
    await fleet.sim.settle()
    expect(statusOf(fleet, "app/1"), replay()).toMatch(
      /^blocked: (join|bootstrap): already-initialised: /
    )
  })

  it("B27 of two units with one host name the second is blocked and tries nothing", async () => {
    const hostOf = (unit: string) => (unit === "app/2" ? "app-1" : unit.replace("/", "-"))
    const machineOf = (unit: string) => unit.replace("/", "-")
    fleet = await deploy({ seed: 1, distributor: "ours", hosts: 2, hostOf, machineOf })
    await fleet.sim.settle()
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    expect(statusOf(fleet, "app/2"), replay()).toMatch(
      /^blocked: host name app-1 is owned by another unit/
    )
    expect(
      fleet.timing.calls.filter(({ host, words }) => host === "app-2" && words.includes("join"))
    ).toEqual([])
  })

  it("B27 below a deployed distributor it is told so, too", async () => {
    const hostOf = (unit: string) => (unit === "app/2" ? "app-1" : unit.replace("/", "-"))
    const machineOf = (unit: string) => unit.replace("/", "-")
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 2, hostOf, machineOf })
    await fleet.sim.settle()
    await fleet.sim.addUnit("app")
    await fleet.sim.advance("12m")
    expect(statusOf(fleet, "app/2"), replay()).toMatch(
      /^blocked: host name app-1 is owned by another unit/
    )
    expect(membersOf(fleet)).toEqual(["app-0", "app-1"])
  })
})

describe("the cluster's command", () => {
  it("B28 a departing application calls no removal, a unit that cannot leave is no error", async () => {
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      product: { heartbeatMillis: 0 },
      ...fails(failing("remove", 1, "Database is offline"))
    })
    await fleet.sim.settle()
    fleet.sim.removeUnit("app/2")
    await fleet.sim.settle()
    expect(fleet.sim.units("app"), replay()).toEqual(["app/0", "app/1"])
    const removals = fleet.product.calls().remove
    for (const unit of fleet.sim.units("app")) fleet.sim.removeUnit(unit)
    await fleet.sim.settle()
    expect(fleet.sim.units("app")).toEqual([])
    expect(fleet.product.calls().remove, replay()).toBe(removals)
    expect([...fleet.sim.failed()]).toEqual([])
  })

  it("B30 a command that prints what nobody can read, or never ends, stops nobody", async () => {
    const faults: ReadonlyArray<Fault> = [
      { operation: "list", kind: "flood", bytes: 100, times: 3 },
      { operation: "join", kind: "hang", times: 1 }
    ]
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      memberConfig: { "command-timeout-seconds": 1 },
      ...fails(...faults)
    })
    await fleet.sim.settle()
    await fleet.sim.advance("20m")
    expectOneCluster(fleet)
  })
})
