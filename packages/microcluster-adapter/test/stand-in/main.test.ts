// The executable itself: parallel commands of many hosts on one folder.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { executeChild, runCommand } from "../../src/Execution.ts"
import { readCalls, readStandIn, standInCommand } from "../../src/stand-in/index.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-stand-in-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const call = (directory: string, host: string, ...words: ReadonlyArray<string>) =>
  runCommand(executeChild, {
    argv: [...standInCommand, ...words],
    env: { STAND_IN_DIR: directory, STAND_IN_HOST: host },
    timeoutMillis: 30_000
  })

describe("the stand-in's executable", () => {
  it.live("parallel calls lose nothing", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      yield* call(directory, "h0", "bootstrap")
      const hosts = Array.from({ length: 12 }, (_, index) => `h${index + 1}`)
      const joins = yield* Effect.forEach(
        hosts,
        Effect.fnUntraced(function* (host) {
          const { stdout } = yield* call(directory, "h0", "add", host)
          return (yield* call(directory, host, "join", stdout)).code
        }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(joins, Array<number>(12).fill(0))
      const state = readStandIn(directory)
      assert.deepStrictEqual(
        state.clusters[0]?.members.map(({ name }) => name).toSorted(),
        ["h0", ...hosts].toSorted()
      )
      assert.deepStrictEqual(state.calls, { bootstrap: 1, add: 12, join: 12 })
      assert.strictEqual(readCalls(directory).length, 25)
    }).pipe(Effect.scoped)
  )

  it.live("a lock that a killed command left behind is broken", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      writeFileSync(join(directory, "lock"), "")
      utimesSync(join(directory, "lock"), new Date(0), new Date(0))
      const outcomes = yield* Effect.all(
        ["a", "b", "c"].map((host) => call(directory, host, "bootstrap")),
        { concurrency: 3 }
      )
      assert.deepStrictEqual(
        outcomes.map(({ code }) => code),
        [0, 0, 0]
      )
      assert.strictEqual(readStandIn(directory).clusters.length, 3)
    }).pipe(Effect.scoped)
  )

  it.live("without a folder it says so", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* call("", "a", "list")
      assert.strictEqual(code, 1)
      assert.include(stderr, "STAND_IN_DIR")
    })
  )
})
