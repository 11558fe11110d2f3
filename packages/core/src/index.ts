// Everything @rollcall/core offers: contracts for adapters, services for users, and the wire format's values.
export { ClusterCli, type ClusterCliShape } from "./cluster-cli/ClusterCli.ts"
export {
  ClusterCliError,
  ClusterCliOperation,
  ClusterCliReason
} from "./cluster-cli/ClusterCliError.ts"
export { Member, MemberRole, MemberStatus } from "./cluster-cli/MemberRecord.ts"
export { MemoryCluster } from "./cluster-cli/MemoryClusterCli.ts"
export { corroborate, mostFrequent } from "./mirror/Corroboration.ts"
export { CANDIDATE_KEY, LEDGER_KEY } from "./mirror/Ledger.ts"
export { Mirror, type MirrorOptions, type MirrorShape, WireDialect } from "./mirror/Mirror.ts"
export type { MirrorDecision } from "./mirror/MirrorDecision.ts"
export { FactInvalid } from "./mirror/MirrorError.ts"
export {
  type Announcement,
  blankRoll,
  type Dialect,
  type Facts,
  JoinFailure,
  type Roll,
  type RollEntry,
  silent
} from "./mirror/MirrorRecord.ts"
export { PLACEHOLDER } from "./mirror/MirrorState.ts"
export { nativeDialect } from "./mirror/NativeDialect.ts"
export { HostName, hostName, naturalOrder, ParticipantId } from "./Participant.ts"
export { Sealer, SealerError, type SealerKey, type SealerShape } from "./sealer/Sealer.ts"
export { Journal, type JournalShape } from "./store/Journal.ts"
export { memoryStore } from "./store/MemoryStore.ts"
export { type MemoryGroup, MemoryWorld } from "./store/MemoryWorld.ts"
export {
  type Entries,
  noEntries,
  type Place,
  type Write,
  withEntry,
  writesBetween
} from "./store/Register.ts"
export { type Census, type GroupView, Store, type StoreShape, type View } from "./store/Store.ts"
export { NotLeader, type StoreError, StoreUnavailable } from "./store/StoreError.ts"
export {
  eventName,
  Lifecycle,
  type LifecycleEvent,
  LifecycleFailed,
  type LifecycleShape
} from "./token-issuer/Lifecycle.ts"
export {
  type HostDecision,
  TokenIssuer,
  type TokenIssuerShape
} from "./token-issuer/TokenIssuer.ts"
export type { TokenIssuerError } from "./token-issuer/TokenIssuerError.ts"
export { WANT_PREFIX } from "./token-issuer/TokenIssuerPolicy.ts"
export {
  answers,
  Refusal,
  sealContext,
  TokenIssue,
  TokenRequest
} from "./token-issuer/TokenIssuerRecord.ts"
export { isDeployedToken, MEMBER, NAME_TAKEN } from "./token-issuer/TokenIssuerState.ts"
