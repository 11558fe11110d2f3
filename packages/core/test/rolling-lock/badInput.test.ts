// Bad input is refused at the call, with what is allowed, and nothing is written.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema } from "effect"
import {
  Journal,
  type LockLimits,
  MemoryWorld,
  memoryStore,
  operation,
  ParticipantId,
  type RequestOptions,
  RollingLock
} from "../../src/index.ts"

const self = ParticipantId.make("app/0")
const restart = operation({
  arguments: Schema.Struct({ delay: Schema.optionalKey(Schema.Finite) }),
  run: () => Effect.succeed("release")
})

const layerOf = (world: MemoryWorld, limits: Partial<LockLimits> = {}, lock = "roll") =>
  RollingLock.layer({ lock, operations: { restart }, limits }).pipe(
    Layer.provide(memoryStore(world, self)),
    Layer.provide(Journal.layerMemory)
  )

const worldOf = (groups = [{ id: "peers:0", sides: ["app"] as const }]) => {
  const world = new MemoryWorld(groups)
  world.enter(self, "app")
  return world
}

const loop: Record<string, unknown> = {}
loop["loop"] = loop

const requests: ReadonlyArray<readonly [string, RequestOptions]> = [
  ["operation", { operation: "reboot" }],
  ["operation", { operation: "" }],
  ["operation", { operation: "toString" }],
  ["maxRetries", { operation: "restart", maxRetries: -1 }],
  ["maxRetries", { operation: "restart", maxRetries: 1.5 }],
  ["maxRetries", { operation: "restart", maxRetries: Number.NaN }],
  ["arguments", { operation: "restart", arguments: { delay: Number.NaN } }],
  ["arguments", { operation: "restart", arguments: { delay: "soon" } }],
  ["arguments", { operation: "restart", arguments: { at: new Date() } }],
  ["arguments", { operation: "restart", arguments: { none: undefined } }],
  ["arguments", { operation: "restart", arguments: loop }],
  ["arguments", { operation: "restart", arguments: [] as never }],
  ["arguments", { operation: "restart", arguments: { text: "x".repeat(20_000) } }],
  ["context", { operation: "restart", context: () => 1 }],
  ["context", { operation: "restart", context: "x".repeat(20_000) }],
  ["priority", { operation: "restart", priority: 0.5 }],
  ["permits", { operation: "restart", permits: 0 }],
  ["permits", { operation: "restart", permits: 2 }],
  ["deadlineMillis", { operation: "restart", deadlineMillis: 0 }],
  ["deadlineMillis", { operation: "restart", deadlineMillis: Number.POSITIVE_INFINITY }],
  ["maxRetries", { operation: "restart", maxRetries: 1_000_001 }],
  ["priority", { operation: "restart", priority: 1_001 }],
  ["group", { operation: "restart", group: "" }],
  ["group", { operation: "restart", group: "x".repeat(201) }]
]

describe("a request", () => {
  for (const [field, options] of requests) {
    it.effect(`is refused for its ${field}: ${shown(options)}`, () =>
      Effect.gen(function* () {
        const world = worldOf()
        const asked = Effect.flatMap(RollingLock, (lock) => lock.request(options))
        const error = yield* Effect.flip(Effect.provide(asked, layerOf(world)))
        assert.strictEqual(error._tag === "RequestInvalid" ? error.field : error._tag, field)
        assert.include(error.message, "allowed")
        assert.strictEqual(world.view(self).groups[0]?.own.size, 0)
      })
    )
  }

  it.effect("keeps quotes, spaces, newlines, emoji and slashes", () =>
    Effect.gen(function* () {
      const args = { "a b": '"q" / \n \u{1F600}', z: [1, { y: null, b: true }] }
      const world = worldOf()
      const heard: Array<unknown> = []
      const code = {
        refuses: () => undefined,
        run: (call: { readonly arguments: unknown; readonly requestContext: unknown }) =>
          Effect.sync(() => {
            heard.push(call.arguments, call.requestContext)
            return "release" as const
          })
      }
      const layer = RollingLock.layer({ lock: "roll", operations: { "re/start": code } }).pipe(
        Layer.provide(memoryStore(world, self)),
        Layer.provide(Journal.layerMemory)
      )
      const roll = Effect.gen(function* () {
        const lock = yield* RollingLock
        yield* lock.request({
          operation: "re/start",
          arguments: args,
          context: { by: "\u{1F600}" }
        })
        const again = { z: [1, { b: true, y: null }], "a b": args["a b"] }
        const { merged } = yield* lock.request({
          operation: "re/start",
          arguments: again,
          context: { by: "\u{1F600}" }
        })
        assert.isTrue(merged)
        yield* lock.step
        yield* lock.step
      })
      yield* Effect.provide(roll, layer)
      assert.deepStrictEqual(heard, [args, { by: "\u{1F600}" }])
    })
  )

  it.effect("before there is a group is refused, and the step says why", () =>
    Effect.gen(function* () {
      const layer = layerOf(worldOf([]))
      const asked = Effect.flatMap(RollingLock, (lock) => lock.request({ operation: "restart" }))
      const error = yield* Effect.flip(Effect.provide(asked, layer))
      assert.strictEqual(error._tag, "LockNotReady")
      const step = Effect.flatMap(RollingLock, (lock) => lock.step)
      const { activity } = yield* Effect.provide(step, layer)
      assert.strictEqual(activity._tag, "Waiting")
    })
  )
})

const limits: Readonly<Record<string, ReadonlyArray<Partial<LockLimits>>>> = {
  permits: [{ permits: 0 }, { permits: 1.5 }, { permits: Number.NaN }],
  perGroup: [{ perGroup: 0 }],
  failures: [{ failures: 0 }],
  settleMillis: [{ settleMillis: -1 }],
  "backoff.capMillis": [{ backoff: { baseMillis: 2, capMillis: 1 } }],
  windows: [
    { windows: [{ from: "08:00", to: "08:00" }] },
    { windows: [{ days: [], from: "08:00", to: "09:00" }] }
  ],
  history: [{ history: 0 }]
}

describe("a limit", () => {
  for (const [limit, all] of Object.entries(limits)) {
    for (const each of all) {
      it.effect(`${limit} is refused: ${shown(each)}`, () =>
        Effect.gen(function* () {
          const built = Effect.scoped(Layer.build(layerOf(worldOf(), each)))
          const error = yield* Effect.flip(built)
          assert.strictEqual(error.limit, limit)
        })
      )
    }
  }

  it.effect("a lock's name is refused", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(layerOf(worldOf(), {}, "A b"))))
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})

function shown(value: unknown): string {
  try {
    return JSON.stringify(value).slice(0, 60)
  } catch {
    return "a cycle"
  }
}
