// Every hook command against a simulated Juju, as a function in this process and as the real tools of real processes.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type InProcessSource, Simulation } from "@rollcall/juju-simulator"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { HookCommand } from "../../src/HookCommand.ts"
import { JujuContext } from "../../src/JujuContext.ts"
import { jujuLogger } from "../../src/JujuLogger.ts"
import { AWKWARD, observed } from "../fixtures/Observed.ts"

interface Seen {
  readonly [key: string]: unknown
}

const metadata = { name: "app", peers: { peers: { interface: "observed" } } }
const config = { options: { permits: { type: "int", default: 2 }, note: { type: "string" } } }
const actions = { backup: { params: { fail: { type: "boolean" } } } }

const inProcess = (seen: Array<Seen>): InProcessSource => ({
  metadata,
  config,
  actions,
  run: (hook) =>
    Effect.gen(function* () {
      const { unit } = yield* JujuContext
      const reported = yield* observed
      if (reported === undefined) return 0
      yield* Effect.logInfo("observed")
      seen.push({ unit, ...reported })
      return 0
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          jujuLogger(),
          Layer.merge(HookCommand.layerWith(hook.run), JujuContext.layer(hook.env))
        )
      ),
      Effect.runPromise
    )
})

/** Writes the charm to `folder`; hooks that observe nothing start no process. */
const onDisk = (folder: string): string => {
  const entry = join(import.meta.dirname, "../fixtures/dispatch.ts")
  writeFileSync(join(folder, "metadata.yaml"), JSON.stringify(metadata))
  writeFileSync(join(folder, "config.yaml"), JSON.stringify(config))
  writeFileSync(join(folder, "actions.yaml"), JSON.stringify(actions))
  writeFileSync(
    join(folder, "dispatch"),
    `#!/bin/sh
case "$JUJU_DISPATCH_PATH" in
  hooks/config-changed | hooks/peers-relation-changed | actions/*)
    exec '${process.execPath}' --conditions=@rollcall/source '${entry}' ;;
esac
`
  )
  chmodSync(join(folder, "dispatch"), 0o755)
  return folder
}

const worlds = [
  { world: "in one process", profile: "3.6" },
  { world: "in one process", profile: "4.0" },
  { world: "as processes", profile: "3.6" }
] as const

describe.each(worlds)("a simulated Juju $profile, $world", ({ world, profile }) => {
  it("answers every hook command as the wrappers read it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "observing-charm-"))
    const file = join(folder, "observed.ndjson")
    const held: Array<Seen> = []
    const simulation = await Simulation.make({ seed: 7, model: { profile } })
    try {
      const charm = world === "as processes" ? onDisk(folder) : inProcess(held)
      await simulation.deploy("app", {
        charm,
        units: 3,
        env: () => ({ OBSERVED_FILE: file })
      })
      await simulation.settle()
      simulation.electLeader("app/0")
      await simulation.settle()
      writeFileSync(file, "")
      held.length = 0
      simulation.setConfig("app", { permits: 3 })
      await simulation.settle()
      const done = await simulation.runAction("app/1", "backup", {})
      const failed = await simulation.runAction("app/1", "backup", { fail: true })
      const lines = readFileSync(file, "utf8").split("\n").filter(Boolean)
      const seen = [...held, ...lines.map((line): Seen => JSON.parse(line))]
      expect([...simulation.failed()]).toEqual([])
      expectConfigChanged(seen)
      expectToken(seen)
      expect(done).toMatchObject({ status: "completed", results: { a: { b: "x=y z" } } })
      expect(failed).toMatchObject({ status: "failed", message: "-no" })
      expect(done.log).toHaveLength(1)
      expect(simulation.databag("app/0", "peers")).toMatchObject({ "- k: ": AWKWARD })
      expect(simulation.databag("app", "peers")).toEqual({ awkward: AWKWARD })
      expect(simulation.logs("app/0").some(({ message }) => /\d observed/.test(message))).toBe(true)
      expect(simulation.status().app?.units["app/1"]?.workload).toEqual({
        status: "active",
        message: "--app ok"
      })
    } finally {
      await simulation.close()
      rmSync(folder, { recursive: true })
    }
  }, 120_000)
})

const ofConfigChanged = (seen: ReadonlyArray<Seen>, unit: string): Seen | undefined =>
  seen.findLast((one) => one.unit === unit && "config" in one)

const expectConfigChanged = (seen: ReadonlyArray<Seen>): void => {
  const always = {
    config: { permits: 3 },
    app: "app",
    model: 36,
    noRelation: "!relation-not-found",
    noEndpoint: [],
    noAction: "!not-in-hook",
    noSecret: "!secret-not-found",
    noNetwork: "!not-found",
    state: { awkward: AWKWARD },
    status: { kind: "active", message: "--app ok" },
    version: "done",
    goal: ["app/0", "app/1", "app/2"],
    network: [true, true]
  }
  expect(ofConfigChanged(seen, "app/0")).toMatchObject({
    ...always,
    leader: true,
    peers: ["app/1", "app/2"],
    noSecrets: [],
    appStatus: "done",
    allStatuses: ["app/0", "app/1", "app/2"],
    appBag: "done",
    ownAppBag: { awkward: AWKWARD },
    issued: { label: "join", owner: "unit", revision: 1 }
  })
  expect(ofConfigChanged(seen, "app/1")).toMatchObject({
    ...always,
    leader: false,
    peers: ["app/0", "app/2"],
    appStatus: "!not-leader",
    allStatuses: "!not-leader",
    appBag: "!not-leader",
    ownAppBag: expect.any(Object),
    issued: "done"
  })
}

const expectToken = (seen: ReadonlyArray<Seen>): void => {
  const reader = (unit: string) => seen.findLast((one) => one.reader === unit)
  expect(reader("app/2")).toMatchObject({
    bag: AWKWARD,
    token: true,
    byLabel: ["token"],
    info: "!secret-not-found"
  })
  expect(reader("app/1")).toMatchObject({ bag: AWKWARD, token: "!permission-denied" })
}
