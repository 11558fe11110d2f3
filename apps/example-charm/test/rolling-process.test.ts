// The member charm as it is deployed: built, its hooks and commands processes, systemctl a stand-in, and wake-ups by
// juju-exec in real time.
import { execFile } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Simulation } from "@rollcall/juju-simulator"
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "rollcall-process-"))
const calls = join(folder, "calls")
const broken = join(folder, "broken")
let sim: Simulation

beforeAll(async () => {
  const script = join(import.meta.dirname, "../build.ts")
  const args = ["--conditions=@rollcall/source", script, "--unpacked-only", "--out", folder]
  await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  writeFileSync(join(folder, "systemctl"), SYSTEMCTL)
  chmodSync(join(folder, "systemctl"), 0o755)
}, 60_000)
afterEach(async () => {
  await sim.close()
  rmSync(calls, { force: true })
  rmSync(broken, { force: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const deploy = async (units: number, config: Readonly<Record<string, string | number>>) => {
  sim = await Simulation.make({ seed: 1, peerAppChangeToLeader: false, concurrency: 2 })
  await sim.deploy("app", {
    charm: join(folder, "member"),
    units,
    config,
    env: (unit) => ({ ROLLCALL_HOST: unit.replace("/", "-") }),
    wrapHook: () => ["sh", "-c", 'PATH="$0:$PATH" exec "$@"', folder]
  })
  await sim.settle()
}

const lines = () => (existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : [])

const statusOf = (unit: string) => {
  const { message, status } = sim.status().app?.units[unit]?.workload ?? {}
  return `${status}: ${message}`
}

it("services restart in turn; a leader that hears nothing of its own grant is woken", {
  timeout: 120_000
}, async () => {
  await deploy(3, { "restart-services": "ovn.service  ovs.service" })
  const leader = sim.leader("app") ?? ""
  const order = [leader, ...sim.units("app").filter((unit) => unit !== leader)]
  await sim.runAction(leader, "roll", { units: order.join(" ") })
  await sim.settleUntil(() => lines().length >= 12, 60_000)
  const expected = order.flatMap((unit, at) =>
    [
      "restart -- ovn.service",
      "restart -- ovs.service",
      "is-active -- ovn.service",
      "is-active -- ovs.service"
    ].map((words) => `${unit} restart ${at + 1} ${words}`)
  )
  expect(lines()).toEqual(expected)
  expect(sim.hooks({ name: "juju-exec" }).length).toBeGreaterThan(0)
  expect([...sim.failed()]).toEqual([])
  const charm = join(await sim.root(), "agents", "unit-app-0", "charm")
  const journals = readdirSync(charm).filter((file) => file.startsWith(".rollcall-"))
  expect(journals.sort()).toEqual([".rollcall-journal.json", ".rollcall-lock.json"])
  for (const file of journals) expect(statSync(join(charm, file)).mode & 0o777).toBe(0o600)
})

it("a service that is not active afterwards is tried again when its rest is over, then it has failed", {
  timeout: 120_000
}, async () => {
  await deploy(2, { "restart-services": "ovn.service", "restart-retry-seconds": 1 })
  const unit = sim.units("app").find((each) => each !== sim.leader("app")) ?? ""
  writeFileSync(broken, "")
  await sim.runAction(unit, "restart", { "max-retry": 1 })
  await sim.settleUntil(() => lines().length >= 4, 60_000)
  await sim.settle()
  expect(lines().map((line) => line.replace(/^app\/\d restart \d+ /, ""))).toEqual([
    "restart -- ovn.service",
    "is-active -- ovn.service",
    "restart -- ovn.service",
    "is-active -- ovn.service"
  ])
  expect(statusOf(unit)).toMatch(
    /^blocked: .*restart failed: given up after 2 tries: ovn.service is not active after its restart/
  )
  expect(statusOf(sim.leader("app") ?? "")).toMatch(/run rolling-resume/)
})

const SYSTEMCTL = `#!/bin/sh
echo "$JUJU_UNIT_NAME $ROLLCALL_LOCK $ROLLCALL_TOKEN $*" >>"\${0%/*}/calls"
[ "$1" = restart ] || [ ! -e "\${0%/*}/broken" ]
`
