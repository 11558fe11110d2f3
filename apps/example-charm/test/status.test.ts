// What units show: what they wait for, what they are, and never anything that is not so.
import { withFault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import { replay, sweep } from "./Expected.ts"
import { deploy, type Fleet, type FleetOptions, membersOf, statusOf } from "./Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

/** Runs a fleet; returns every status that a unit showed, and the lies among them. */
const shown = async (options: FleetOptions) => {
  const seen = new Map<string, Set<string>>()
  const lies: Array<string> = []
  let hooks = 0
  const watch = () => {
    for (; hooks < fleet.sim.trace.hooks.length; hooks++) {
      const { unit = "" } = fleet.sim.trace.hooks[hooks] ?? {}
      if (!fleet.sim.model.units.has(unit)) continue
      const status = statusOf(fleet, unit)
      seen.set(unit, (seen.get(unit) ?? new Set()).add(status))
      if (!isTrue(unit, status)) lies.push(`${unit}: ${status}`)
    }
    return undefined
  }
  fleet = await deploy({ ...options, watch })
  await fleet.sim.settle()
  return { seen, lies }
}

/** Whether a status fits the product, right after the hook that showed it. */
const isTrue = (unit: string, status: string): boolean => {
  const members = membersOf(fleet)
  if (unit.startsWith("app/")) {
    const member = members.includes(unit.replace("/", "-"))
    return member === /^active: (in|bootstrapped) the cluster$/.test(status)
  }
  const joined = Number(/(\d+) of \d+ hosts joined/.exec(status)?.[1] ?? 0)
  return joined <= members.length
}

const allOf = (seen: ReadonlyMap<string, ReadonlySet<string>>, application: string) =>
  new Set(
    [...seen].flatMap(([unit, statuses]) =>
      unit.startsWith(`${application}/`) ? [...statuses] : []
    )
  )

describe("while a cluster forms", () => {
  it.each([1, 2, 3])("every status is true, seed %i", async (seed) => {
    const { lies, seen } = await shown({ seed, hosts: 6 })
    expect(lies, replay()).toEqual([])
    const known = [
      /^maintenance: waiting to be related to a token distributor$/,
      /^waiting: waiting for a relation to a token distributor$/,
      /^waiting: waiting for a token distributor to lead$/,
      /^waiting: waiting for the first hosts to announce themselves$/,
      /^waiting: waiting for app\/\d to bootstrap the cluster$/,
      /^waiting: waiting for app\/\d to mint a token for app-\d$/,
      /^waiting: waiting for a token for app-\d$/,
      /^active: (in|bootstrapped) the cluster$/
    ]
    const unknown = [...allOf(seen, "app")].filter(
      (status) => !known.some((text) => text.test(status))
    )
    expect(unknown, replay()).toEqual([])
    expect(statusOf(fleet, "td/0"), replay()).toBe("active: 6 of 6 hosts joined")
  })

  it("a host shows what went wrong, and after that that it is in", async () => {
    const { seen } = await shown({
      seed: 1,
      hosts: 3,
      prepare: (product) =>
        product.change((state) =>
          withFault(state, {
            operation: "join",
            kind: "fail",
            text: "Error: Token expired",
            times: 1
          })
        )
    })
    await fleet.sim.advance("4h")
    expect([...allOf(seen, "app")].join("\n"), replay()).toMatch(
      /^waiting: join: token-expired: .*a new one is asked for/m
    )
    for (const unit of fleet.sim.units("app")) {
      expect(statusOf(fleet, unit), replay()).toMatch(/^active: (in|bootstrapped) the cluster$/)
    }
  })
})

it("without a relation both say what they wait for", async () => {
  fleet = await deploy({ seed: 1, hosts: 1, unrelated: true })
  await fleet.sim.settle()
  expect(statusOf(fleet, "app/0")).toBe("waiting: waiting for a relation to a token distributor")
  expect(statusOf(fleet, "td/0")).toBe("waiting: waiting for hosts to announce themselves")
})

it("while hosts are still to come the distributor holds the others, and says for whom", async () => {
  const { sim } = (fleet = await deploy({ seed: 1, hosts: 3 }))
  sim.partition("app/2")
  await sim.settle()
  expect(statusOf(fleet, "td/0"), replay()).toMatch(
    /^waiting: holding \d of \d hosts for \d still to come$/
  )
  // the window has passed when update-status comes
  await sim.advance("6m")
  expect(statusOf(fleet, "td/0"), replay()).toBe("active: 2 of 2 hosts joined")
  sim.heal("app/2")
  await sim.settle()
  await sweep(fleet)
  expect(statusOf(fleet, "td/0"), replay()).toBe("active: 3 of 3 hosts joined")
})

it("a standby distributor says that it stands by", async () => {
  fleet = await deploy({ seed: 1, hosts: 2, distributors: 2 })
  await fleet.sim.settle()
  const statuses = ["td/0", "td/1"].map((unit) => statusOf(fleet, unit)).sort()
  expect(statuses, replay()).toEqual([
    "active: 2 of 2 hosts joined",
    "active: standing by for the leader"
  ])
})

it("a name that another unit has is blocked with the name and what to do", async () => {
  const hostOf = (unit: string) => (unit === "app/2" ? "app-0" : unit.replace("/", "-"))
  fleet = await deploy({ seed: 1, hosts: 2, hostOf, machineOf: (unit) => unit.replace("/", "-") })
  await fleet.sim.settle()
  await fleet.sim.addUnit("app")
  await fleet.sim.settle()
  expect(statusOf(fleet, "app/2"), replay()).toBe(
    "blocked: host name app-0 is owned by another unit; rename this host or remove that unit"
  )
  expect(
    fleet.timing.calls.filter(({ host, words }) => host === "app-2" && words.includes("join"))
  ).toEqual([])
})

it("below a deployed distributor a host says who is to found the cluster", async () => {
  // a LIBPATCH 8 leader never founds below a LIBPATCH 2 distributor: that is what the others wait for
  fleet = await deploy({ seed: 1, distributor: "v2", hosts: ["ours", "v8"] })
  fleet.sim.electLeader("app/1")
  await fleet.sim.settle()
  expect(statusOf(fleet, "app/0"), replay()).toBe(
    "waiting: waiting for the leader of app to bootstrap the cluster"
  )
})

it("of deployed hosts the distributor says what it knows", async () => {
  fleet = await deploy({ seed: 1, hosts: ["v2", "v2", "v2"] })
  await fleet.sim.settle()
  expect(statusOf(fleet, "td/0"), replay()).toMatch(
    /^active: (1 of 3 hosts joined, 2|2 of 3 hosts joined, 1) have a token and do not tell more$/
  )
})

it("a unit that is removed has left the cluster", async () => {
  fleet = await deploy({ seed: 1, hosts: 3 })
  await fleet.sim.settle()
  // the product removes nobody before its first heartbeat
  await fleet.sim.advance("1m")
  let last = ""
  fleet.sim.faults.add({
    at: "before-commit",
    unit: "app/1",
    hook: "remove",
    effect: ({ unit }) => {
      last = statusOf(fleet, unit)
    }
  })
  fleet.sim.removeUnit("app/1")
  await fleet.sim.settle()
  expect(membersOf(fleet), replay()).toEqual(["app-0", "app-2"])
  expect(last, replay()).toBe("maintenance: left the cluster")
})
