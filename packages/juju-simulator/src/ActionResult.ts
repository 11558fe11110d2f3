/**
 * The end of an action: its status, message and results. A process that fails, an action-fail and a refused commit each
 * make it failed; none of them puts the unit in error (juju/juju
 * internal/worker/uniter/runner/{runner,context/context}.go).
 */
import type { Execution } from "./Execution.ts"
import type { ActionProcess, CommitOutcome } from "./HookContext.ts"

/** Writes how the action of an execution ended to the model. */
export const finishAction = (
  execution: Execution,
  process: ActionProcess,
  outcome: CommitOutcome
): void => {
  const { model, action: draft, invocation, unit } = execution
  const action = model.actions.get(invocation.action?.id ?? "")
  if (action === undefined) return
  const processError = process.notImplemented
    ? `action not implemented on unit "${unit.name}"`
    : process.code === 0
      ? undefined
      : `exit status ${process.code}`
  const commitError = outcome.ok ? undefined : outcome.error
  const failed = draft.failed || processError !== undefined || commitError !== undefined
  action.status = failed ? "failed" : "completed"
  action.message =
    processError ??
    (draft.message || (commitError === undefined ? "" : "committing requested changes failed"))
  action.results = resultsOf(draft.results, process, commitError)
  model.revision += 1
}

const resultsOf = (
  results: Readonly<Record<string, unknown>>,
  process: ActionProcess,
  commitError: string | undefined
): Readonly<Record<string, unknown>> => {
  if (process.notImplemented) return results
  const stderr =
    commitError === undefined
      ? process.stderr
      : process.stderr === ""
        ? commitError
        : `${process.stderr}\n${commitError}`
  return {
    ...results,
    "return-code": process.code,
    ...(process.stdout === "" ? {} : { stdout: process.stdout }),
    ...(stderr === "" ? {} : { stderr })
  }
}
