// The member lists of the products, decoded. Pure; nothing here throws.
// Words are compared whole: "stand-by" is a role, "standby-voter" is `unknown`. Fields we do not read are ignored, a
// missing role or status is `unknown`; only a row without a name makes the list unreadable, for then nobody knows who
// is a member.
// Shapes: `types.ClusterMember` of canonical/microcluster, `api.ClusterMember` of LXD and Incus.
import type { Member, MemberRole, MemberStatus } from "@rollcall/core"
import { Exit, Schema } from "effect"

/** The members in the output of microcluster's `list -f json`, or undefined where it is no such list. */
export const membersFromMicrocluster = (json: string): ReadonlyArray<Member> | undefined =>
  Exit.match(decodeMicrocluster(json), {
    onFailure: () => undefined,
    onSuccess: (rows) =>
      rows.map((row) => ({
        name: row.name,
        address: word(row.address),
        role: MICROCLUSTER_ROLES.get(word(row.role)) ?? "unknown",
        status: STATUSES.get(word(row.status)) ?? "unknown"
      }))
  })

/** The members in the output of `lxc cluster list --format json`, or undefined where it is no such list. */
export const membersFromLxd = (json: string): ReadonlyArray<Member> | undefined =>
  Exit.match(decodeLxd(json), {
    onFailure: () => undefined,
    onSuccess: (rows) =>
      rows.map((row) => ({
        name: row.server_name,
        address: word(row.url).replace(/^https:\/\//, ""),
        role: lxdRole(row.roles),
        status: STATUSES.get(word(row.status)) ?? "unknown"
      }))
  })

const Loose = Schema.optionalKey(Schema.Unknown)

const decodeMicrocluster = Schema.decodeUnknownExit(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({ name: Schema.NonEmptyString, address: Loose, role: Loose, status: Loose })
    )
  )
)

const decodeLxd = Schema.decodeUnknownExit(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({ server_name: Schema.NonEmptyString, url: Loose, roles: Loose, status: Loose })
    )
  )
)

const MICROCLUSTER_ROLES: ReadonlyMap<string, MemberRole> = new Map([
  ["voter", "voter"],
  ["stand-by", "stand-by"],
  ["spare", "spare"],
  ["PENDING", "pending"]
])

/** Of several roles the strongest counts. */
const LXD_DATABASE_ROLES: ReadonlyArray<readonly [string, MemberRole]> = [
  ["database-leader", "voter"],
  ["database", "voter"],
  ["database-standby", "stand-by"]
]

/** Roles that say nothing of the consensus; a member that has only these, or none, is a spare. */
const LXD_OTHER_ROLES: ReadonlySet<unknown> = new Set(["event-hub", "ovn-chassis", "control-plane"])

const STATUSES: ReadonlyMap<string, MemberStatus> = new Map([
  ["ONLINE", "online"],
  ["Online", "online"],
  ["UNREACHABLE", "offline"],
  ["Offline", "offline"]
])

const word = (value: unknown): string => (typeof value === "string" ? value : "")

const lxdRole = (roles: unknown): MemberRole => {
  if (!Array.isArray(roles)) return "unknown"
  const database = LXD_DATABASE_ROLES.find(([name]) => roles.includes(name))
  if (database !== undefined) return database[1]
  return roles.every((role) => LXD_OTHER_ROLES.has(role)) ? "spare" : "unknown"
}
