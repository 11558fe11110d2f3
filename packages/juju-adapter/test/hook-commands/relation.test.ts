import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  relationGet,
  relationIds,
  relationList,
  relationListApp,
  relationModelGet,
  relationSet
} from "../../src/hook-commands/relation.ts"
import { recording } from "../Recording.ts"

const db = { endpoint: "db", id: 7 }

describe("relation hook commands", () => {
  it.effect("relation-ids", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('["db:10","db:2"]\n')
      const ids = yield* relationIds("db").pipe(Effect.provide(layer))
      assert.deepStrictEqual(ids, [
        { endpoint: "db", id: 10 },
        { endpoint: "db", id: 2 }
      ])
      assert.deepStrictEqual(calls, [{ argv: ["relation-ids", "--format=json", "--", "db"] }])
    })
  )

  it.effect("relation-list, of units and of the application", () =>
    Effect.gen(function* () {
      const units = recording('["mysql/0","mysql/1"]\n')
      assert.deepStrictEqual(yield* relationList(db).pipe(Effect.provide(units.layer)), [
        "mysql/0",
        "mysql/1"
      ])
      const app = recording('"mysql"\n')
      assert.strictEqual(yield* relationListApp(db).pipe(Effect.provide(app.layer)), "mysql")
      assert.deepStrictEqual(
        [...units.calls, ...app.calls],
        [
          { argv: ["relation-list", "--format=json", "-r", "db:7"] },
          { argv: ["relation-list", "--format=json", "-r", "db:7", "--app"] }
        ]
      )
    })
  )

  it.effect("relation-get, of a unit and of an application", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"k":"\\u003ca\\u0026b\\u003e","__proto__":"p"}\n')
      const bag = yield* relationGet(db, { unit: "mysql/0" }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(Object.entries(bag), [
        ["k", "<a&b>"],
        ["__proto__", "p"]
      ])
      yield* relationGet(db, { app: "mysql" }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["relation-get", "--format=json", "-r", "db:7", "--", "-", "mysql/0"] },
        { argv: ["relation-get", "--format=json", "-r", "db:7", "--app", "--", "-", "mysql"] }
      ])
    })
  )

  it.effect("relation-get reads null as an empty databag", () =>
    Effect.gen(function* () {
      const { layer } = recording("null\n")
      const bag = yield* relationGet(db, { unit: "mysql/0" }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(bag, {})
    })
  )

  it.effect("relation-get shows nothing of an output that it cannot read", () =>
    Effect.gen(function* () {
      for (const printed of ['{"token":["s3cret"]}', "token: s3cret"]) {
        const { layer } = recording(printed)
        const error = yield* Effect.flip(
          relationGet(db, { unit: "mysql/0" }).pipe(Effect.provide(layer))
        )
        assert.deepInclude(error, { tool: "relation-get", reason: "failed", exitCode: 0 })
        assert.include(error.message, "printed something else")
        assert.notInclude(JSON.stringify(error) + error.message, "s3cret")
      }
    })
  )

  it.effect("relation-set sends entries by stdin, and makes no call for none", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* relationSet(db, { " k ": " v ", gone: "" }).pipe(Effect.provide(layer))
      yield* relationSet(db, { a: "1" }, { app: true }).pipe(Effect.provide(layer))
      yield* relationSet(db, {}).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        {
          argv: ["relation-set", "-r", "db:7", "--file", "-"],
          stdin: '{" k ":" v ","gone":""}\n'
        },
        { argv: ["relation-set", "-r", "db:7", "--app", "--file", "-"], stdin: '{"a":"1"}\n' }
      ])
    })
  )

  it.effect("relation-set tells the end of a leadership from other failures", () =>
    Effect.gen(function* () {
      const { layer } = recording({ code: 1, stderr: "ERROR cannot write relation settings\n" })
      const error = yield* Effect.flip(
        relationSet(db, { a: "1" }, { app: true }).pipe(Effect.provide(layer))
      )
      assert.strictEqual(error.reason, "not-leader")
      assert.include(error.message, "the leader's next hook does it")
    })
  )

  it.effect("relation-model-get", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"uuid":"u-1"}\n')
      assert.deepStrictEqual(yield* relationModelGet(db).pipe(Effect.provide(layer)), {
        uuid: "u-1"
      })
      assert.deepStrictEqual(calls, [
        { argv: ["relation-model-get", "--format=json", "-r", "db:7"] }
      ])
    })
  )
})
