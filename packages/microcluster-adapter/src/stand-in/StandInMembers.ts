// How the stand-in's members look from outside: their roles, whether they have a quorum, and the printed list. Pure.
// As in microcluster a member is PENDING until the first heartbeat after it joined, the founder too; then the three
// oldest are voters, the next three stand-bys, the rest spares.
import {
  roundBetween,
  type StandInCluster,
  type StandInMember,
  type StandInState
} from "./StandInState.ts"

/** A cluster at a moment. */
export interface Moment {
  readonly state: StandInState
  readonly cluster: StandInCluster
  readonly nowMillis: number
}

/** Whether no heartbeat came since `member` joined. */
export const isPending = (
  { state, cluster, nowMillis }: Moment,
  { joinedAtMillis }: StandInMember
): boolean => !roundBetween(state, cluster, joinedAtMillis, nowMillis)

/** Whether more than half of the voters run; a cluster that has none yet is asked for no majority. */
export const hasQuorum = (moment: Moment): boolean => {
  const voters = moment.cluster.members
    .slice(0, VOTERS)
    .filter((member) => !isPending(moment, member))
  const running = voters.filter(({ daemon }) => daemon === "running")
  return voters.length === 0 || running.length * 2 > voters.length
}

/** What `list` prints: JSON in the fields of `types.ClusterMember`, or a table. */
export const printMembers = (moment: Moment, format: string): string => {
  const { cluster, nowMillis } = moment
  const rows = cluster.members.map((member, rank) => ({
    name: member.name,
    address: member.address,
    certificate: `-----BEGIN CERTIFICATE-----\n${cluster.fingerprint}\n-----END CERTIFICATE-----\n`,
    role: isPending(moment, member) ? "PENDING" : roleOfRank(rank),
    schema_internal_version: 5,
    schema_external_version: 3,
    last_heartbeat: new Date(nowMillis).toISOString(),
    status: member.daemon === "running" ? "ONLINE" : "UNREACHABLE",
    extensions: ["internal:runtime_extension_v1"],
    secret: ""
  }))
  if (format === "json") return JSON.stringify(rows)
  const table = rows.map((row) => [row.name, row.address, row.role, row.status].join(" | "))
  return ["NAME | ADDRESS | ROLE | STATUS", ...table].join("\n")
}

const VOTERS = 3
const STAND_BYS = 3

const roleOfRank = (rank: number): string => {
  if (rank < VOTERS) return "voter"
  return rank < VOTERS + STAND_BYS ? "stand-by" : "spare"
}
