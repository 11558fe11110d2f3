// Runs an operator's command, named by an option of the charm, with more environment than the charm's own.
import { execFile } from "node:child_process"
import { Effect } from "effect"

/** What is run: a program and its arguments, more environment, and how long it may take. */
export interface Command {
  readonly words: readonly [string, ...ReadonlyArray<string>]
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMillis: number
}

/** The end of a command: its exit code, undefined where it did not end by itself, and what it said last. */
export interface CommandEnd {
  readonly code: number | undefined
  readonly detail: string
}

/** Runs a command to its end; one that takes too long, or whose hook is interrupted, is killed. */
export const runCommand = ({
  environment,
  timeoutMillis,
  words
}: Command): Effect.Effect<CommandEnd> =>
  Effect.callback((resume) => {
    const [file, ...args] = words
    const child = execFile(
      file,
      args,
      { env: { ...process.env, ...environment }, timeout: timeoutMillis, killSignal: "SIGKILL" },
      (error, _out, stderr) => {
        if (error === null) return resume(Effect.succeed({ code: 0, detail: "" }))
        const code = typeof error.code === "number" ? error.code : undefined
        const late =
          error.killed === true ? `took longer than ${timeoutMillis / 1000} s` : undefined
        resume(Effect.succeed({ code, detail: late ?? (stderr.trim() || error.message) }))
      }
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })
