// A command that cannot outlive the lease it runs under, whatever becomes of the process that started it: killed, halted
// (SIGSTOP) or too busy to notice. A small process of its own stands between the two. It knows until when the lease can be
// counted on, by the machine's monotonic clock, which both read; when that passes, or when nobody tells it any more, it
// kills the command with its process group. A descendant that leaves the group on purpose is not reached.
import { spawn } from "node:child_process"
import { Effect, Schema } from "effect"

/** The command could not be started. */
export class CommandNotStarted extends Schema.TaggedError<CommandNotStarted>()(
  "CommandNotStarted",
  {
    command: Schema.String,
    detail: Schema.String
  }
) {
  /** One line: which command, and why. */
  override get message(): string {
    return `${this.command} was not started: ${this.detail}; see whether it exists and may be run`
  }
}

/** Runs `command` for as long as `remainingMillis` allows; its exit code, 137 where it was killed. */
export const leashed = (
  command: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
  remainingMillis: Effect.Effect<number>
): Effect.Effect<number, CommandNotStarted> =>
  Effect.gen(function* () {
    const deadline = Effect.map(remainingMillis, (millis) => deadlineAfter(millis))
    const first = yield* deadline
    const leash = spawn(process.execPath, ["-e", GUARD, `${first}`, ...command], {
      stdio: ["pipe", "inherit", "inherit", "ipc"],
      env: { ...process.env, ...environment },
      // a group of its own: what halts this process's group does not halt it
      detached: true
    })
    leash.stdin?.on("error", () => {})
    const ended = Effect.callback<number, CommandNotStarted>((resume) => {
      const fail = (detail: string) =>
        resume(Effect.fail(new CommandNotStarted({ command: command.join(" "), detail })))
      leash.once("error", (error) => fail(error.message))
      leash.once("message", (detail) => fail(`${detail}`))
      leash.once("exit", (code) => resume(Effect.succeed(code ?? KILLED)))
    })
    const telling = Effect.forever(
      Effect.andThen(
        Effect.sleep(TELL_MILLIS),
        Effect.map(deadline, (at) => void leash.stdin?.write(`${at}\n`))
      )
    )
    const gone = Effect.callback<void>((resume) => {
      if (leash.exitCode !== null || leash.signalCode !== null) return resume(Effect.void)
      leash.once("exit", () => resume(Effect.void))
      leash.stdin?.end()
    })
    return yield* Effect.raceFirst(ended, telling).pipe(Effect.onInterrupt(() => gone))
  })

const TELL_MILLIS = 200
const KILLED = 137

const deadlineAfter = (millis: number): bigint =>
  process.hrtime.bigint() + BigInt(Math.floor(millis * 1e6))

// runs alone, without anything of this package: `node -e GUARD <deadline> <command> [arguments]`
const GUARD = `
const { spawn } = require("node:child_process")
let [deadline, file, ...args] = process.argv.slice(1)
const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"], detached: true })
const kill = () => { try { process.kill(-child.pid, "SIGKILL") } catch {} process.exit(137) }
let timer
const arm = () => {
  clearTimeout(timer)
  const left = Number(BigInt(deadline) - process.hrtime.bigint()) / 1e6
  if (left <= 0) kill()
  timer = setTimeout(arm, left)
}
child.on("error", (error) => process.send(error.message, () => process.exit(127)))
child.on("spawn", arm)
child.on("exit", (code) => process.exit(code ?? 137))
process.stdin.on("data", (text) => { deadline = String(text).trim().split("\\n").at(-1); arm() })
process.stdin.on("end", kill)
process.on("disconnect", () => {})
`
