// A later hook by juju-exec: one call when it is due, none when something else was arranged since.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { Effect, Layer } from "effect"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { JujuContext, jujuExecWakeUp, WAKE_EVENT, WakeUp } from "../src/index.ts"

let folder = ""

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall wake-"))
  const exec = join(folder, "juju-exec")
  writeFileSync(exec, `#!/bin/sh\necho "\${JUJU_CONTEXT_ID-unset} $*" >>"\${0%/*}/calls"\n`)
  chmodSync(exec, 0o755)
  vi.stubEnv("PATH", `${folder}:${process.env.PATH}`)
  vi.stubEnv("JUJU_CONTEXT_ID", "app/3-config-changed-1")
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const calls = () =>
  existsSync(join(folder, "calls"))
    ? readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n")
    : []

const at = (inMillis: number | undefined) =>
  Effect.runPromise(
    WakeUp.use((wake) => wake.at(inMillis === undefined ? undefined : Date.now() + inMillis)).pipe(
      Effect.provide(
        jujuExecWakeUp.pipe(
          Layer.provide(
            Layer.succeed(JujuContext, {
              unit: "app/3",
              app: "app",
              model: { name: "m", uuid: "" },
              charmDir: folder,
              jujuVersion: "3.6.8",
              event: { kind: "hook", name: "config-changed" }
            })
          )
        )
      )
    )
  )

const file = () => join(folder, ".rollcall-wake")

it("dispatches an event of the charm's own, outside of the hook, once", async () => {
  await at(50)
  await vi.waitFor(() => expect(calls()).toHaveLength(1), 5_000)
  await setTimeout(100)
  expect(calls()).toEqual([
    `unset -u app/3 JUJU_DISPATCH_PATH=hooks/${WAKE_EVENT} '${folder}/dispatch'`
  ])
  expect(existsSync(file())).toBe(false)
})

it("only the last one that was arranged is carried out", async () => {
  await at(100)
  await at(150)
  await at(200)
  await setTimeout(1_000)
  expect(calls()).toHaveLength(1)
})

it("none is carried out when none is wanted any more", async () => {
  await at(100)
  await at(undefined)
  await setTimeout(500)
  expect(calls()).toEqual([])
})

it("the same time is arranged once", async () => {
  const time = Date.now() + 60_000
  await at(time - Date.now())
  vi.setSystemTime(time - 60_000)
  await at(60_000)
  const before = readFileSync(file(), "utf8")
  await at(60_000)
  expect(readFileSync(file(), "utf8")).toBe(before)
  vi.useRealTimers()
  await at(undefined)
})

it("what is hours away is left to update-status", async () => {
  await at(100)
  await at(2 * 3_600_000)
  expect(existsSync(file())).toBe(false)
})

it("what is due now is given time to come by itself", async () => {
  await at(0)
  const [, due] = readFileSync(file(), "utf8").split(" ")
  expect(Number(due) - Date.now()).toBeGreaterThan(3_000)
  await at(undefined)
})
