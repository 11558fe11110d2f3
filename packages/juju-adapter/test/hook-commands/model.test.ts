// Hook commands about the model around the unit, and those of actions.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { actionFail, actionGet, actionLog, actionSet } from "../../src/hook-commands/action.ts"
import { goalState } from "../../src/hook-commands/goal-state.ts"
import { networkGet } from "../../src/hook-commands/network.ts"
import { recording } from "../Recording.ts"

describe("goal-state", () => {
  it.effect("gives the statuses by name", () =>
    Effect.gen(function* () {
      const since = "2026-01-04 06:29:46Z"
      const { calls, layer } = recording(
        JSON.stringify({
          units: { "app/0": { status: "active", since }, "app/1": { status: "dying", since } },
          relations: {
            db: { mysql: { status: "joined", since }, "mysql/0": { status: "waiting", since } }
          }
        })
      )
      assert.deepStrictEqual(yield* goalState.pipe(Effect.provide(layer)), {
        units: { "app/0": "active", "app/1": "dying" },
        relations: { db: { mysql: "joined", "mysql/0": "waiting" } }
      })
      assert.deepStrictEqual(calls, [{ argv: ["goal-state", "--format=json"] }])
    })
  )

  it.effect("may say nothing of relations", () =>
    Effect.gen(function* () {
      const { layer } = recording('{"units":{"app/0":{"status":"active"}}}')
      assert.deepStrictEqual(yield* goalState.pipe(Effect.provide(layer)), {
        units: { "app/0": "active" },
        relations: {}
      })
    })
  )
})

describe("network-get", () => {
  it.effect("gives the whole network of a binding", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording(
        '{"bind-addresses":[{"mac-address":"","interface-name":"eth0","addresses":[{"hostname":"","value":"10.0.0.2","cidr":"10.0.0.0/24"}]}],"egress-subnets":["10.0.0.2/32"],"ingress-addresses":["10.0.0.2"]}'
      )
      const expected = {
        bindAddresses: [
          { interfaceName: "eth0", addresses: [{ value: "10.0.0.2", cidr: "10.0.0.0/24" }] }
        ],
        ingressAddresses: ["10.0.0.2"],
        egressSubnets: ["10.0.0.2/32"]
      }
      assert.deepStrictEqual(yield* networkGet("db").pipe(Effect.provide(layer)), expected)
      yield* networkGet("db", { endpoint: "db", id: 7 }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["network-get", "--format=json", "--", "db"] },
        { argv: ["network-get", "--format=json", "-r", "db:7", "--", "db"] }
      ])
    })
  )

  it.effect("may have no addresses yet", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* networkGet("db").pipe(Effect.provide(recording("{}").layer)), {
        bindAddresses: [],
        ingressAddresses: [],
        egressSubnets: []
      })
    })
  )
})

describe("action hook commands", () => {
  it.effect("action-get", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"force":true,"deep":{"n":[1]}}\n')
      assert.deepStrictEqual(yield* actionGet.pipe(Effect.provide(layer)), {
        force: true,
        deep: { n: [1] }
      })
      assert.deepStrictEqual(yield* actionGet.pipe(Effect.provide(recording("null").layer)), {})
      assert.deepStrictEqual(calls, [{ argv: ["action-get", "--format=json"] }])
    })
  )

  it.effect("action-set, action-log and action-fail", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* actionSet({ "a.b": "x=y", c: "" }).pipe(Effect.provide(layer))
      yield* actionSet({}).pipe(Effect.provide(layer))
      yield* actionLog("--half done").pipe(Effect.provide(layer))
      yield* actionFail("-no").pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["action-set", "--", "a.b=x=y", "c="] },
        { argv: ["action-log", "--", "--half done"] },
        { argv: ["action-fail", "--", "-no"] }
      ])
    })
  )

  it.effect("fail outside an action", () =>
    Effect.gen(function* () {
      const { layer } = recording({ code: 1, stderr: "ERROR not running an action\n" })
      const error = yield* Effect.flip(actionGet.pipe(Effect.provide(layer)))
      assert.strictEqual(error.reason, "not-in-hook")
    })
  )
})
