// Model and library play the same deployment in the simulated Juju, from the same seed: the same hooks run in the same
// order with the same exit codes, and the same bags, statuses and log lines are left.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import {
  createStandIn,
  type Fault,
  makeStandIn,
  standInCommand,
  withFault
} from "../../packages/microcluster-adapter/src/stand-in/index.ts"
import { consumerV2 } from "./models/ConsumerV2.ts"
import type { Duplicates } from "./models/Deferral.ts"
import { providerV2 } from "./models/ProviderV2.ts"
import { reportOmission } from "./Omission.ts"
import { type PythonBridge, startPythonBridge } from "./PythonBridge.ts"
import { assemblePythonPeers, type PythonPeers } from "./PythonPeers.ts"
import { distributorSource, type Ending, memberSource, play } from "./Scenario.ts"

// Members are never pending: the library would wait for them in real time.
const SETTINGS = { heartbeatMillis: 0 }
const TROUBLE: ReadonlyArray<Fault> = [
  { operation: "bootstrap", kind: "fail", text: "Database is still starting", times: 1 },
  { operation: "add", kind: "fail", text: "Membership consistency check failed", times: 2 },
  { operation: "join", kind: "fail", text: "Token expired", times: 3 },
  { operation: "join", kind: "fail-after", text: "Database is offline", times: 1 },
  { operation: "list", kind: "fail", text: "Database is offline", times: 2 }
]

const clusterOf = (faults: ReadonlyArray<Fault>) => {
  const standIn = makeStandIn(SETTINGS)
  for (const fault of faults) standIn.change((state) => withFault(state, fault))
  return standIn
}

const playModel = (seed: number, options: PlayOptions): Promise<Ending> => {
  const standIn = clusterOf(options.faults ?? [])
  const member = consumerV2({
    clusterCommand: (argv, host) => standIn(argv, host),
    duplicates: options.duplicates ?? "skipped"
  })
  const short = options.short ?? false
  return play({
    seed,
    short,
    distributor: distributorSource(providerV2()),
    member: memberSource(member)
  })
}

const playBridged = (seed: number, bridge: PythonBridge, options: PlayOptions): Promise<Ending> => {
  const standIn = clusterOf(options.faults ?? [])
  return play({
    seed,
    distributor: distributorSource(bridge.newDistributor()),
    member: memberSource(bridge.newMember((argv, host) => standIn(argv, host)))
  })
}

interface PlayOptions {
  readonly faults?: ReadonlyArray<Fault>
  readonly duplicates?: Duplicates
  readonly short?: boolean
}

it("the model brings every member in, and mints again for members when its distributor moved (B4)", async () => {
  const { bags, statuses, failed } = await playModel(1, {})
  expect(failed).toEqual([])
  expect(Object.entries(statuses).filter(([, status]) => !status.startsWith("active"))).toEqual([])
  const members = Object.keys(bags).filter((unit) => unit.startsWith("m/"))
  expect(members).toHaveLength(5)
  expect(Object.keys(bags["d/1"] ?? {})).toEqual(
    expect.arrayContaining(["mirror-m-1", "mirror-m-3"])
  )
})

const VERSIONS = [
  { ops: 3, duplicates: "skipped" },
  { ops: 2, duplicates: "queued" }
] as const

const overBridge = (bridge: PythonBridge, duplicates: Duplicates) => {
  it.each([1, 2])("plays as its model does, seed %i", async (seed) => {
    const model = await playModel(seed, { duplicates })
    expect(model.hooks.length).toBeGreaterThan(100)
    expect(await playBridged(seed, bridge, {})).toEqual(model)
  })

  it.each([4, 5])("plays as its model does when the product fails, seed %i", async (seed) => {
    const model = await playModel(seed, { duplicates, faults: TROUBLE })
    expect(await playBridged(seed, bridge, { faults: TROUBLE })).toEqual(model)
  })
}

const withoutBridge = (peers: PythonPeers) =>
  it("plays as its model does when nothing of ours stands between", async () => {
    const folder = await mkdtemp(join(tmpdir(), "rollcall-stand-in-"))
    createStandIn(folder, SETTINGS)
    const library = await play({
      seed: 7,
      short: true,
      distributor: peers.distributor,
      member: peers.member,
      env: (hostname) => ({ STAND_IN_DIR: folder, STAND_IN_HOST: hostname })
    })
    await rm(folder, { recursive: true })
    expect(library).toEqual(await playModel(7, { short: true }))
  })

for (const { ops, duplicates } of VERSIONS) {
  const peers = await assemblePythonPeers({ ops, clusterCommand: standInCommand })
  const title = `the deployed library on ops ${ops}`
  if (peers.kind === "missing") {
    reportOmission(`${title}, in the simulator`, peers.reason)
    continue
  }
  const bridge = await startPythonBridge(peers)
  afterAll(async () => {
    await bridge.close()
    await peers.remove()
  })
  describe(title, { timeout: 120_000 }, () => {
    overBridge(bridge, duplicates)
    if (ops === 3) withoutBridge(peers) // a quarter of a second for a hook: once is enough
  })
}
