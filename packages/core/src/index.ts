// Everything @rollcall/core offers.
export { ClusterCli, type ClusterCliShape } from "./cluster-cli/ClusterCli.ts"
export {
  ClusterCliError,
  ClusterCliOperation,
  ClusterCliReason
} from "./cluster-cli/ClusterCliError.ts"
export { Member, MemberRole, MemberStatus } from "./cluster-cli/MemberRecord.ts"
export { HostName, hostName, naturalOrder, ParticipantId } from "./Participant.ts"
