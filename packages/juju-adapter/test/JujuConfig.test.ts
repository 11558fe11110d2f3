import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { jujuConfig } from "../src/JujuConfig.ts"
import { recording } from "./Recording.ts"

const Options = Schema.Struct({
  permits: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })),
  order: Schema.Literals(["fifo", "natural"]),
  paused: Schema.Boolean,
  comment: Schema.optionalKey(Schema.NonEmptyString)
})

const read = (values: Record<string, unknown>, options?: { readonly exact: boolean }) =>
  jujuConfig(Options, options).pipe(Effect.provide(recording(JSON.stringify(values)).layer))

const good = { permits: 2, order: "fifo", paused: false }

describe("jujuConfig", () => {
  it.effect("decodes options by the Schema and leaves others out", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read({ ...good, other: "x" }), good as never)
    })
  )

  it.effect("names every wrong option, its kind and what it may be, never its value", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read({ permits: 77, order: "lifo", comment: "" }))
      assert.strictEqual(error._tag, "JujuConfigError")
      assert.deepStrictEqual("problems" in error ? error.problems : [], [
        { option: "permits", found: "a number", expected: "a value between 1 and 9" },
        { option: "order", found: "a string", expected: '"fifo" | "natural"' },
        { option: "paused", found: "nothing", expected: "boolean" },
        {
          option: "comment",
          found: "an empty string",
          expected: "a value with a length of at least 1"
        }
      ])
      assert.match(error.message, /^set with `juju config`: permits is a number, expected a value/)
      assert.notInclude(JSON.stringify(error) + error.message, "77")
      assert.notInclude(JSON.stringify(error) + error.message, "lifo")
    })
  )

  it.effect("takes unknown options for a mistake only when asked", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read({ ...good, other: true }, { exact: true }))
      assert.deepStrictEqual("problems" in error ? error.problems : [], [
        { option: "other", found: "a boolean", expected: "nothing of this name" }
      ])
    })
  )

  it.effect("fails as config-get fails", () =>
    Effect.gen(function* () {
      const { layer } = recording({ code: 1, stderr: "ERROR JUJU_CONTEXT_ID not set\n" })
      const error = yield* Effect.flip(jujuConfig(Options).pipe(Effect.provide(layer)))
      assert.strictEqual(error._tag === "HookCommandError" && error.reason, "not-in-hook")
    })
  )
})
