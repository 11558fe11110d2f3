import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { executeChild, MAX_OUTPUT, runCommand } from "../src/Execution.ts"

const run = (argv: ReadonlyArray<string>, timeoutMillis = 20_000, stdin?: string) =>
  runCommand(executeChild, { argv, timeoutMillis, ...(stdin === undefined ? {} : { stdin }) })

/** Whether a process runs, by its id. */
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("running a command", () => {
  it.live("any exit code is an outcome, a signal's too", () =>
    Effect.gen(function* () {
      const said = yield* run(["sh", "-c", "echo out; echo err >&2; exit 3"])
      assert.deepStrictEqual(said, { code: 3, stdout: "out", stderr: "err" })
      assert.strictEqual((yield* run(["sh", "-c", "kill -9 $$"])).code, 137)
    })
  )

  it.live("stdin is what was given, else empty; a child that does not read it is no failure", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(["cat"], 5000, "hello")).stdout, "hello")
      assert.strictEqual((yield* run(["cat"], 5000)).stdout, "")
      assert.strictEqual((yield* run(["true"], 5000, "x".repeat(1_000_000))).code, 0)
    })
  )

  it.live("the C locale, and what was asked for", () =>
    Effect.gen(function* () {
      const outcome = yield* runCommand(executeChild, {
        argv: ["sh", "-c", 'echo "$LC_ALL $EXTRA"'],
        env: { EXTRA: "more" },
        timeoutMillis: 5000
      })
      assert.strictEqual(outcome.stdout, "C more")
    })
  )

  it.live("a command that cannot be started is missing", () =>
    Effect.gen(function* () {
      for (const argv of [["/no/such/command", "s3cret"], [""], [], ["/etc/passwd"]]) {
        const failure = yield* Effect.flip(run(argv))
        assert.strictEqual(failure.reason, "command-missing", argv.join(" "))
        assert.notInclude(failure.message, "s3cret")
      }
    })
  )

  it.live("a word that no process can be given is a failure, not a defect", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(run(["echo", "a\0b"]))
      assert.strictEqual(failure.reason, "unknown")
    })
  )

  it.live("a flood is cut off, on either stream", () =>
    Effect.gen(function* () {
      for (const flood of ["yes", "yes >&2"]) {
        const failure = yield* Effect.flip(run(["sh", "-c", flood]))
        assert.strictEqual(failure.reason, "output-too-large", flood)
      }
    })
  )

  it.live(
    "the deadline ends a command, the processes it started, and one that ignores SIGTERM",
    () =>
      Effect.gen(function* () {
        const before = Date.now()
        const script =
          "trap '' TERM; echo $$ >&2; (trap '' TERM; sleep 61.7) & while :; do sleep 0.1; done"
        const pidFile = `/tmp/rollcall-execution-${process.pid}`
        const failure = yield* Effect.flip(
          run(["sh", "-c", `echo $$ > ${pidFile}; ${script}`], 300)
        )
        const pid = Number((yield* run(["sh", "-c", `cat ${pidFile}; rm ${pidFile}`])).stdout)
        assert.strictEqual(failure.reason, "timed-out")
        assert.strictEqual(failure.detail, "no answer within 0.3 s")
        assert.isAtLeast(Date.now() - before, 2000)
        assert.isFalse(alive(pid))
        const left = yield* run(["sh", "-c", "ps -o args= -C sleep | grep -c '61.7$'"])
        assert.strictEqual(left.stdout, "0")
      })
  )

  it.live("a descendant that left the group does not hold the deadline up", () =>
    Effect.gen(function* () {
      const before = Date.now()
      const failure = yield* Effect.flip(run(["sh", "-c", "setsid sleep 30 & wait"], 200))
      assert.strictEqual(failure.reason, "timed-out")
      assert.isBelow(Date.now() - before, 20_000)
    })
  )

  it.live("a process that left the group does not keep this one from ending", () =>
    Effect.gen(function* () {
      const before = Date.now()
      const fixture = fileURLToPath(new URL("./fixtures/OutliveDeadline.ts", import.meta.url))
      const node = [process.execPath, "--conditions=@rollcall/source", fixture]
      assert.strictEqual((yield* run(node)).stdout, "timed-out")
      assert.isBelow(Date.now() - before, 20_000)
    })
  )

  it.live("interrupting ends the command", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(run(["sh", "-c", "sleep 62.3; true"]), {
        startImmediately: true
      })
      yield* Effect.sleep("200 millis")
      yield* Fiber.interrupt(fiber)
      const left = yield* run(["sh", "-c", "ps -o args= -C sleep | grep -c '62.3$'"])
      assert.strictEqual(left.stdout, "0")
    })
  )

  it.effect("an executor of another kind is held to the limit as well", () =>
    Effect.gen(function* () {
      const chatty = () =>
        Effect.succeed({ code: 0, stdout: "x".repeat(MAX_OUTPUT + 1), stderr: "" })
      const failure = yield* Effect.flip(runCommand(chatty, { argv: ["x"], timeoutMillis: 1 }))
      assert.strictEqual(failure.reason, "output-too-large")
    })
  )
})
