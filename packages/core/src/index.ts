// Everything @rollcall/core offers: contracts for adapters, services for users, and the wire format's values.
export { ClusterCli, type ClusterCliShape } from "./cluster-cli/ClusterCli.ts"
export {
  ClusterCliError,
  ClusterCliOperation,
  ClusterCliReason
} from "./cluster-cli/ClusterCliError.ts"
export { Member, MemberRole, MemberStatus } from "./cluster-cli/MemberRecord.ts"
export { MemoryCluster } from "./cluster-cli/MemoryClusterCli.ts"
export type { LockBackend } from "./lock-backend/Backend.ts"
export type { Whereabouts } from "./lock-backend/BackendView.ts"
export {
  MovingLock,
  type MovingLockOptions,
  type MovingLockShape,
  movingLock
} from "./lock-backend/LockBackend.ts"
export { MoveRefused } from "./lock-backend/LockBackendError.ts"
export { type BackendLimits, defaultBackendLimits } from "./lock-backend/LockBackendPolicy.ts"
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
export {
  type LockStatus,
  type WaitReason,
  wording
} from "./rolling-lock/Explanation.ts"
export { environmentOf, FencingToken, noToken } from "./rolling-lock/FencingToken.ts"
export { type LockMemory, readLockMemory, writeLockMemory } from "./rolling-lock/LockJournal.ts"
export {
  type Backoff,
  backoffMillis,
  defaultLimits,
  type LockLimits,
  limitProblem
} from "./rolling-lock/LockLimits.ts"
export type { HealthGate } from "./rolling-lock/LockSession.ts"
export { nativeLockDialect } from "./rolling-lock/NativeLockDialect.ts"
export {
  canonicalJson,
  type Operation,
  type OperationCall,
  type OperationResult,
  type Operations,
  type Outcome,
  operation,
  parsedJson,
  plainOperation
} from "./rolling-lock/Operation.ts"
export { remembering } from "./rolling-lock/Remembering.ts"
export {
  cancelled,
  concluded,
  type Ended,
  enqueued,
  isOf,
  type Wish
} from "./rolling-lock/RequestQueue.ts"
export type { RequestOptions } from "./rolling-lock/RequestWish.ts"
export { wishOf } from "./rolling-lock/RequestWish.ts"
export type { OrderedRoll, RollOptions } from "./rolling-lock/Rolling.ts"
export {
  LockPolicy,
  RollingLock,
  type RollingLockOptions,
  type RollingLockShape
} from "./rolling-lock/RollingLock.ts"
export {
  GrantUnknown,
  LimitInvalid,
  LockNotReady,
  RequestInvalid,
  RollUnsupported
} from "./rolling-lock/RollingLockError.ts"
export {
  fairPolicy,
  type GrantPolicy,
  type Holder,
  type Situation,
  type Waiter
} from "./rolling-lock/RollingLockPolicy.ts"
export {
  blankGrants,
  blankRequests,
  Completion,
  Grant,
  type GrantRecord,
  type GrantRegister,
  type LockDialect,
  type LockReading,
  type LockScene,
  Order,
  PastEvent,
  Pause,
  Request,
  type RequestRecord,
  type RequestRegister
} from "./rolling-lock/RollingLockRecord.ts"
export type { Held } from "./rolling-lock/Section.ts"
export type { Audit } from "./rolling-lock/Steering.ts"
export type { LockActivity, LockDecision } from "./rolling-lock/Stepping.ts"
export { SECTION } from "./rolling-lock/Trying.ts"
export type { Window } from "./rolling-lock/Window.ts"
export { isOpen, opensAtMillis } from "./rolling-lock/Window.ts"
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
