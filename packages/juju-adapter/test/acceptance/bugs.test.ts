// One test for each defect of the deployed library that our end can do something about. The numbers are those of
// docs/protocol/known-defects.md, which also says what needs a change on both ends.
import { corroborate, hostName } from "@rollcall/core"
import { membersFromMicrocluster } from "@rollcall/microcluster-adapter"
import { type Fault, withFault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import {
  expectOneCluster,
  expectOneClusterInTheEnd,
  replay,
  sweep
} from "../../../../apps/example-charm/test/Expected.ts"
import {
  deploy,
  type Fleet,
  hostsOf,
  membersOf,
  statusOf
} from "../../../../apps/example-charm/test/Fleet.ts"
import { tokenDistributorDialect } from "../../src/index.ts"

let fleet: Fleet
afterEach(() => fleet?.sim.close())

/** Writes into a unit's databag behind its charm's back. */
const write = async (unit: string, entries: Readonly<Record<string, string>>): Promise<void> => {
  const endpoint = unit.startsWith("td/") ? "microcluster-cluster" : "cluster"
  await fleet.sim.jujuExec(unit, async ({ run }) => {
    const argv = ["relation-set", "-r", `${endpoint}:${fleet.relation}`, "--file", "-"]
    return (await run(argv, JSON.stringify(entries))).code
  })
  await fleet.sim.settle()
}

const bag = (unit: string) => fleet.sim.databag(unit, fleet.relation)
const fails = (...faults: ReadonlyArray<Fault>) => ({
  prepare: (product: Fleet["product"]) =>
    product.change((state) => faults.reduce((each, fault) => withFault(each, fault), state))
})
const busy = (operation: Fault["operation"], times: number, text: string): Fault => ({
  kind: "fail",
  operation,
  times,
  text: `Error: ${text}`
})
const units = (): ReadonlyArray<string> => fleet.sim.units("app")
const founder = (): string => fleet.product.state().clusters[0]?.members[0]?.name ?? ""

describe("what a mirror holds", () => {
  it("B1 keys that merely contain mirror- are not mirrored", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    await write("app/0", { mirror: "up", "foo-mirror-bar": "x", "mirror-data": "413" })
    expect(bag("td/0"), replay()).toMatchObject({ "mirror-data": "413" })
    expect(bag("td/0")).not.toHaveProperty("foo-mirror-bar")
  })

  it("B2 a value is replaced neither by a placeholder nor by another one", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2", "v2"] })
    await fleet.sim.settle()
    await write("app/1", { mirror: "up", "mirror-motd": "first" })
    for (const other of ["empty", "second"]) {
      for (const unit of ["app/0", "app/2"])
        await write(unit, { mirror: "up", "mirror-motd": other })
      expect(bag("td/0"), replay()).toMatchObject({ "mirror-motd": "first" })
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
    expect([bag(old).mirror, bag(next).mirror], replay()).toEqual(["down", "up"])
    const [before, after] = [bag(old), bag(next)].map((entries) =>
      tokenDistributorDialect.decodeRoll(new Map(Object.entries(entries)), new Map())
    )
    expect(after?.epoch, replay()).toBeGreaterThan(before?.epoch ?? 0)
  })

  it("B4 a token that stands only in the bag of a member that stepped down is handed on", async () => {
    fleet = await deploy({ seed: 2, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    fleet.sim.partition("td/0")
    const newcomer = await fleet.sim.addUnit("app")
    await write("app/0", { mirror: "down", "mirror-app-2": "a-token-for-app-2" })
    await write("app/1", { mirror: "down" })
    fleet.sim.heal("td/0")
    await fleet.sim.settle()
    expect(newcomer).toBe("app/2")
    expect(bag("td/0"), replay()).toMatchObject({ "mirror-app-2": "a-token-for-app-2" })
  })

  it("B5 nothing of hosts that joined or left stays", async () => {
    fleet = await deploy({ seed: 1, hosts: 5, config: { delivery: "databags" } })
    await fleet.sim.settle()
    fleet.sim.removeUnit("app/4")
    await fleet.sim.settle()
    await sweep(fleet)
    const keys = Object.keys(bag("td/0")).filter((key) => /token|mirror-app/.test(key))
    expect(keys, replay()).toEqual([])
    expect(JSON.stringify(bag("td/0"))).not.toContain("app-4")
  })

  it("B6 a deployed leader that comes later founds no second cluster, though no token is left to see", async () => {
    fleet = await deploy({ seed: 1, hosts: 3 })
    await fleet.sim.settle()
    await sweep(fleet)
    const late = await fleet.sim.addUnit("app", { charm: fleet.charmOf("v3") })
    fleet.sim.electLeader(late)
    await fleet.sim.settle()
    expect(fleet.product.calls().bootstrap, replay()).toBe(1)
    expect(bag("td/0")).toMatchObject({ "mirror-.cluster": "formed" })
  })

  it("B31 a placeholder under a key that no host announced is no request", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v2", "v2"] })
    await fleet.sim.settle()
    const adds = fleet.product.calls().add
    await write("app/0", { mirror: "up", "mirror-motd": "empty" })
    expect(bag("td/0"), replay()).not.toHaveProperty("mirror-motd")
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
    expect(JSON.stringify(bag("td/0")).length, replay()).toBeLessThan(60 * 40)
    for (const unit of units()) expect(JSON.stringify(bag(unit)).length).toBeLessThan(1000)
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
    expect(Object.keys(bag("td/0")), replay()).toEqual(
      expect.arrayContaining(["mirror-app-1", "mirror-app-1~2"])
    )
    expect(statusOf(fleet, "app/3"), replay()).toBe("active: in the cluster")
  })

  it("B8 a host that slept through its token's life gets another one", async () => {
    fleet = await deploy({ seed: 1, hosts: 3, ...fails(busy("join", 40, "Database is offline")) })
    await fleet.sim.settle()
    await fleet.sim.advance("4h")
    const tokens = fleet.secrecy.tokens.length
    fleet.product.change((state) => ({ ...state, faults: [] }))
    await fleet.sim.advance("4h")
    expect(tokens, replay()).toBeGreaterThan(2)
    expectOneCluster(fleet)
  })

  it("B9 a join that fails shows no token, and asks for another one", async () => {
    const refused = busy("join", 1, "CoreTokenRecord not found")
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
    fleet = await deploy({ seed: 1, hosts: 3, ...fails(busy("add", 3, text)) })
    await fleet.sim.settle()
    await fleet.sim.advance("20m")
    expectOneCluster(fleet)
    expect(fleet.product.calls().add, replay()).toBeGreaterThan(3)
  })

  it("B10 and what fails for one host keeps no other waiting", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 2, product: { heartbeatMillis: 0 } })
    await fleet.sim.settle()
    // somebody holds a token for the next host already
    fleet.product(["cluster", "add", "app-2"], founder(), fleet.sim.now)
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    expect(membersOf(fleet), replay()).toEqual(["app-0", "app-1", "app-3"])
    await fleet.sim.advance("4h")
    expectOneCluster(fleet)
  })

  it("B11 a member that mints no more keeps showing what it minted until it is used", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 6, product: { heartbeatMillis: 0 } })
    const hidden: Array<string> = []
    const shown = new Map<string, string>()
    fleet.sim.faults.add({
      at: "before-hook",
      times: Number.MAX_SAFE_INTEGER,
      effect: () => {
        for (const unit of units()) {
          for (const [key, value] of Object.entries(
            fleet.relation in [] ? {} : bagOrNothing(unit)
          )) {
            if (key.startsWith("mirror-app-")) shown.set(key, unit)
            if (key === "mirror" && value === "down") hidden.push(unit)
          }
        }
      }
    })
    await fleet.sim.settle()
    expect(hidden, replay()).toEqual([])
    expect(shown.size).toBeGreaterThan(0)
    expectOneCluster(fleet)
  })

  it("B12 a member that minted once is not stopped by hosts that it knows nothing of", async () => {
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 4, product: { heartbeatMillis: 0 } })
    await fleet.sim.settle()
    await write("td/0", { "mirror-stranger": "empty", "mirror-x~y~z": "empty", "mirror-": "empty" })
    expectOneCluster(fleet)
  })

  it("B23 no token is minted for a member, the founder included", async () => {
    for (const distributor of ["ours", "v2", "v8"] as const) {
      fleet = await deploy({ seed: 1, distributor, hosts: 4, product: { heartbeatMillis: 0 } })
      await fleet.sim.settle()
      await sweep(fleet)
      const minted = [...fleet.secrecy.minted.values()].map(({ host }) => host)
      expect(minted.sort(), replay()).toEqual(hostsOf(fleet).filter((host) => host !== founder()))
      if (distributor !== "v8") await fleet.sim.close()
    }
  })
})

const bagOrNothing = (unit: string): Readonly<Record<string, string>> => {
  const scope = fleet.sim.model.relations.get(fleet.relation)?.scopes.get(unit)
  return Object.fromEntries(scope?.settings.content ?? [])
}

describe("who mints", () => {
  it("B13 a role is the whole word", () => {
    const row = { address: "10.0.0.1:6443", status: "ONLINE" }
    const roles = ["voter", "vote", "v", "", "o", "VOTER", "PENDING"]
    const listed = JSON.stringify(roles.map((role, at) => ({ ...row, name: `h${at}`, role })))
    const voters = (membersFromMicrocluster(listed) ?? []).filter(({ role }) => role === "voter")
    expect(voters.map(({ name }) => name)).toEqual(["h0"])
  })

  it("B14 members that stay pending for ever stop nobody", async () => {
    const product = { heartbeatMillis: Number.MAX_SAFE_INTEGER }
    for (const distributor of ["ours", "v2"] as const) {
      fleet = await deploy({ seed: 1, distributor, hosts: 5, product })
      await fleet.sim.settle()
      await fleet.sim.advance("10m")
      expectOneCluster(fleet)
      if (distributor === "ours") await fleet.sim.close()
    }
  })

  it("B16 and B17: a status that told of a failure goes when the failure does", async () => {
    fleet = await deploy({ seed: 1, hosts: 2, ...fails(busy("list", 6, "Database is offline")) })
    await fleet.sim.settle()
    await fleet.sim.advance("20m")
    for (const unit of units()) {
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
      issuers.add(/"issuer":"([^"]+)"/.exec(bag("td/0")["rollcall-roll"] ?? "")?.[1])
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
  it("B18 whoever leads later founds, and who leads last founds nothing more", async () => {
    for (const seed of [1, 2, 3, 4]) {
      fleet = await deploy({ seed, distributor: "v2", hosts: 3 })
      fleet.sim.faults.add({
        at: "before-commit",
        hook: "cluster-relation-created",
        effect: "lose-lease"
      })
      await fleet.sim.settle()
      for (const unit of units()) {
        fleet.sim.electLeader(unit)
        await fleet.sim.settle()
      }
      await fleet.sim.addUnit("app")
      await fleet.sim.settle()
      expectOneClusterInTheEnd(fleet)
      expect(fleet.product.calls().bootstrap, replay()).toBe(1)
      await fleet.sim.close()
    }
  })

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

  it("B20 our mirror names the founding application, and our host does not need the name", async () => {
    fleet = await deploy({ seed: 1, hosts: ["v8", "v8", "v8"] })
    await fleet.sim.settle()
    expect(bag("td"), replay()).toMatchObject({ "bootstrap-app": "app" })
    expectOneCluster(fleet)
    await fleet.sim.close()
    fleet = await deploy({ seed: 1, distributor: "v2", hosts: 3 })
    await fleet.sim.settle()
    expect(bag("td")).toEqual({})
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
    expect(statusOf(fleet, "app/1"), replay()).toMatch(/^waiting: join: already-initialised: /)
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
      ...fails(busy("remove", 1, "Database is offline"))
    })
    await fleet.sim.settle()
    fleet.sim.removeUnit("app/2")
    await fleet.sim.settle()
    expect(units(), replay()).toEqual(["app/0", "app/1"])
    const removals = fleet.product.calls().remove
    for (const unit of units()) fleet.sim.removeUnit(unit)
    await fleet.sim.settle()
    expect(units()).toEqual([])
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
