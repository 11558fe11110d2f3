// Hook commands about the unit itself: leadership, state, configuration, status, log.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { configGet } from "../../src/hook-commands/config.ts"
import { isLeader } from "../../src/hook-commands/leader.ts"
import { jujuLog } from "../../src/hook-commands/log.ts"
import { stateDelete, stateGet, stateSet } from "../../src/hook-commands/state.ts"
import {
  applicationVersionSet,
  statusGet,
  statusGetApp,
  statusSet
} from "../../src/hook-commands/status.ts"
import { active, blocked, waiting } from "../../src/UnitStatus.ts"
import { recording } from "../Recording.ts"

describe("leader, state and config hook commands", () => {
  it.effect("is-leader", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording("true\n")
      assert.isTrue(yield* isLeader.pipe(Effect.provide(layer)))
      assert.deepStrictEqual(calls, [{ argv: ["is-leader", "--format=json"] }])
      const smart = recording("True\n")
      const error = yield* Effect.flip(isLeader.pipe(Effect.provide(smart.layer)))
      assert.strictEqual(error.reason, "failed")
    })
  )

  it.effect("state-get, null included, as Juju 4.0 prints an empty state", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"a":""}\n')
      assert.deepStrictEqual(yield* stateGet.pipe(Effect.provide(layer)), { a: "" })
      assert.deepStrictEqual(yield* stateGet.pipe(Effect.provide(recording("null\n").layer)), {})
      assert.deepStrictEqual(calls, [{ argv: ["state-get", "--format=json"] }])
    })
  )

  it.effect("state-set and state-delete", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* stateSet({ "--key": "é" }).pipe(Effect.provide(layer))
      yield* stateSet({}).pipe(Effect.provide(layer))
      yield* stateDelete("--key").pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["state-set", "--file", "-"], stdin: '{"--key":"\\u00e9"}\n' },
        { argv: ["state-delete", "--", "--key"] }
      ])
    })
  )

  it.effect("config-get", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"name":"x","permits":2,"ratio":0.5,"on":false}\n')
      assert.deepStrictEqual(yield* configGet.pipe(Effect.provide(layer)), {
        name: "x",
        permits: 2,
        ratio: 0.5,
        on: false
      })
      assert.deepStrictEqual(calls, [{ argv: ["config-get", "--format=json"] }])
    })
  )
})

describe("status and log hook commands", () => {
  it.effect("status-set, of the unit and of the application", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* statusSet(blocked("--app is missing")).pipe(Effect.provide(layer))
      yield* statusSet(active(), { app: true }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["status-set", "--", "blocked", "--app is missing"] },
        { argv: ["status-set", "--application", "--", "active", ""] }
      ])
    })
  )

  it.effect("status-set shows one line of 500 characters", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* statusSet(waiting(`a\n b\t${"😀".repeat(600)}`)).pipe(Effect.provide(layer))
      const shown = calls[0]?.argv[3] ?? ""
      assert.strictEqual(shown, `a b ${"😀".repeat(495)}…`)
      assert.strictEqual(Array.from(shown).length, 500)
    })
  )

  it.effect("status-get", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"message":"m","status":"active","status-data":{}}\n')
      assert.deepStrictEqual(yield* statusGet.pipe(Effect.provide(layer)), {
        kind: "active",
        message: "m"
      })
      assert.deepStrictEqual(calls, [{ argv: ["status-get", "--format=json", "--include-data"] }])
    })
  )

  it.effect("status-get of the application", () =>
    Effect.gen(function* () {
      const printed = {
        "application-status": {
          message: "",
          status: "waiting",
          "status-data": {},
          units: { "app/0": { message: "u", status: "unknown", "status-data": {} } }
        }
      }
      const { calls, layer } = recording(JSON.stringify(printed))
      assert.deepStrictEqual(yield* statusGetApp.pipe(Effect.provide(layer)), {
        kind: "waiting",
        message: "",
        units: { "app/0": { kind: "unknown", message: "u" } }
      })
      assert.deepStrictEqual(calls, [
        { argv: ["status-get", "--format=json", "--include-data", "--application"] }
      ])
    })
  )

  it.effect("application-version-set and juju-log", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* applicationVersionSet("-1.0").pipe(Effect.provide(layer))
      yield* jujuLog("WARNING", "--debug is text here").pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["application-version-set", "--", "-1.0"] },
        { argv: ["juju-log", "--log-level", "WARNING", "--", "--debug is text here"] }
      ])
    })
  )
})
