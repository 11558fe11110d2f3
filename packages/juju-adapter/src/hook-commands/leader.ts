// The leadership hook command. leader-get and leader-set are not wrapped: Juju 4.0 has them no more, and the peer
// relation's application databag does what they did.
import { type Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand } from "../HookCommandJson.ts"

/**
 * Whether this unit is its application's leader.
 * **Gotchas** True holds for 30 seconds; a hook may run longer. Juju fences application databags at the hook's end, it
 * does not fence what a leader does outside Juju.
 */
export const isLeader: Effect.Effect<boolean, HookCommandError, HookCommand> = jsonCommand(
  "is-leader",
  Schema.Boolean
)([])
