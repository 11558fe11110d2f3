// A process that neither seals nor opens does not pay for the library; one that cannot load it says so.
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { vi } from "vitest"
import { hpkeSealer } from "../src/index.ts"

const loads = vi.hoisted(() => ({ count: 0 }))
vi.mock("@hpke/core", () => {
  loads.count++
  throw new Error("no such file")
})

it.effect("the library is loaded by the first operation, and a failure to load it is typed", () =>
  Effect.gen(function* () {
    assert.strictEqual(loads.count, 0)
    const error = yield* Effect.flip(hpkeSealer.generate)
    assert.strictEqual(loads.count, 1)
    assert.strictEqual(error.operation, "generate")
    assert.strictEqual(error.detail, "@hpke/core cannot be loaded")
  })
)
