// One test for each defect of the deployed library that our end can do something about, as far as mirrors and tokens are
// concerned; those about who mints and founds are in bugs-of-members.test.ts. The numbers are those of
// docs/protocol/known-defects.md, which also says what needs a change on both ends.
import { hostName } from "@rollcall/core"
import { afterEach, describe, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "../../../../apps/example-charm/test/Expected.ts"
import {
  deploy,
  type Fleet,
  hostsOf,
  membersOf,
  statusOf
} from "../../../../apps/example-charm/test/Fleet.ts"
import { tokenDistributorDialect } from "../../src/index.ts"
import { bagOf, failing, fails, founderOf, write } from "./Meddling.ts"

let fleet: Fleet
afterEach(() => fleet?.sim.close())

describe("what a mirror holds", () => {
  it("B1 keys that merely contain mirror- are not mirrored", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    await write(fleet, "app/0", { mirror: "up", "foo-mirror-bar": "x", "mirror-data": "413" })
    const mirrored = Object.keys(bagOf(fleet, "td/0")).filter((key) => key.includes("mirror-"))
    const others = mirrored.filter((key) => !key.startsWith("mirror-app-"))
    expect(others.sort(), replay()).toEqual(["mirror-.cluster", "mirror-data"])
  })

  it("B2 a value is replaced neither by a placeholder nor by another one", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2", "v2"] })
    await fleet.sim.settle()
    await write(fleet, "app/1", { mirror: "up", "mirror-motd": "first" })
    for (const other of ["empty", "second"]) {
      for (const unit of ["app/0", "app/2"])
        await write(fleet, unit, { mirror: "up", "mirror-motd": other })
      expect(bagOf(fleet, "td/0"), replay()).toMatchObject({ "mirror-motd": "first" })
    }
  })

  it("B3 a mirror that leads no more is down at its next hook, and hosts believe the new one before", async () => {
    fleet = await deploy({ seed: 1, hosts: ["ours", "v2", "ours"], distributors: 2 })
    await fleet.sim.settle()
    const old = fleet.sim.leader("td") ?? ""
    const next = old === "td/0" ? "td/1" : "td/0"
    fleet.sim.electLeader(next)
    await fleet.sim.settle()
    await sweep(fleet, 1)
    expect([bagOf(fleet, old).mirror, bagOf(fleet, next).mirror], replay()).toEqual(["down", "up"])
    const [before, after] = [bagOf(fleet, old), bagOf(fleet, next)].map((entries) =>
      tokenDistributorDialect.decodeRoll(new Map(Object.entries(entries)), new Map())
    )
    expect(after?.epoch, replay()).toBeGreaterThan(before?.epoch ?? 0)
  })

  it("B4 a token that stands only in the bag of a member that stepped down is handed on", async () => {
    fleet = await deploy({ seed: 2, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    fleet.sim.partition("td/0")
    expect(await fleet.sim.addUnit("app")).toBe("app/2")
    // app/0 is the communicator, so app/1 is one that stepped down
    await write(fleet, "app/1", { mirror: "down", "mirror-app-2": "a-token-for-app-2" })
    fleet.sim.heal("td/0")
    // it knows the bag of app/1 as it is now
    fleet.sim.restartAgent("td/0")
    await fleet.sim.settle()
    expect(bagOf(fleet, "app/1").mirror).toBe("down")
    expect(bagOf(fleet, "td/0"), replay()).toMatchObject({ "mirror-app-2": "a-token-for-app-2" })
  })

  it("B5 nothing of hosts that joined or left stays", async () => {
    fleet = await deploy({ seed: 1, hosts: 5, config: { delivery: "databags" } })
    await fleet.sim.settle()
    fleet.sim.removeUnit("app/4")
    await fleet.sim.settle()
    await sweep(fleet)
    const keys = Object.keys(bagOf(fleet, "td/0")).filter((key) => /token|mirror-app/.test(key))
    expect(keys, replay()).toEqual([])
    expect(JSON.stringify(bagOf(fleet, "td/0"))).not.toContain("app-4")
  })

  it("B6 a deployed leader that comes later founds no second cluster, though no token is left to see", async () => {
    fleet = await deploy({ seed: 1, hosts: 3 })
    await fleet.sim.settle()
    await sweep(fleet)
    const late = await fleet.sim.addUnit("app", { charm: fleet.charmOf("v3") })
    fleet.sim.electLeader(late)
    await fleet.sim.settle()
    expect(fleet.product.calls().bootstrap, replay()).toBe(1)
    expect(bagOf(fleet, "td/0")).toMatchObject({ "mirror-.cluster": "formed" })
  })

  it("B31 a placeholder under a key that no host announced is no request", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    const adds = fleet.product.calls().add
    await write(fleet, "app/0", { mirror: "up", "mirror-motd": "empty" })
    expect(bagOf(fleet, "td/0"), replay()).not.toHaveProperty("mirror-motd")
    expect(fleet.product.calls().add).toBe(adds)
  })

  it("B32 names of Rollcall's own keys are no host names", () => {
    for (const key of [".cluster", ".want.app-1~b1~1", "app-1~2"])
      expect(hostName(key)).toBeUndefined()
  })

  it("B33 a databag does not grow with the tokens that went through it", async () => {
    fleet = await deploy({ seed: 1, hosts: 40, config: { delivery: "databags" } })
    await fleet.sim.settle()
    await sweep(fleet)
    expect(JSON.stringify(bagOf(fleet, "td/0")).length, replay()).toBeLessThan(60 * 40)
    for (const unit of fleet.sim.units("app"))
      expect(JSON.stringify(bagOf(fleet, unit)).length).toBeLessThan(1000)
  })
})

describe("tokens", () => {
  it("B7 a host that is deployed anew asks a mirror that keeps its dead token for another", async () => {
    const hostOf = (unit: string) => (unit === "app/3" ? "app-1" : unit.replace("/", "-"))
    fleet = await deploy({
      seed: 1,
      distributor: "v8",
      hosts: 3,
      hostOf,
      product: { heartbeatMillis: 0 }
    })
    await fleet.sim.settle()
    fleet.sim.removeUnit("app/1")
    await fleet.sim.settle()
    await fleet.sim.addUnit("app")
    await fleet.sim.advance("12m")
    expect(Object.keys(bagOf(fleet, "td/0")), replay()).toEqual(
      expect.arrayContaining(["mirror-app-1", "mirror-app-1~2"])
    )
    expect(statusOf(fleet, "app/3"), replay()).toBe("active: in the cluster")
  })

  it("B8 a host that slept through its token's life gets another one", async () => {
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      ...fails(failing("join", 999, "Database is offline"))
    })
    await fleet.sim.settle()
    await fleet.sim.advance("4h")
    const tokens = fleet.secrecy.tokens.length
    fleet.product.change((state) => ({ ...state, faults: [] }))
    await fleet.sim.advance("4h")
    expect(tokens, replay()).toBeGreaterThan(2)
    expectOneCluster(fleet)
  })

  it("B9 a join that fails shows no token, and asks for another one", async () => {
    const refused = failing("join", 1, "CoreTokenRecord not found")
    fleet = await deploy({ seed: 1, hosts: 2, ...fails(refused) })
    await fleet.sim.settle()
    await fleet.sim.advance("8h")
    expect(fleet.secrecy.tokens.length, replay()).toBe(2)
    expect(fleet.secrecy.sightings, replay()).toEqual([])
    expectOneCluster(fleet)
  })

  it.each([
    ["B10", "some other trouble"],
    ["B15", "Membership consistency check failed: 1 pending"]
  ])("%s a token that could not be minted is tried again: %s", async (_, text) => {
    fleet = await deploy({ seed: 1, hosts: 3, ...fails(failing("add", 3, text)) })
    await fleet.sim.settle()
    await fleet.sim.advance("20m")
    expectOneCluster(fleet)
    expect(fleet.product.calls().add, replay()).toBeGreaterThan(3)
  })

  it("B10 and what fails for one host keeps no other waiting", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 2, product: { heartbeatMillis: 0 } })
    await fleet.sim.settle()
    // somebody holds a token for the next host already
    fleet.product(["cluster", "add", "app-2"], founderOf(fleet), fleet.sim.now)
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    expect(membersOf(fleet), replay()).toEqual(["app-0", "app-1", "app-3"])
    await fleet.sim.advance("4h")
    expectOneCluster(fleet)
  })

  it("B11 a member that mints no more keeps showing what it minted until it is used", async () => {
    const hidden: Array<string> = []
    const minters = new Set<string>()
    const watch = () => {
      for (const unit of fleet.sim.units("app")) {
        const shown = bagOf(fleet, unit)
        if (shown.mirror === "down") hidden.push(unit)
        if (Object.keys(shown).some((key) => key.startsWith("mirror-app-"))) minters.add(unit)
      }
      return undefined
    }
    const product = { heartbeatMillis: 0 }
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 6, product, watch })
    await fleet.sim.settle()
    expect(hidden, replay()).toEqual([])
    expect(minters.size, replay()).toBeGreaterThan(1)
    expectOneCluster(fleet)
  })

  it("B12 a member that minted once is not stopped by hosts that it knows nothing of", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 4, product: { heartbeatMillis: 0 } })
    await fleet.sim.settle()
    await write(fleet, "td/0", {
      "mirror-stranger": "empty",
      "mirror-x~y~z": "empty",
      "mirror-": "empty"
    })
    expectOneCluster(fleet)
  })

  it.each(["ours", "v2", "v8"] as const)(
    "B23 no token is minted for a member, below %s",
    async (distributor) => {
      fleet = await deploy({ seed: 1, distributor, hosts: 4, product: { heartbeatMillis: 0 } })
      await fleet.sim.settle()
      await sweep(fleet)
      const minted = [...fleet.secrecy.minted.values()].map(({ host }) => host)
      expect(minted.sort(), replay()).toEqual(
        hostsOf(fleet).filter((host) => host !== founderOf(fleet))
      )
    }
  )
})
