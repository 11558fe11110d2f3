// Runs one command to its end, and never longer than its deadline. The only file here that knows execa.
// A command that ends is an `Outcome` whatever its exit code; only one that cannot be started or says too much fails.
// Interrupting ends the command and the processes it started: SIGTERM, SIGKILL after `GRACE_MILLIS`, and no more
// waiting `SETTLE_MILLIS` after that, since a process that left the group may hold the pipes open for ever.
// Output is read in the C locale, for classifying needs the products' own words. Nothing here shows the arguments.
import { constants } from "node:os"
import { Effect, Schema } from "effect"
import { execa } from "execa"

/** A command to run: its words, what it reads, and what its environment has besides this process's. */
export interface Command {
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** After this the command is ended and the call fails with `timed-out`. */
  readonly timeoutMillis: number
}

/** How a command ended; one that died of a signal has the shell's code for it, 128 and the signal's number. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command did not end by itself with output that can be read. */
export class ExecutionFailure extends Schema.TaggedError<ExecutionFailure>()("ExecutionFailure", {
  reason: Schema.Literals(["command-missing", "timed-out", "output-too-large", "unknown"]),
  detail: Schema.String
}) {
  /** One line: what happened; the arguments are not in it. */
  override get message(): string {
    return `${this.reason}: ${this.detail}; see whether the command is installed and its daemon runs`
  }
}

/** Runs commands; has to end one when it is interrupted. Tests and simulations bring their own. */
export type Execute = (command: Command) => Effect.Effect<Outcome, ExecutionFailure>

/** The most that is read of either output stream, in characters: a list of some ten thousand members fits. */
export const MAX_OUTPUT = 16 * 1024 * 1024

/** Runs `command` by `execute` and holds it to its deadline and to `MAX_OUTPUT`, whatever `execute` does about them. */
export const runCommand = (
  execute: Execute,
  command: Command
): Effect.Effect<Outcome, ExecutionFailure> =>
  execute(command).pipe(
    Effect.timeoutOrElse({
      duration: command.timeoutMillis,
      orElse: () =>
        Effect.fail(
          new ExecutionFailure({
            reason: "timed-out",
            detail: `no answer within ${command.timeoutMillis / 1000} s`
          })
        )
    }),
    Effect.filterOrFail(
      ({ stdout, stderr }) => Math.max(stdout.length, stderr.length) <= MAX_OUTPUT,
      tooLarge
    )
  )

/** Runs commands as child processes. */
export const executeChild: Execute = (command) =>
  Effect.callback<Outcome, ExecutionFailure>((resume) => {
    const words = refusedWords(command)
    if (words !== undefined) return resume(Effect.fail(words))
    const child = start(command)
    const settled = child.then((result) => resume(outcomeOf(result)))
    return Effect.sync(() => child.kill("SIGTERM")).pipe(
      Effect.andThen(Effect.promise(() => settled)),
      Effect.timeoutOption(GRACE_MILLIS + SETTLE_MILLIS),
      Effect.andThen(Effect.sync(() => abandon(child)))
    )
  })

const GRACE_MILLIS = 2_000
const SETTLE_MILLIS = 500

const start = ({ argv: [file = "", ...args], env, stdin }: Command) =>
  execa(file, args, {
    env: { LC_ALL: "C", LANGUAGE: "", ...env },
    ...(stdin === undefined ? { stdin: "ignore" as const } : { input: stdin }),
    maxBuffer: MAX_OUTPUT,
    reject: false,
    killDescendants: true,
    forceKillAfterDelay: GRACE_MILLIS
  })

/** Words for which execa throws, the offending one (it may be a token) in its message. */
const refusedWords = ({ argv }: Command): ExecutionFailure | undefined => {
  if ((argv[0] ?? "") === "") {
    return new ExecutionFailure({ reason: "command-missing", detail: "the command has no words" })
  }
  return argv.some((word) => word.includes("\0"))
    ? new ExecutionFailure({ reason: "unknown", detail: "one of the words has a NUL in it" })
    : undefined
}

/** What execa says of a command that ended; its `message` repeats the arguments and is not read. */
interface Result {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly code?: string | undefined
  readonly isMaxBuffer: boolean
  readonly stdout?: unknown
  readonly stderr?: unknown
}

const outcomeOf = (result: Result): Effect.Effect<Outcome, ExecutionFailure> => {
  if (result.isMaxBuffer) return Effect.fail(tooLarge())
  const code = result.exitCode ?? codeOfSignal(result.signal)
  if (code === undefined) {
    const missing = NOT_THERE.has(result.code ?? "")
    return Effect.fail(
      new ExecutionFailure({
        reason: missing ? "command-missing" : "unknown",
        detail: `the command could not be started: ${result.code ?? "no reason given"}`
      })
    )
  }
  return Effect.succeed({
    code,
    stdout: String(result.stdout ?? ""),
    stderr: String(result.stderr ?? "")
  })
}

const NOT_THERE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES", "ENOEXEC"])

const codeOfSignal = (signal: string | undefined): number | undefined =>
  signal === undefined
    ? undefined
    : 128 + (Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0)

const tooLarge = () =>
  new ExecutionFailure({
    reason: "output-too-large",
    detail: `more than ${MAX_OUTPUT} characters of output`
  })

/** Lets this process end although something the child started still holds its pipes. */
const abandon = (child: {
  readonly stdout?: { destroy(): unknown } | null
  readonly stderr?: { destroy(): unknown } | null
  unref?(): void
}): void => {
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.unref?.()
}
