// The action hook commands. Outside an action they fail with `not-in-hook`.
// Results travel as arguments, the only way Juju offers: never put a secret into one.
import { Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand, silentCommand } from "../HookCommandJson.ts"

/** The action's parameters, of the types that actions.yaml gives them. */
export const actionGet: Effect.Effect<
  Readonly<Record<string, Schema.Json>>,
  HookCommandError,
  HookCommand
> = Effect.suspend(() => Effect.map(parameters([]), (given) => given ?? {}))

/**
 * Adds results; a key `a.b` nests. No results, no call. **Fails with** `invalid-arguments` for keys other than lowercase
 * letters, digits, hyphens and dots, and for `stdout` and `stderr`, which Juju fills itself.
 */
export const actionSet = (
  results: Readonly<Record<string, string>>
): Effect.Effect<void, HookCommandError, HookCommand> =>
  Object.keys(results).length === 0
    ? Effect.void
    : silentCommand("action-set", [
        "--",
        ...Object.entries(results).map(([key, value]) => `${key}=${value}`)
      ])

/** Marks the action as failed. What was staged is committed all the same, unless the process exits non-zero. */
export const actionFail = (message: string): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("action-fail", ["--", message])

/** Shows a line to whoever waits for the action, at once. */
export const actionLog = (message: string): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("action-log", ["--", message])

// -----------------------------------------------------------------------------------------------------------------

const parameters = jsonCommand(
  "action-get",
  Schema.NullOr(Schema.Record(Schema.String, Schema.Json))
)
