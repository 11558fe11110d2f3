// What this package offers: stores, mirrors and locks of Rollcall over etcd.
export type { EtcdUser } from "./client/Authentication.ts"
export type { EtcdTls } from "./client/Endpoints.ts"
export {
  type CallCounts,
  type Compare,
  Etcd,
  type EtcdShape,
  type Keys,
  type KeyValue,
  type Lease,
  type Op,
  prefixEnd,
  type RangeAnswer,
  type RangeRequest,
  type TxnAnswer,
  type TxnRequest,
  type WatchBatch,
  type WatchEvent,
  type WatchRequest
} from "./client/Etcd.ts"
export { type EtcdOptions, etcdClient } from "./client/EtcdClient.ts"
export { EtcdError, EtcdReason, LeaseLost } from "./client/EtcdError.ts"
export { charmlibsOwner } from "./lock/charmlibs/CharmlibsRecord.ts"
export {
  type CharmlibsOptions,
  CharmlibsRequestInvalid,
  CharmlibsRollingOps,
  type CharmlibsRollingOpsShape,
  charmlibsRollingOps
} from "./lock/charmlibs/CharmlibsRollingOps.ts"
export type { CharmlibsCall, CharmlibsCode } from "./lock/charmlibs/CharmlibsWorker.ts"
export {
  EtcdMutex,
  type EtcdMutexOptions,
  type EtcdMutexShape,
  etcdMutex,
  type MutexEntry,
  MutexNameInvalid
} from "./lock/EtcdMutex.ts"
export {
  EtcdRollingLock,
  type EtcdRollingLockOptions,
  type EtcdRollingLockShape,
  etcdRollingLock
} from "./lock/EtcdRollingLock.ts"
export { CommandNotStarted } from "./lock/Leash.ts"
export { NotGranted } from "./lock/LockErrors.ts"
export { etcdStore } from "./store/EtcdStore.ts"
export { remembered } from "./store/RememberedDialect.ts"
export {
  appointLeader,
  expectParticipant,
  type Named,
  retireParticipant
} from "./store/Roster.ts"
export { type Serving, serveHost, serveMirror } from "./store/Serving.ts"
export type { EtcdStoreOptions } from "./store/Session.ts"
export type { EtcdGroup } from "./store/StoreKeys.ts"
