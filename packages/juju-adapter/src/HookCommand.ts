// Juju's hook commands (relation-get, status-set, ...) as a service: a tool's name and arguments in, its stdout out.
// Everything this package asks of Juju goes through `run`, so a test or the simulator replaces it in one place.
// Every call of `layer` has a deadline. A call that timed out may have had its effect all the same.
// Put no secret in `args`: they are visible in the machine's process list. Secrets go by stdin or by file.
import { Context, Effect, Layer } from "effect"
import { execute } from "./Execution.ts"
import { HookCommandError } from "./HookCommandError.ts"
import { detailOf, reasonOf } from "./HookCommandReason.ts"

/** How one hook command is run; the deadline is 30 seconds unless told otherwise. */
export interface HookCommandOptions {
  readonly stdin?: string
  readonly timeoutMillis?: number
}

/** What runs hook commands: it returns what the tool printed, or says why it failed. */
export interface HookCommandShape {
  readonly run: (
    tool: string,
    args: ReadonlyArray<string>,
    options?: HookCommandOptions
  ) => Effect.Effect<string, HookCommandError>
}

/** A hook command run to its end by somebody else; `argv` starts with the tool's name. */
export type RunHookCommand = (
  argv: ReadonlyArray<string>,
  stdin?: string
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>

/** The abstract layer over Juju's hook commands. */
export class HookCommand extends Context.Service<HookCommand, HookCommandShape>()(
  "@rollcall/juju-adapter/HookCommand"
) {
  /** Runs the tools that Juju put on this hook's PATH, each as a process. */
  static readonly layer: Layer.Layer<HookCommand> = Layer.succeed(HookCommand, {
    run: (tool, args, { stdin, timeoutMillis = DEADLINE_MILLIS } = {}) =>
      Effect.flatMap(execute(tool, args, { stdin, timeoutMillis }), (end) => {
        switch (end._tag) {
          case "Exited":
            return outcome(tool, end)
          case "Missing":
            return failure(tool, "tool-missing", end.detail)
          case "TimedOut":
            return failure(tool, "timed-out", `no answer in ${timeoutMillis} ms`)
          case "Broken":
            return failure(tool, "failed", end.detail)
        }
      })
  })

  /** Calls `run` instead of starting processes; `run` keeps its own deadline. */
  static readonly layerWith = (run: RunHookCommand): Layer.Layer<HookCommand> =>
    Layer.succeed(HookCommand, {
      run: (tool, args, { stdin } = {}) =>
        Effect.flatMap(
          Effect.tryPromise({
            try: () => run([tool, ...args], stdin),
            catch: (cause) =>
              new HookCommandError({
                tool,
                reason: "failed",
                exitCode: undefined,
                detail: String(cause)
              })
          }),
          (end) => outcome(tool, end)
        )
    })
}

// -----------------------------------------------------------------------------------------------------------------

const DEADLINE_MILLIS = 30_000

const outcome = (
  tool: string,
  end: { readonly code: number; readonly stdout: string; readonly stderr: string }
): Effect.Effect<string, HookCommandError> =>
  end.code === 0
    ? Effect.succeed(end.stdout)
    : Effect.fail(
        new HookCommandError({
          tool,
          reason: reasonOf(end.code, end.stderr),
          exitCode: end.code,
          detail: detailOf(end.stderr)
        })
      )

const failure = (
  tool: string,
  reason: "tool-missing" | "timed-out" | "failed",
  detail: string
): Effect.Effect<never, HookCommandError> =>
  Effect.fail(new HookCommandError({ tool, reason, exitCode: undefined, detail }))
