// Why a hook command failed, read from what it printed. Pure.
// Juju's tools tell their failures apart by text alone: the exit code is 2 for arguments and 1 for all else, and both
// rules have exceptions. The texts are those of internal/worker/uniter/runner/jujuc and cmd/jujud in juju/juju (2.9 to
// 4.0). A text that is not listed is `failed` (or `invalid-arguments` where the exit code is 2), never a guess.
import { Schema } from "effect"

/** What went wrong with a hook command. */
export const HookCommandReason = Schema.Literals([
  "not-in-hook",
  "relation-not-found",
  "permission-denied",
  "not-leader",
  "secret-not-found",
  "not-found",
  "invalid-arguments",
  "tool-missing",
  "timed-out",
  "failed"
])
/** What went wrong with a hook command. */
export type HookCommandReason = typeof HookCommandReason.Type

/** The reason behind a non-zero exit code and what was printed to stderr. */
export const reasonOf = (exitCode: number, stderr: string): HookCommandReason => {
  const detail = detailOf(stderr)
  const known = TEXTS.find(([text]) => text.test(detail))
  if (known !== undefined) return known[1]
  return exitCode === 2 ? "invalid-arguments" : "failed"
}

/** The error in `stderr` without Juju's `ERROR ` in front and without the warnings before it; at most 2,000 characters. */
export const detailOf = (stderr: string): string => {
  const start = /(?:^|\n)ERROR /.exec(stderr)
  const text = start === null ? stderr : stderr.slice(start.index + start[0].length)
  return text.trim().slice(0, 2000)
}

// The first text that is found decides, so the more exact ones stand first.
const TEXTS: ReadonlyArray<readonly [RegExp, HookCommandReason]> = [
  [/^JUJU_[A-Z_]+ not set/, "not-in-hook"],
  [/^dial (?:unix|tcp) .*: connect: /, "not-in-hook"],
  [/bad request: expected context id /, "not-in-hook"],
  [/not running an action/, "not-in-hook"],
  [/unknown (?:hook |action )?command: "?action-/, "not-in-hook"],
  [/unknown (?:hook |action )?command: /, "tool-missing"],
  [/cannot write relation settings$/, "not-leader"],
  [/not the leader/, "not-leader"],
  [/is not leader of "/, "not-leader"],
  [/permission denied/, "permission-denied"],
  [/relation not found/, "relation-not-found"],
  [/unknown relation id/, "relation-not-found"],
  [/secret "[^"]*" not found/, "secret-not-found"],
  [/consumer label "[^"]*" not found/, "secret-not-found"],
  [/max allowed (?:key|value) length/, "invalid-arguments"],
  [/yaml: unmarshal errors/, "invalid-arguments"],
  [/not found/, "not-found"],
  [/no network config found/, "not-found"]
]
