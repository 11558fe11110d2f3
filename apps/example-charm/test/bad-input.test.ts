// What operators and products get wrong: the unit says what is wrong in one line, tries again where that can help, and
// nothing is lost by it.
import {
  type Fault,
  type StandInOperation,
  withFault
} from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, describe, expect, it } from "vitest"
import { expectOneCluster, replay } from "./Expected.ts"
import { deploy, type Fleet, membersOf, statusOf } from "./Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

const statuses = (): ReadonlyArray<string> =>
  fleet.sim.units("app").map((unit) => statusOf(fleet, unit))

const oneLine = (text: string): boolean => !/[\n\r]/.test(text) && text.length <= 540

const withFaults = (...faults: ReadonlyArray<Fault>) =>
  deploy({
    seed: 1,
    hosts: 3,
    memberConfig: { "command-timeout-seconds": 1 },
    prepare: (product) =>
      product.change((state) => faults.reduce((each, fault) => withFault(each, fault), state))
  })

describe("options", () => {
  it("a wrong one of the member blocks it, and setting it right goes on", async () => {
    fleet = await deploy({ seed: 1, hosts: 3, memberConfig: { "command-timeout-seconds": 0 } })
    await fleet.sim.settle()
    for (const status of statuses()) {
      expect(status, replay()).toMatch(
        /^blocked: set with `juju config`: command-timeout-seconds is a number, expected /
      )
      expect(oneLine(status)).toBe(true)
    }
    expect([...fleet.sim.failed()]).toEqual([])
    fleet.sim.setConfig("app", { "command-timeout-seconds": undefined })
    await fleet.sim.settle()
    expectOneCluster(fleet)
  })

  it("a wrong one of the distributor blocks it, and setting it right goes on", async () => {
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      config: { delivery: "pigeons", "window-seconds": -1 }
    })
    await fleet.sim.settle()
    expect(statusOf(fleet, "td/0"), replay()).toMatch(
      /^blocked: set with `juju config`: .*window-seconds is a number.*delivery is a string/
    )
    fleet.sim.setConfig("td", { delivery: "databags", "window-seconds": 30 })
    await fleet.sim.settle()
    expectOneCluster(fleet)
  })
})

describe("the cluster's command", () => {
  it("is missing: blocked with the name of the option; the right one is used at once", async () => {
    fleet = await deploy({
      seed: 1,
      hosts: 3,
      memberConfig: { "cluster-command": "/no/such cluster" }
    })
    await fleet.sim.settle()
    const founder = statuses().filter((status) => status.startsWith("blocked"))
    expect(founder, replay()).not.toEqual([])
    for (const status of founder) {
      expect(status).toMatch(/^blocked: \w+: command-missing: .*cluster-command/)
      expect(oneLine(status)).toBe(true)
    }
    fleet.sim.setConfig("app", { "cluster-command": undefined })
    await fleet.sim.settle()
    expectOneCluster(fleet)
  })

  const says: ReadonlyArray<readonly [Fault["kind"], StandInOperation, RegExp]> = [
    ["help", "bootstrap", /^blocked: bootstrap: output-unreadable: .*is it the cluster's command/],
    ["help", "join", /^blocked: join: output-unreadable: /],
    ["help", "add", /^blocked: add: output-unreadable: /],
    ["help", "list", /^blocked: list: output-unreadable: /],
    ["flood", "bootstrap", /^blocked: bootstrap: output-too-large: .*more than is read/],
    ["flood", "list", /^blocked: list: output-too-large: /],
    ["hang", "bootstrap", /^waiting: bootstrap: timed-out: .*see whether its daemon runs/],
    ["hang", "join", /^waiting: join: timed-out: /],
    ["hang", "add", /^waiting: add: timed-out: /],
    ["fail", "bootstrap", /^waiting: bootstrap: busy: .*tried again.*Database is still starting/],
    ["fail", "join", /^waiting: join: busy: /],
    ["fail", "add", /^waiting: add: busy: /]
  ]
  it.each(says)("%s in %s", { timeout: 60_000 }, async (kind, operation, expected) => {
    const detail = { text: "Error: Database is still starting", bytes: 20_000_000 }
    // config-changed comes once on the way and tries at once: more than one failure for each host
    fleet = await withFaults({
      ...detail,
      kind,
      operation,
      times: kind === "hang" ? 2 : 7
    } as Fault)
    const seen = new Set<string>()
    const { model } = fleet.sim
    for (let round = 0; round < 8; round++) {
      await fleet.sim.settle()
      for (const status of statuses()) seen.add(status)
      // pauses double: at first they are over long before update-status comes
      await fleet.sim.advance("6m")
    }
    expect(
      [...seen].filter((status) => expected.test(status)),
      replay()
    ).not.toEqual([])
    expect([...seen].filter((status) => !oneLine(status))).toEqual([])
    expect(model.logs.filter(({ message }) => /\n./.test(message.trim()))).toEqual([])
    // a token that was minted for nobody to see keeps the product from minting another until it is too old
    if (fleet.product.state().clusters[0]?.members.length !== 3) await fleet.sim.advance("4h")
    expectOneCluster(fleet)
  })
})

it("between two tries the cause stays in the status, and pauses grow", async () => {
  fleet = await withFaults({
    operation: "bootstrap",
    kind: "fail",
    text: "Database is still starting",
    times: 5
  })
  await fleet.sim.settle()
  const tries: Array<number> = []
  for (let second = 0; second < 600 && (fleet.product.calls().join ?? 0) === 0; second += 5) {
    const before = fleet.product.calls().bootstrap ?? 0
    fleet.sim.updateStatus()
    await fleet.sim.advance("5s")
    if ((fleet.product.calls().bootstrap ?? 0) > before) tries.push(second)
    else if (tries.length < 4) {
      expect(statuses().join(), replay()).toContain("waiting: bootstrap: busy: ")
    }
  }
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
  expect(pauses, replay()).toEqual([...pauses].sort((a, b) => a - b))
  expect(pauses.length).toBeGreaterThanOrEqual(3)
  expectOneCluster(fleet)
})

describe("a host name that the product does not take", () => {
  const blocked = /^blocked: host name app-2 is not accepted by the cluster; rename this host$/

  it("blocks its unit, is asked for once, and keeps nobody waiting", async () => {
    fleet = await deploy({ seed: 1, hosts: 2, product: { refusedNames: ["app-2"] } })
    await fleet.sim.settle()
    for (let host = 2; host < 4; host++) await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    await fleet.sim.advance("5h")
    expect(statusOf(fleet, "app/2"), replay()).toMatch(blocked)
    expect(membersOf(fleet), replay()).toEqual(["app-0", "app-1", "app-3"])
    expect(fleet.product.calls().add, replay()).toBe(3)
    expect([...fleet.sim.failed()]).toEqual([])
    const others = statuses().filter((status) => !status.startsWith("active: "))
    expect(others, replay()).toHaveLength(1)
  })

  it("and the founder's is told with what to do", async () => {
    const text = 'Token name "app-0" is not a valid FQDN'
    fleet = await withFaults({ operation: "bootstrap", kind: "fail", text, times: 9 })
    await fleet.sim.settle()
    await fleet.sim.advance("1h")
    expect(statuses().join(), replay()).toMatch(/blocked: bootstrap: bad-name: .*rename the host/)
    // trying again mends no name; an operator who changed something asks for one more try
    const calls = fleet.product.calls().bootstrap ?? 0
    fleet.sim.setConfig("app", { "join-arguments": "--changed" })
    await fleet.sim.settle()
    await fleet.sim.advance("1h")
    expect(fleet.product.calls().bootstrap, replay()).toBe(calls + 1)
  })
})
