/**
 * A Juju machine model to run charms against, without a controller: many units, any language, one seed.
 *
 * Start at `Simulation.make`. It is an oracle for charms: it shares no code with what it tests.
 */
export type { CommandOutput } from "./CommandServer.ts"
export type { CharmSource, DeployOptions, InProcessSource } from "./Deployment.ts"
export type { Span } from "./Duration.ts"
export type {
  FaultEffect,
  FaultPlan,
  FaultPoint,
  FaultRates,
  FaultRule,
  FaultSite
} from "./Fault.ts"
export type { CommandResult } from "./HookContext.ts"
export type { InProcessCharm, InProcessHook } from "./InProcessAgent.ts"
export { type Invariant, InvariantViolated } from "./Invariants.ts"
export type { ExecRelation } from "./JujuExec.ts"
export {
  type CharmDocuments,
  type CharmMetadata,
  type ConfigValue,
  readDocuments
} from "./Metadata.ts"
export type { LogLine, Model, ModelOptions, Profile, UnitName } from "./Model.ts"
export { type AddUnitOptions, Simulation } from "./Simulation.ts"
export type { SimulationOptions } from "./SimulationOptions.ts"
export type {
  ActionOutcome,
  ApplicationStatus,
  SimulationView,
  UnitStatus
} from "./SimulationView.ts"
export { NeverIdle } from "./Timeline.ts"
export type { HookRecord, InvocationFilter, Outcome, Trace, TraceEvent } from "./Trace.ts"
