// What `lxc cluster`, `lxd init` and their Incus twins say when they fail. Pure.
// Texts are those of LXD 5.0 and Incus 6.0. Neither refuses a name that a host can have, so none of them is `bad-name`.
import type { ClusterCliOperation, ClusterCliReason } from "@rollcall/core"
import { classify, daemonRules, type Rule } from "./Classify.ts"

/** The reason for a failed call to LXD or Incus. */
export const classifyLxd = (operation: ClusterCliOperation, said: string): ClusterCliReason =>
  classify(rules, operation, said)

const rules: ReadonlyArray<Rule> = [
  [/server isn't part of a cluster|server is not clustered/i, "not-initialised"],
  [/This server is already clustered/, "already-initialised"],
  [/already has a member with name:/, "already-a-member", "add"],
  [/already has a member with name:/, "name-taken", "join"],
  // Left behind by a join under a taken name; until the operator removes that certificate no token helps.
  [/Existing server certificate with different name/, "name-taken", "join"],
  [/Member is the only member in the cluster/, "last-member", "remove"],
  [/Token has expired/, "token-expired", "join"],
  [/No matching cluster join operation found/, "token-rejected", "join"],
  [/Invalid (cluster )?join token/, "token-rejected", "join"],
  [/ServerName is required when enabling clustering/, "token-rejected", "join"],
  [/fingerprint mismatch between join token and cluster member/, "token-rejected", "join"],
  [/Unable to connect to any of the cluster members specified in join token/, "busy", "join"],
  ...daemonRules
]
