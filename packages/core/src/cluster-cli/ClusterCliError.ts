// Why a call to the cluster's own command failed, in words that decide what happens next.
// `detail` is the command's stderr with every token already taken out; nothing else of the call is kept.
import { Schema } from "effect"

/** What went wrong: the first ten come from the product's text, the last four from running the command. */
export const ClusterCliReason = Schema.Literals([
  "already-initialised",
  "already-a-member",
  "name-taken",
  "bad-name",
  "token-rejected",
  "token-expired",
  "not-initialised",
  "last-member",
  "busy",
  "unknown",
  "command-missing",
  "timed-out",
  "output-too-large",
  "output-unreadable"
])
/** What went wrong in a call to the cluster's command. */
export type ClusterCliReason = typeof ClusterCliReason.Type

/** The five calls of a cluster's command. */
export const ClusterCliOperation = Schema.Literals(["bootstrap", "add", "join", "list", "remove"])
/** One of the five calls of a cluster's command. */
export type ClusterCliOperation = typeof ClusterCliOperation.Type

const REMEDY: Record<ClusterCliReason, string> = {
  "already-initialised": "this host has a cluster already; see its member list",
  "already-a-member": "the host is a member already; nothing is to be done",
  "name-taken":
    "a member or a live token has this name; remove the old member or wait for the token to expire",
  "bad-name": "the product does not take this host name; rename the host",
  "token-rejected":
    "the token was used, revoked or belongs to another cluster; a new one is asked for",
  "token-expired": "the token is too old; a new one is asked for",
  "not-initialised": "this host is in no cluster yet",
  "last-member": "the cluster has no other member, so it ends with this host's machine",
  busy: "the cluster cannot do this now; it is tried again",
  unknown: "read the text and the product's log; it is tried again with growing pauses",
  "command-missing": "install the product, or set cluster-command to the command that is installed",
  "timed-out": "the command gave no answer in time; see whether its daemon runs",
  "output-too-large": "the command printed more than is read; it may not be the cluster's command",
  "output-unreadable":
    "the command printed something else than asked for; is it the cluster's command?"
}

/** A call to the cluster's command failed; `reason` decides what is done about it. */
export class ClusterCliError extends Schema.TaggedError<ClusterCliError>()("ClusterCliError", {
  operation: ClusterCliOperation,
  reason: ClusterCliReason,
  detail: Schema.String
}) {
  /** One line: what happened, what to do, and what the command said. */
  override get message(): string {
    const said = this.detail.trim().replaceAll(/\s+/g, " ").slice(0, 300)
    return `${this.operation}: ${this.reason}: ${REMEDY[this.reason]}${said === "" ? "" : ` (${said})`}`
  }
}
