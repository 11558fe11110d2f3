// Everything @rollcall/juju-adapter offers.

export { dispatch, plannedUnits, reportStatus } from "./Dispatch.ts"
export { isTokenless, tokenDistributorDialect } from "./dialect/TokenDistributorDialect.ts"
export { type Execution, execute } from "./Execution.ts"
export { fileJournal } from "./FileJournal.ts"
export {
  HookCommand,
  type HookCommandOptions,
  type HookCommandShape,
  type RunHookCommand
} from "./HookCommand.ts"
export { HookCommandError } from "./HookCommandError.ts"
export { HookCommandReason, reasonOf } from "./HookCommandReason.ts"
export {
  isAfresh,
  isInstall,
  isLeaving,
  isPrelude,
  isStatusAction,
  isSweep
} from "./HookEvent.ts"
export { hostStatus, mirrorStatus } from "./HookStatus.ts"
export { actionFail, actionGet, actionLog, actionSet } from "./hook-commands/action.ts"
export { type ConfigValue, configGet } from "./hook-commands/config.ts"
export { type GoalState, goalState } from "./hook-commands/goal-state.ts"
export { isLeader } from "./hook-commands/leader.ts"
export { type JujuLogLevel, jujuLog } from "./hook-commands/log.ts"
export { type Network, networkGet } from "./hook-commands/network.ts"
export {
  type Databag,
  relationGet,
  relationIds,
  relationList,
  relationListApp,
  relationModelGet,
  relationSet
} from "./hook-commands/relation.ts"
export {
  type SecretMetadata,
  type SecretName,
  type SecretOptions,
  secretAdd,
  secretGet,
  secretGrant,
  secretIds,
  secretInfoGet,
  secretRemove,
  secretRevoke,
  secretSet
} from "./hook-commands/secret.ts"
export { stateDelete, stateGet, stateSet } from "./hook-commands/state.ts"
export {
  applicationVersionSet,
  type ReportedStatus,
  statusGet,
  statusGetApp,
  statusSet
} from "./hook-commands/status.ts"
export { type ConfigProblem, JujuConfigError, jujuConfig } from "./JujuConfig.ts"
export {
  type Environment,
  JujuContext,
  type JujuContextShape,
  type JujuEvent,
  jujuContextOf,
  NotInHook
} from "./JujuContext.ts"
export { jujuLogger } from "./JujuLogger.ts"
export { jujuPeerStore } from "./JujuPeerStore.ts"
export { type JujuStoreOptions, jujuStore } from "./JujuStore.ts"
export {
  ActionInvalid,
  actionParameters,
  answered,
  type LockAction,
  lockActions
} from "./LockActions.ts"
export { isElsewhere, isGoing, isIdleNews, stepLock } from "./LockHook.ts"
export { joinedStatus, type LockSight, lockStatus } from "./LockStatus.ts"
export {
  isLockDialectName,
  jujuLockDialect,
  type LockDialectName,
  type LockDialectOptions,
  LockDialectUnknown,
  lockDialect,
  lockDialectNames
} from "./lock-dialect/LockDialectChoice.ts"
export { changedOptions } from "./OptionWatch.ts"
export { forgetPeer } from "./PeerMemory.ts"
export { RelationId, relationText } from "./RelationId.ts"
export { noting, unlessAtRest } from "./Rest.ts"
export type { SecretContent } from "./SecretFiles.ts"
export {
  active,
  blocked,
  maintenance,
  type StatusKind,
  statusLine,
  type UnitStatus,
  waiting,
  worstStatus
} from "./UnitStatus.ts"
export { jujuExecWakeUp, WAKE_EVENT, WakeUp, type WakeUpShape } from "./WakeUp.ts"
