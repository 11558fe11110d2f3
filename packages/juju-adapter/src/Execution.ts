// Runs one program to its end; the only file that imports execa.
// The end is a value: the caller says what it means. On a deadline, and when the fiber is interrupted, the whole process
// group gets SIGTERM, a second later SIGKILL, and the end is waited for, so nothing of it acts afterwards.
// The end is the process's exit, not the closing of its pipes: a background child that inherited them would hold them
// open. Juju itself waits 100 ms for such output, and so does this.
import { Effect } from "effect"
import { execa } from "execa"

/** How an execution ended: with an exit code, not found, past its deadline, or in any other way. */
export type Execution =
  | {
      readonly _tag: "Exited"
      readonly code: number
      readonly stdout: string
      readonly stderr: string
    }
  | { readonly _tag: "Missing"; readonly detail: string }
  | { readonly _tag: "TimedOut" }
  | { readonly _tag: "Broken"; readonly detail: string }

/** Runs `file` with `args`, in this process's environment and folder; stdin is empty unless given. */
export const execute = (
  file: string,
  args: ReadonlyArray<string>,
  options: { readonly stdin: string | undefined; readonly timeoutMillis: number }
): Effect.Effect<Execution> =>
  Effect.callback<Execution>((resume) => {
    const subprocess = execa(file, args, {
      ...(options.stdin === undefined ? { stdin: "ignore" } : { input: options.stdin }),
      timeout: options.timeoutMillis,
      forceKillAfterDelay: KILL_AFTER_MILLIS,
      killDescendants: true,
      maxBuffer: OUTPUT_LIMIT_CHARACTERS,
      stripFinalNewline: false,
      reject: false
    })
    let grace: NodeJS.Timeout | undefined
    subprocess.nodeChildProcess.once("exit", () => {
      grace = setTimeout(() => {
        subprocess.stdout.destroy()
        subprocess.stderr.destroy()
      }, OUTPUT_GRACE_MILLIS)
    })
    const settled = subprocess.then((result) => {
      clearTimeout(grace)
      resume(Effect.succeed(executionOf(result)))
    })
    return Effect.promise(() => {
      subprocess.kill()
      return settled
    })
  })

// -----------------------------------------------------------------------------------------------------------------

const KILL_AFTER_MILLIS = 1_000
const OUTPUT_GRACE_MILLIS = 100
// A relation's settings are at most 16 MiB (MaxRelationSettingsSize in juju/juju); JSON makes at most six of one.
const OUTPUT_LIMIT_CHARACTERS = 100_000_000

/** What is read of execa's result. */
interface Ended {
  readonly timedOut: boolean
  readonly isMaxBuffer: boolean
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly code?: string | undefined
  readonly originalMessage?: string | undefined
  readonly stdout: string
  readonly stderr: string
}

const executionOf = (result: Ended): Execution => {
  if (result.timedOut) return { _tag: "TimedOut" }
  if (result.isMaxBuffer) return { _tag: "Broken", detail: "printed more than is read" }
  if (result.code === "ENOENT" || result.code === "EACCES") {
    return { _tag: "Missing", detail: result.originalMessage ?? result.code }
  }
  if (result.signal !== undefined) return { _tag: "Broken", detail: `ended by ${result.signal}` }
  if (result.exitCode === undefined) {
    return { _tag: "Broken", detail: result.originalMessage ?? "did not start" }
  }
  const { exitCode: code, stdout, stderr } = result
  return { _tag: "Exited", code, stdout, stderr }
}
