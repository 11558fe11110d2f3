// The rules by which one end of the deployed format lives with the other, each asserted over whole formations, after
// every hook: a fleet with deployed units in it, above or below ours.
import { afterEach, describe, expect, it } from "vitest"
import { expectOneCluster, replay, sweep } from "../../../../apps/example-charm/test/Expected.ts"
import {
  deploy,
  type Fleet,
  type FleetOptions,
  hostsOf,
  type MemberKind,
  membersOf
} from "../../../../apps/example-charm/test/Fleet.ts"
import { bagOf } from "../acceptance/Meddling.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const entriesOf = (unit: string) =>
  Object.entries(bagOf(fleet, unit)).filter(([key]) => key.startsWith("mirror-"))
const isReal = ([, value]: readonly [string, string]): boolean => value !== "empty"

/** Forms a cluster, later moves the leaders and lets a host leave and another one come, watching all the time. */
const live = async (options: FleetOptions, watch: () => undefined): Promise<void> => {
  fleet = await deploy({ ...options, watch })
  await fleet.sim.settle()
  expectOneCluster(fleet)
  for (const unit of fleet.sim.units("td")) fleet.sim.electLeader(unit)
  await fleet.sim.settle()
  await sweep(fleet)
  await fleet.sim.addUnit("app")
  await fleet.sim.settle()
  await fleet.sim.advance("4h")
}

const MIXTURES: ReadonlyArray<ReadonlyArray<MemberKind>> = [
  ["v2", "v2", "v2", "v2"],
  ["ours", "v2", "ours", "v2"],
  ["v8", "v8", "v8", "v8"]
]

describe.each(MIXTURES)("our mirror above %s %s %s %s", (...hosts) => {
  it("says up on one unit at most, and on the leader's at rest", async () => {
    let problem = ""
    const up = () => fleet.sim.units("td").filter((unit) => bagOf(fleet, unit).mirror === "up")
    const believed = () => {
      // two may be up until the one before has run a hook; the founder's side is told once, so before that none is
      if (up().length > 2) problem = `${up()} are up`
      return undefined
    }
    await live({ seed: 1, hosts, distributors: 2 }, believed)
    expect(problem, replay()).toBe("")
    expect(up(), replay()).toEqual([fleet.sim.leader("td")])
  })

  it("names the founding application no later than it is up", async () => {
    const late: Array<string> = []
    await live({ seed: 2, hosts }, () => {
      const { "bootstrap-app": app } = bagOf(fleet, "td")
      if (bagOf(fleet, "td/0").mirror === "up" && app === undefined) late.push("up without a name")
      return undefined
    })
    expect(late, replay()).toEqual([])
    expect(bagOf(fleet, "td")).toMatchObject({ "bootstrap-app": "app" })
  })

  it("turns no token into a placeholder, and never takes the last value away", async () => {
    const before = new Map<string, string>()
    const problems = new Set<string>()
    let real = false
    await live({ seed: 3, hosts }, () => {
      const now = entriesOf("td/0")
      for (const [key, value] of now) {
        const old = before.get(key) ?? "empty"
        if (value === "empty" && old !== "empty") problems.add(`${key} was ${old.slice(0, 9)}`)
        before.set(key, value)
      }
      if (real && !now.some(isReal)) problems.add("nothing real is left")
      real ||= now.some(isReal)
      return undefined
    })
    expect([...problems], replay()).toEqual([])
    expect(real).toBe(true)
  })

  it("has a placeholder for hosts that wait, and for nothing else; tokens are verbatim", async () => {
    const problems = new Set<string>()
    await live({ seed: 4, hosts }, () => {
      const known = new Set(hostsOf(fleet).map((host) => `mirror-${host}`))
      for (const [key, value] of entriesOf("td/0")) {
        if (value === "empty" && !known.has(key)) problems.add(`${key} is empty`)
        const verbatim = value.startsWith(".") || !/^mirror-app/.test(key)
        if (value === "empty" || verbatim || fleet.secrecy.tokens.includes(value)) continue
        problems.add(`${key} is ${value.slice(0, 9)}`)
      }
      return undefined
    })
    expect([...problems], replay()).toEqual([])
    expect(membersOf(fleet)).toEqual(hostsOf(fleet))
  })
})

describe.each(["v2", "v8"] as const)("our hosts below distributor %s", (distributor) => {
  it("write their names with their first words", async () => {
    const nameless = new Set<string>()
    await live({ seed: 5, distributor, hosts: 5 }, () => {
      for (const unit of fleet.sim.units("app")) {
        const bag = bagOf(fleet, unit)
        const own = Object.keys(bag).some((key) => /^(rollcall|mirror)/.test(key))
        if (own && bag.hostname !== unit.replace("/", "-")) nameless.add(unit)
      }
      return undefined
    })
    expect([...nameless], replay()).toEqual([])
  })

  it("are up while they show a token, and show nothing before there is a cluster", async () => {
    const problems = new Set<string>()
    await live({ seed: 6, distributor, hosts: 5 }, () => {
      for (const unit of fleet.sim.units("app")) {
        const shown = entriesOf(unit)
        if (shown.length > 0 && bagOf(fleet, unit).mirror !== "up")
          problems.add(`${unit} is not up`)
        if (shown.length > 0 && fleet.product.state().clusters.length === 0) {
          problems.add(`${unit} shows ${shown[0]?.[0]} before there is a cluster`)
        }
      }
      return undefined
    })
    expect([...problems], replay()).toEqual([])
  })

  it("read mirrors only that are up", async () => {
    fleet = await deploy({ seed: 7, distributor, hosts: 1 })
    fleet.sim.partition("app/0")
    await fleet.sim.settle()
    await fleet.sim.jujuExec("td/0", async ({ run }) => {
      const relation = `microcluster-cluster:${fleet.relation}`
      const entries = { mirror: "down", "mirror-app-0": "a-token-that-nobody-vouches-for" }
      return (await run(["relation-set", "-r", relation, "--file", "-"], JSON.stringify(entries)))
        .code
    })
    fleet.sim.heal("app/0")
    fleet.sim.partition("td/0")
    await fleet.sim.settle()
    expect(fleet.product.calls().join, replay()).toBeUndefined()
  })
})
