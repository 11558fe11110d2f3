// The operator's commands around founding and joining: each event once, although hooks fail and are run again, and
// arguments as they are when the call is made.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { withFault } from "@rollcall/microcluster-adapter/stand-in"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { expectOneClusterInTheEnd, replay } from "./Expected.ts"
import { deploy, type Fleet, statusOf } from "./Fleet.ts"

let fleet: Fleet
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-lifecycle-"))
  writeFileSync(join(folder, "events"), "")
  writeFileSync(
    join(folder, "note"),
    `#!/bin/sh\necho "$1 $ROLLCALL_EVENT $ROLLCALL_BOOTSTRAPPER" >> ${folder}/events\ntest ! -e ${folder}/fail\n`
  )
})
afterEach(async () => {
  await fleet.sim.close()
  rmSync(folder, { recursive: true })
})

const OPTIONS = [
  "pre-bootstrap-command",
  "bootstrapped-command",
  "pre-join-command",
  "joined-command"
] as const
const commands = () =>
  Object.fromEntries(OPTIONS.map((option) => [option, `/bin/sh ${folder}/note ${option}`]))
const events = (): Readonly<Record<string, number>> => {
  const lines = readFileSync(join(folder, "events"), "utf8").trimEnd().split("\n")
  return Object.fromEntries(
    [...new Set(lines)].sort().map((line) => [line, lines.filter((each) => each === line).length])
  )
}
const expected = (hosts: number) => ({
  "bootstrapped-command Bootstrapped false": 1,
  "joined-command Joined false": hosts - 1,
  "joined-command Joined true": 1,
  "pre-bootstrap-command PreBootstrap false": 1,
  "pre-join-command PreJoin false": hosts - 1
})

const BUSY = { kind: "fail", text: "Error: Database is still starting" } as const

describe("each event comes once", { timeout: 30_000 }, () => {
  it.each([1, 2, 3])(
    "when calls fail and hooks are lost before their commit, seed %i",
    async (seed) => {
      const faults = { beforeCommit: 0.15, flush: 0.15, restart: 0.5 }
      const prepare = (product: Fleet["product"]) =>
        product.change((state) =>
          (["bootstrap", "join"] as const).reduce(
            (each, operation) => withFault(each, { ...BUSY, operation, times: 2 }),
            state
          )
        )
      fleet = await deploy({ seed, hosts: 4, memberConfig: commands(), faults, prepare })
      await fleet.sim.settle()
      fleet.sim.faults.clear()
      await fleet.sim.advance("30m")
      const lost = fleet.sim.hooks().filter(({ outcome }) => outcome !== "committed").length
      expect(lost, replay()).toBeGreaterThan(5)
      expectOneClusterInTheEnd(fleet)
      expect(events(), replay()).toEqual(expected(4))
    }
  )

  it.each([4, 5])("when processes die after founding and joining, seed %i", async (seed) => {
    fleet = await deploy({ seed, hosts: 4, memberConfig: commands() })
    const died = new Set<string>()
    fleet.mortality.strikes = (operation, host) => {
      const once = `${operation} ${host}`
      return ["bootstrap", "join"].includes(operation) && !died.has(once) && died.add(once).size > 0
    }
    await fleet.sim.settle()
    await fleet.sim.advance("30m")
    expect(fleet.mortality.deaths, replay()).toHaveLength(4)
    expectOneClusterInTheEnd(fleet)
    expect(events(), replay()).toEqual(expected(4))
  })

  it("again when the operator's command failed, and the status says so", async () => {
    writeFileSync(join(folder, "fail"), "")
    fleet = await deploy({ seed: 6, hosts: 2, memberConfig: commands() })
    await fleet.sim.settle()
    expect(fleet.product.calls(), replay()).not.toHaveProperty("bootstrap")
    const statuses = fleet.sim.units("app").map((unit) => statusOf(fleet, unit))
    expect(statuses.join(), replay()).toMatch(
      /blocked: the code for pre-bootstrap-command failed: .*mend it, the next step runs it again/
    )
    rmSync(join(folder, "fail"))
    await fleet.sim.advance("12m")
    expectOneClusterInTheEnd(fleet)
    const { "pre-bootstrap-command PreBootstrap false": tries, ...others } = events()
    expect(tries, replay()).toBeGreaterThan(1)
    expect(others, replay()).toMatchObject({ "joined-command Joined true": 1 })
  })
})

it("arguments are those of the moment of the call", async () => {
  const busy = { ...BUSY, times: 999 }
  const mend = (operation: string) =>
    fleet.product.change((state) => ({
      ...state,
      faults: state.faults.filter((fault) => fault.operation !== operation)
    }))
  fleet = await deploy({
    seed: 1,
    hosts: 2,
    memberConfig: { "bootstrap-arguments": "--old", "join-arguments": "--early" },
    prepare: (product) =>
      product.change((state) =>
        withFault(withFault(state, { ...busy, operation: "bootstrap" }), {
          ...busy,
          operation: "join"
        })
      )
  })
  await fleet.sim.settle()
  fleet.sim.setConfig("app", { "bootstrap-arguments": "--new  --twice" })
  await fleet.sim.settle()
  mend("bootstrap")
  await fleet.sim.advance("12m")
  fleet.sim.setConfig("app", { "join-arguments": "--late" })
  await fleet.sim.settle()
  mend("join")
  await fleet.sim.advance("12m")
  const flagsOf = (operation: string) =>
    fleet.timing.calls
      .filter(({ words }) => words.includes(operation))
      .map(({ words }) => words.filter((word) => word.startsWith("--")).join(" "))
  expect(flagsOf("bootstrap")[0], replay()).toBe("--old")
  expect(flagsOf("bootstrap").at(-1), replay()).toBe("--new --twice")
  expect(flagsOf("join")[0], replay()).toBe("--early")
  expect(flagsOf("join").at(-1), replay()).toBe("--late")
  expectOneClusterInTheEnd(fleet)
})
