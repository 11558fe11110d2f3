import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { afterAll, beforeAll } from "vitest"
import { HookCommand } from "../src/HookCommand.ts"
import { recording } from "./Recording.ts"

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hook-command-"))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A tool as a shell script; returns its path. */
const tool = (name: string, script: string): string => {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const run = (file: string, args: ReadonlyArray<string> = [], options = {}) =>
  HookCommand.use((commands) => commands.run(file, args, options)).pipe(
    Effect.provide(HookCommand.layer)
  )

describe("HookCommand.layer", () => {
  it.live("passes arguments as they are and returns stdout as it is", () =>
    Effect.gen(function* () {
      const echo = tool("echo-arguments", 'printf "[%s]" "$@"; echo')
      assert.strictEqual(yield* run(echo, ["a b", "", "$HOME", "-x"]), "[a b][][$HOME][-x]\n")
    })
  )

  it.live("gives stdin, and an empty one when there is none", () =>
    Effect.gen(function* () {
      const cat = tool("cat", "exec cat")
      assert.strictEqual(yield* run(cat, [], { stdin: "é\n{}" }), "é\n{}")
      assert.strictEqual(yield* run(cat), "")
    })
  )

  it.live("is not stopped by a tool that does not read a large stdin", () =>
    Effect.gen(function* () {
      const deaf = tool("deaf", "echo done")
      assert.strictEqual(yield* run(deaf, [], { stdin: "x".repeat(2_000_000) }), "done\n")
    })
  )

  it.live("tells a tool's failure from its exit code and text", () =>
    Effect.gen(function* () {
      const failing = tool("failing", "echo 'ERROR permission denied' >&2; exit 1")
      const error = yield* Effect.flip(run(failing))
      assert.deepInclude(error, {
        tool: failing,
        reason: "permission-denied",
        exitCode: 1,
        detail: "permission denied"
      })
    })
  )

  it.live("names a tool that is missing or not executable", () =>
    Effect.gen(function* () {
      const plain = join(folder, "plain")
      writeFileSync(plain, "")
      for (const file of ["no-such-hook-command", join(folder, "absent"), plain]) {
        const error = yield* Effect.flip(run(file))
        assert.strictEqual(error.reason, "tool-missing")
      }
    })
  )

  it.live("names the signal that ended a tool", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(tool("suicide", "kill -9 $$")))
      assert.deepInclude(error, { reason: "failed", detail: "ended by SIGKILL" })
    })
  )
})

describe("the end of a hook command", () => {
  it.live("is its exit, though a background child holds its pipes", () =>
    Effect.gen(function* () {
      const leaving = tool("leaving", `sleep 5 &\necho $! > ${folder}/leaving.pid; echo said`)
      const begun = Date.now()
      assert.strictEqual(yield* run(leaving), "said\n")
      assert.isBelow(Date.now() - begun, 2_000)
      process.kill(pidIn("leaving.pid"))
    })
  )

  it.live("comes at the deadline, for its children too, though they ignore SIGTERM", () =>
    Effect.gen(function* () {
      const stubborn = tool(
        "stubborn",
        `trap '' TERM\nsleep 30 &\necho $! > ${folder}/stubborn.pid; wait; sleep 30`
      )
      const begun = Date.now()
      const error = yield* Effect.flip(run(stubborn, [], { timeoutMillis: 200 }))
      assert.strictEqual(error.reason, "timed-out")
      assert.isBelow(Date.now() - begun, 3_000)
      assert.isFalse(alive(pidIn("stubborn.pid")))
    })
  )

  it.live("comes with the interruption of its caller", () =>
    Effect.gen(function* () {
      const sleeping = tool("sleeping", `echo $$ > ${folder}/sleeping.pid; exec sleep 30`)
      const fiber = yield* Effect.forkChild(run(sleeping))
      yield* Effect.sleep(200)
      assert.isTrue(alive(pidIn("sleeping.pid")))
      yield* Fiber.interrupt(fiber)
      assert.isFalse(alive(pidIn("sleeping.pid")))
    })
  )
})

describe("HookCommand.layerWith", () => {
  it.effect("calls the function with argv and stdin", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording("printed")
      const printed = yield* HookCommand.use((commands) =>
        commands.run("state-set", ["--file", "-"], { stdin: "{}" })
      ).pipe(Effect.provide(layer))
      assert.strictEqual(printed, "printed")
      assert.deepStrictEqual(calls, [{ argv: ["state-set", "--file", "-"], stdin: "{}" }])
    })
  )

  it.effect("maps exit codes and texts as for processes, and a rejection to a failure", () =>
    Effect.gen(function* () {
      const { layer } = recording({ code: 2, stderr: "ERROR no arguments specified\n" })
      const call = HookCommand.use((commands) => commands.run("network-get", []))
      const refused = yield* Effect.flip(call.pipe(Effect.provide(layer)))
      assert.deepInclude(refused, { reason: "invalid-arguments", exitCode: 2 })
      const rejecting = HookCommand.layerWith(() => Promise.reject(new Error("gone")))
      const rejected = yield* Effect.flip(call.pipe(Effect.provide(rejecting)))
      assert.deepInclude(rejected, { reason: "failed", exitCode: undefined, detail: "Error: gone" })
    })
  )
})

const pidIn = (file: string): number => Number(readFileSync(join(folder, file), "utf8"))

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return false
  }
}
