import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { vi } from "vitest"
import { jujuLogBatch } from "../src/JujuLogBatch.ts"
import { jujuLogger } from "../src/JujuLogger.ts"
import { recording } from "./Recording.ts"

describe("jujuLogger", () => {
  it.effect("sends one call for each level when the hook ends, the worst last", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      const hook = Effect.gen(function* () {
        yield* Effect.logError("third")
        yield* TestClock.adjust(1_500)
        yield* Effect.logInfo("first", { permits: 2 })
        yield* Effect.logDebug("dropped")
        yield* Effect.logInfo("second").pipe(Effect.annotateLogs("unit", "app/0"))
        assert.deepStrictEqual(calls, [])
      })
      yield* hook.pipe(Effect.provide(Layer.provideMerge(jujuLogger(), layer)))
      assert.deepStrictEqual(calls, [
        {
          argv: [
            "juju-log",
            "--log-level",
            "INFO",
            "--",
            '00:00:01.500 first {"permits":2}\n00:00:01.500 second unit=app/0'
          ]
        },
        { argv: ["juju-log", "--log-level", "ERROR", "--", "00:00:00.000 third"] }
      ])
    })
  )

  it.effect("makes no call when nothing was logged, and sends debug records when asked", () =>
    Effect.gen(function* () {
      const quiet = recording()
      yield* Effect.logDebug("x").pipe(
        Effect.provide(Layer.provideMerge(jujuLogger(), quiet.layer))
      )
      assert.deepStrictEqual(quiet.calls, [])
      const debug = recording()
      yield* Effect.logDebug("x").pipe(
        Effect.provide(Layer.provideMerge(jujuLogger({ debug: true }), debug.layer))
      )
      assert.strictEqual(debug.calls[0]?.argv[2], "DEBUG")
    })
  )

  it.effect("shows no secret, wherever it stands", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      const token = Redacted.make("s3cret")
      yield* Effect.logWarning("token", token, { deep: [{ token }] }, Cause.fail({ token })).pipe(
        Effect.annotateLogs({ token }),
        Effect.provide(Layer.provideMerge(jujuLogger(), layer))
      )
      const text = JSON.stringify(calls)
      assert.notInclude(text, "s3cret")
      assert.include(text, "<redacted>")
    })
  )

  it.effect("sends what a failed hook has logged", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      const hook = Effect.andThen(Effect.logInfo("before"), Effect.fail("broken"))
      const error = yield* Effect.flip(
        hook.pipe(Effect.provide(Layer.provideMerge(jujuLogger(), layer)))
      )
      assert.strictEqual(error, "broken")
      assert.strictEqual(calls.length, 1)
    })
  )

  it.effect("writes to stderr what it cannot send, and the hook goes on", () =>
    Effect.gen(function* () {
      const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true)
      const { layer } = recording({ code: 1, stderr: "ERROR JUJU_CONTEXT_ID not set\n" })
      const result = yield* Effect.as(Effect.logInfo("kept"), "done").pipe(
        Effect.provide(Layer.provideMerge(jujuLogger(), layer))
      )
      const written = stderr.mock.calls.map(([text]) => String(text)).join("")
      stderr.mockRestore()
      assert.strictEqual(result, "done")
      assert.match(written, /juju-log: not-in-hook.*\nINFO: .*kept\n/)
    })
  )
})

describe("jujuLogBatch", () => {
  const date = new Date(0)

  it("splits what one argument cannot hold, between records", () => {
    const batch = jujuLogBatch(100, 40)
    for (const text of ["éé", "b", "c"]) batch.add({ level: "INFO", date, text })
    assert.deepStrictEqual(batch.take(), [
      ["INFO", "00:00:00.000 éé\n00:00:00.000 b"],
      ["INFO", "00:00:00.000 c"]
    ])
    assert.deepStrictEqual(batch.take(), [])
  })

  it("cuts a record that is too long by itself, and shows NUL", () => {
    const batch = jujuLogBatch(100, 60)
    batch.add({ level: "INFO", date, text: `\0${"é".repeat(60)}` })
    const [[, text = ""] = []] = batch.take()
    assert.match(text, /^00:00:00.000 ␀é+.?… \(cut\)$/)
    assert.isAtMost(Buffer.byteLength(text), 60)
  })

  it("drops the least beyond its limit and says how many, but nothing bad", () => {
    const batch = jujuLogBatch(1, 1_000)
    for (const level of ["INFO", "INFO", "DEBUG", "ERROR"] as const) {
      batch.add({ level, date, text: level })
    }
    assert.deepStrictEqual(batch.take(), [
      ["INFO", "00:00:00.000 INFO"],
      ["WARNING", "2 more records of level INFO and below"],
      ["ERROR", "00:00:00.000 ERROR"]
    ])
  })
})
