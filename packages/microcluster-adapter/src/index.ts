// Everything @rollcall/microcluster-adapter offers.
export { classifyLxd } from "./ClassifyLxd.ts"
export { classifyMicrocluster } from "./ClassifyMicrocluster.ts"
export { type ClusterCommandOptions, clusterCliFor } from "./ClusterCommand.ts"
export {
  type Command,
  type Execute,
  ExecutionFailure,
  executeChild,
  MAX_OUTPUT,
  type Outcome,
  runCommand
} from "./Execution.ts"
export { DEADLINE_MILLIS, type InvocationOptions } from "./Invocation.ts"
export { LxdCli, type LxdOptions } from "./LxdCli.ts"
export type { MemberConfig } from "./LxdPreseed.ts"
export { membersFromLxd, membersFromMicrocluster } from "./MemberList.ts"
export { MicroclusterCli, type MicroclusterOptions } from "./MicroclusterCli.ts"
export { redact } from "./Redaction.ts"
