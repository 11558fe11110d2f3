/**
 * Runs a charm that is a function: no process, no file, no timer, so that 100,000 hooks take seconds.
 *
 * The function gets what a process would get: the environment and a way to call hook commands. Its result is the exit
 * code; an exception is an uncaught one, exit code 1. It must not keep state of its own between hooks that a real
 * charm could not keep on disk.
 */
import type { Agent, ProcessOutcome, RunningProcess } from "./Agent.ts"
import type { CommandResult, HookPaths } from "./HookContext.ts"

/** What an in-process charm sees of its hook. */
export interface InProcessHook {
  /** Exactly the environment that a hook process has. */
  readonly env: Readonly<Record<string, string>>
  /** Calls a hook command: `run(["relation-get", "--format=json", "-"])`. Never settles once the hook was killed. */
  readonly run: (argv: ReadonlyArray<string>, stdin?: string) => Promise<CommandResult>
}

/** A charm given as a function of one hook; resolves to the exit code. */
export type InProcessCharm = (hook: InProcessHook) => Promise<number>

/** An agent for a charm function; `charm` is asked anew for every hook, so that an upgrade can replace it. */
export const makeInProcessAgent = (
  charm: () => InProcessCharm,
  paths: HookPaths,
  env: Readonly<Record<string, string>>
): Agent => ({
  run: (running) => {
    const { program } = running
    if (program.kind === "script") return Promise.resolve(NO_SCRIPTS)
    return runFunction(program.kind === "function" ? program.run : charm(), running, {
      ...running.context.environment(paths),
      ...env
    })
  },
  upgrade: async () => {},
  close: async () => {}
})

const runFunction = (
  charm: InProcessCharm,
  running: RunningProcess,
  env: Readonly<Record<string, string>>
): Promise<ProcessOutcome> =>
  new Promise((resolve) => {
    const end = (code: number, stderr = "") => resolve({ code, stdout: "", stderr })
    running.onKill(() => end(KILLED))
    const cwd = env.JUJU_CHARM_DIR ?? "/"
    const run = (argv: ReadonlyArray<string>, stdin = ""): Promise<CommandResult> => {
      const [command = "", ...args] = argv
      const answer = running.call({ command, args, cwd })
      const result =
        answer !== undefined && "needStdin" in answer
          ? running.call({ command, args, cwd, stdin })
          : answer
      return result === undefined || "needStdin" in result ? NEVER : Promise.resolve(result)
    }
    charm({ env, run }).then(end, (cause: unknown) => end(1, stackOf(cause)))
  })

const KILLED = 137
const NEVER = new Promise<never>(() => {})
const NO_SCRIPTS: ProcessOutcome = {
  code: 127,
  stdout: "",
  stderr: "an in-process charm has no shell: pass juju-exec a function instead of a script\n"
}

const stackOf = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
