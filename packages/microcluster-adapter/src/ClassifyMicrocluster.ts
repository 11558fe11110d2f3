// What the commands of the microcluster family (microovn, microceph, microctl) say when they fail. Pure.
// Texts are those of canonical/microcluster v1 to v3 and of the products that pass them on.
import type { ClusterCliOperation, ClusterCliReason } from "@rollcall/core"
import { classify, daemonRules, type Rule } from "./Classify.ts"

/** The reason for a failed call to a command of the microcluster family. */
export const classifyMicrocluster = (
  operation: ClusterCliOperation,
  said: string
): ClusterCliReason => classify(rules, operation, said)

const rules: ReadonlyArray<Rule> = [
  [/(Database|Daemon) (is )?not yet initialized/, "not-initialised"],
  [/Unable to initialize cluster: Database is online/, "already-initialised"],
  [/UNIQUE constraint failed: (core|internal)_token_records\.name/, "name-taken"],
  [/is not a valid FQDN|Name must be 1-255 characters long/, "bad-name"],
  [/(Core|Internal)TokenRecord not found/, "token-rejected", "join"],
  [/Token (has )?expired/i, "token-expired", "join"],
  [/SAN does not contain join token name/, "token-rejected", "join"],
  [/This "\w+_cluster_members" entry already exists/, "name-taken", "join"],
  [/Remote with address "[^"]*" exists/, "name-taken", "join"],
  [/illegal base64 data at input byte/, "token-rejected", "join"],
  [/invalid character .* looking for|unexpected end of JSON input/, "token-rejected", "join"],
  // A token that names no address; with one or more tries the same text says "nobody answered" as well as "wrong
  // fingerprint", which is left `unknown`: the token may be good.
  [/\b0 join attempts were unsuccessful/, "token-rejected", "join"],
  [/Database is (still starting|waiting for an upgrade|offline)/, "busy"],
  [/Membership consistency check failed/, "busy"],
  [/Cannot leave a cluster with 1 members/, "last-member", "remove"],
  [/there are no remaining non-pending members/, "busy", "remove"],
  [/Found no voters to transfer leadership to/, "busy", "remove"],
  ...daemonRules
]
