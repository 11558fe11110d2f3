/**
 * One execution's view of the model: a hook, an action or a juju-exec. Reads see the execution's own staged writes,
 * nobody else does; `commit` is Juju's Flush, fenced by the leadership lease; `discard` forgets what was staged.
 * Statuses, logs and a consumer's secret reads are immediate and survive a discard.
 */
import { finishAction } from "./ActionResult.ts"
import { Execution } from "./Execution.ts"
import { commitExecution } from "./HookCommit.ts"
import { hookEnvironment } from "./HookEnvironment.ts"
import { runCommand } from "./hook-commands/RunCommand.ts"
import type { Model, UnitName } from "./Model.ts"
import type { UnitCache } from "./RelationCache.ts"

export { UnitCache } from "./RelationCache.ts"

/** What an execution runs for. */
export interface HookInvocation {
  readonly kind: "hook" | "action" | "juju-exec"
  /** The hook's or the action's name; empty for juju-exec. */
  readonly name: string
  readonly contextId: string
  readonly relationId?: number
  readonly endpoint?: string
  readonly remoteUnit?: UnitName
  readonly remoteApp?: string
  readonly departingUnit?: UnitName
  readonly secret?: { readonly id: string; readonly label?: string; readonly revision?: number }
  readonly action?: {
    readonly name: string
    readonly id: string
    readonly params: Readonly<Record<string, unknown>>
  }
}

/** One call of a hook command. */
export interface CommandRequest {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly stdin?: string
}

/** What a hook command printed and its exit code. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The answer to a call; `needStdin` asks for the same call again with stdin. */
export type CommandAnswer = CommandResult | { readonly needStdin: true }

/** Whether a flush went through; on failure only already applied secrets and immediates stay. */
export type CommitOutcome = { readonly ok: true } | { readonly ok: false; readonly error: string }

/** How the process of an action ended. */
export interface ActionProcess {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The charm has no such action: nothing was run. */
  readonly notImplemented?: boolean
}

/** Where a unit's files are, for the environment. */
export interface HookPaths {
  readonly charmDir: string
  readonly socketPath: string
  readonly toolsDir: string
}

/** One running execution. */
export interface HookContext {
  readonly model: Model
  readonly unit: UnitName
  readonly invocation: HookInvocation
  /** Runs a hook command; once the execution has ended, as if its socket were gone. */
  readonly run: (request: CommandRequest) => CommandAnswer
  /** Flush: applies everything staged, or nothing but the secrets when the transaction fails. */
  readonly commit: () => CommitOutcome
  /** Forgets everything staged. */
  readonly discard: () => void
  /** The exact environment of the process. */
  readonly environment: (paths: HookPaths) => Record<string, string>
  /** Ends the action: call it after commit or discard; writes status, message and results to the model. */
  readonly finishAction: (process: ActionProcess) => void
}

/** Opens the context of one execution of a unit. */
export const openContext = (
  model: Model,
  unit: UnitName,
  invocation: HookInvocation,
  cache: UnitCache
): HookContext => {
  const execution = new Execution(model, unit, invocation, cache)
  let ended = false
  let outcome: CommitOutcome = { ok: true }
  return {
    model,
    unit,
    invocation,
    run: (request) => (ended ? SOCKET_GONE : runCommand(execution, request)),
    commit: () => {
      if (ended) throw new Error(`execution ${invocation.contextId} has ended: commit it only once`)
      ended = true
      outcome = commitExecution(execution)
      return outcome
    },
    discard: () => {
      ended = true
    },
    environment: (paths) => hookEnvironment(execution, paths),
    finishAction: (process) => {
      ended = true
      finishAction(execution, process, outcome)
    }
  }
}

const SOCKET_GONE: CommandResult = {
  code: 1,
  stdout: "",
  stderr: "ERROR dial unix agent.socket: connect: no such file or directory\n"
}
