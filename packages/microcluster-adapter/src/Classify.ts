// From what a failed command said to the reason that decides what is done about it. Pure.
// The first rule that fits counts; a rule may be for one operation alone. Rules look for the innermost text: products
// wrap it in sentences of their own, and microovn's wrapper of `add` claims that a name is taken whatever went wrong.
import type { ClusterCliOperation, ClusterCliReason } from "@rollcall/core"

/** A text that some product is known to print, what it means, and in which call (any, where none is named). */
export type Rule = readonly [
  text: RegExp,
  reason: ClusterCliReason,
  operation?: ClusterCliOperation
]

/** The reason of the first of `rules` that fits what the command said, else `unknown`. */
export const classify = (
  rules: ReadonlyArray<Rule>,
  operation: ClusterCliOperation,
  said: string
): ClusterCliReason =>
  rules.find(
    ([text, , only]) => (only === undefined || only === operation) && text.test(said)
  )?.[1] ?? "unknown"

/** What every product over dqlite or cowsql says when its daemon is down, starting, or without a quorum. */
export const daemonRules: ReadonlyArray<Rule> = [
  [/unknown command "/, "command-missing"],
  [/dial unix \S+: connect: (connection refused|no such file or directory)/, "busy"],
  [/daemon doesn't appear to be started/, "busy"],
  [/Unable to connect to/, "busy", "remove"],
  [/no available (dqlite|cowsql) leader server found/, "busy"],
  [/context deadline exceeded/, "busy"]
]
