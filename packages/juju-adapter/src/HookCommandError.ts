// The one error of every hook command: which tool, why, and what Juju said.
// Neither arguments nor stdin are kept, so a secret that was passed to a tool cannot come back out of its error.
import { Schema } from "effect"
import { HookCommandReason } from "./HookCommandReason.ts"

/** A hook command failed; `reason` decides what is done about it, `exitCode` is undefined where the tool gave none. */
export class HookCommandError extends Schema.TaggedError<HookCommandError>()("HookCommandError", {
  tool: Schema.String,
  reason: HookCommandReason,
  exitCode: Schema.UndefinedOr(Schema.Int),
  detail: Schema.String
}) {
  /** One line: what happened, what to do, and what the tool said. */
  override get message(): string {
    const said = this.detail.replaceAll(/\s+/g, " ").slice(0, 300)
    return `${this.tool}: ${this.reason}: ${REMEDY[this.reason]}${said === "" ? "" : ` (${said})`}`
  }
}

const REMEDY: Record<HookCommandReason, string> = {
  "not-in-hook":
    "hook commands answer only while Juju runs a hook or action of this unit; start this from one, or with `juju exec`",
  "relation-not-found":
    "the relation is gone or this unit has not entered it yet; ask relation-ids again in the next hook",
  "permission-denied":
    "this unit has no right to that; a secret must be granted to it by its owner, a databag has one writer",
  "not-leader": "only the leader may do this; nothing was written, the leader's next hook does it",
  "secret-not-found":
    "the secret was removed, or never committed by its owner; ask the owner for a new one",
  "not-found": "Juju knows nothing by this name; compare it with the charm's metadata",
  "invalid-arguments":
    "Juju does not take these arguments; is this Juju older than the charm assumes?",
  "tool-missing":
    "this Juju has no such hook command, or PATH no longer starts with the unit's tools",
  "timed-out": "the unit's agent gave no answer in time; look at its log with `juju debug-log`",
  failed: "read the text and `juju debug-log`; Juju runs a failed hook again"
}
