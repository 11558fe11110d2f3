// Golden: the texts as the products print them, and what each means in which call.

import { assert, describe, it } from "@effect/vitest"
import type { ClusterCliOperation, ClusterCliReason } from "@rollcall/core"
import { classifyLxd } from "../src/ClassifyLxd.ts"
import { classifyMicrocluster } from "../src/ClassifyMicrocluster.ts"

type Golden = ReadonlyArray<readonly [ClusterCliOperation, string, ClusterCliReason]>

const joinOf = (tries: number, why: string) =>
  `Error: ${tries} join attempts were unsuccessful. Last error: ${why}`
const addOf = (inner: string) =>
  `Error: unable to add server to microcluster, name "node-2" is taken:\n${inner}`

const microcluster: Golden = [
  ["list", "Error: Database is not yet initialized", "not-initialised"],
  ["list", "Error: Daemon not yet initialized", "not-initialised"],
  ["add", addOf("Database is not yet initialized"), "not-initialised"],
  ["bootstrap", "Error: Unable to initialize cluster: Database is online", "already-initialised"],
  ["join", "Error: Unable to initialize cluster: Database is online", "already-initialised"],
  [
    "add",
    addOf(
      'Failed to create "core_token_records" entry: UNIQUE constraint failed: core_token_records.name'
    ),
    "name-taken"
  ],
  ["add", addOf("UNIQUE constraint failed: internal_token_records.name"), "name-taken"],
  // The wrapper says "is taken" of every failure; only the inner text counts.
  ["add", addOf("Database is still starting"), "busy"],
  [
    "add",
    addOf(
      'Token name "unit/0" is not a valid FQDN: Name can only contain alphanumeric and hyphen characters'
    ),
    "bad-name"
  ],
  [
    "add",
    addOf('Token name "" is not a valid FQDN: Name must be 1-255 characters long'),
    "bad-name"
  ],
  ["join", joinOf(3, "CoreTokenRecord not found"), "token-rejected"],
  ["join", joinOf(1, "InternalTokenRecord not found"), "token-rejected"],
  ["join", joinOf(1, "Token expired"), "token-expired"],
  [
    "join",
    joinOf(2, "Joining server certificate SAN does not contain join token name"),
    "token-rejected"
  ],
  ["join", joinOf(1, 'This "core_cluster_members" entry already exists'), "name-taken"],
  ["join", joinOf(1, 'Remote with address "10.0.0.2:6443" exists'), "name-taken"],
  ["join", joinOf(0, "%!w(<nil>)"), "token-rejected"],
  ["join", joinOf(10, "%!w(<nil>)"), "unknown"],
  ["join", "Error: illegal base64 data at input byte 8", "token-rejected"],
  ["join", "Error: invalid character 'h' looking for beginning of value", "token-rejected"],
  ["join", "Error: unexpected end of JSON input", "token-rejected"],
  [
    "list",
    "Error: Database is waiting for an upgrade. 2 cluster members have not yet received the update",
    "busy"
  ],
  ["list", "Error: Database is offline", "busy"],
  [
    "add",
    addOf(
      "Membership consistency check failed after timeout: Microcluster node membership is inconsistent across core_cluster_members ([a]), truststore ([a b]) and dqlite ([a])"
    ),
    "busy"
  ],
  [
    "remove",
    'Error: Post "https://127.0.0.56:9001/core/internal/hooks/pre-remove?target=m7": Unable to connect to: 127.0.0.56:9001',
    "busy"
  ],
  [
    "remove",
    "Error: Cannot remove cluster members, there are no remaining non-pending members",
    "busy"
  ],
  ["remove", "Error: Found no voters to transfer leadership to", "busy"],
  ["remove", "Error: Cannot leave a cluster with 1 members", "last-member"],
  ["remove", 'Error: No remote exists with the given name "nosuch"', "unknown"],
  [
    "list",
    "Error: Failed to begin transaction: failed to create dqlite connection: no available dqlite leader server found",
    "busy"
  ],
  ["list", 'Error: unknown command "cluster" for "microovn"', "command-missing"],
  ["list", "something nobody has seen before", "unknown"],
  // A text belongs to its call: listing does not spend tokens.
  ["list", "CoreTokenRecord not found", "unknown"]
]

const lxdJoin = (why: string) => `Error: Failed to join cluster: ${why}`
const trust = "Failed to setup cluster trust: Failed to add server cert to cluster:"

const lxd: Golden = [
  ["list", "Error: LXD server isn't part of a cluster", "not-initialised"],
  ["list", "Error: Server isn't part of a cluster", "not-initialised"],
  ["add", "Error: This server is not clustered", "not-initialised"],
  ["remove", "Error: Server is not clustered", "not-initialised"],
  ["join", lxdJoin("This server is already clustered"), "already-initialised"],
  ["join", lxdJoin(`${trust} No matching cluster join operation found`), "token-rejected"],
  [
    "join",
    lxdJoin(`${trust} Failed during search for join token operation: Token has expired`),
    "token-expired"
  ],
  [
    "join",
    "Error: Invalid cluster join token: illegal base64 data at input byte 8",
    "token-rejected"
  ],
  ["join", "Error: Invalid cluster join token: No server name in join token", "token-rejected"],
  [
    "join",
    "Error: Failed to configure cluster: ServerName is required when enabling clustering",
    "token-rejected"
  ],
  [
    "join",
    'Error: Certificate fingerprint mismatch between join token and cluster member "10.77.0.11:8443"',
    "token-rejected"
  ],
  [
    "join",
    "Error: Unable to connect to any of the cluster members specified in join token",
    "busy"
  ],
  [
    "join",
    lxdJoin("Failed request to add member: The cluster already has a member with name: unit-2"),
    "name-taken"
  ],
  ["add", "Error: The cluster already has a member with name: unit-2", "already-a-member"],
  [
    "join",
    lxdJoin(
      'Failed to update cluster trust: Existing server certificate with different name "unit-2" already in trust store'
    ),
    "name-taken"
  ],
  [
    "list",
    'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: connection refused',
    "busy"
  ],
  [
    "list",
    'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: no such file or directory',
    "busy"
  ],
  [
    "list",
    'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: permission denied',
    "unknown"
  ],
  [
    "list",
    "Error: The incus daemon doesn't appear to be started (socket path: /var/lib/incus/unix.socket)",
    "busy"
  ],
  [
    "remove",
    'Error: Failed to cleanup the member: Put "https://10.77.0.14:8443/1.0/cluster": Unable to connect to: 10.77.0.14:8443 ([dial tcp 10.77.0.14:8443: connect: connection refused])',
    "busy"
  ],
  ["remove", "Error: Member is the only member in the cluster", "last-member"],
  ["remove", "Error: Cluster member not found", "unknown"],
  ["remove", "Error: User aborted delete operation", "unknown"],
  ["list", "Error: context deadline exceeded", "busy"],
  ["list", 'Error: unknown command "cluster" for "lxc"', "command-missing"]
]

describe("classify", () => {
  it("microcluster's words", () => {
    for (const [operation, said, reason] of microcluster) {
      assert.strictEqual(classifyMicrocluster(operation, said), reason, `${operation}: ${said}`)
    }
  })

  it("the words of LXD and Incus", () => {
    for (const [operation, said, reason] of lxd) {
      assert.strictEqual(classifyLxd(operation, said), reason, `${operation}: ${said}`)
    }
  })
})
