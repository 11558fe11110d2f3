// Everything @rollcall/conformance offers: a suite for each contract, what an adapter brings to run one, and the parts
// to build other tests from.
export type { Capability, Gap, Lacks } from "./Capability.ts"
export { type Chance, makeChance } from "./Chance.ts"
export {
  type Check,
  type GuaranteeId,
  type Outcome,
  runCheck,
  type Violation,
  violationsOf
} from "./Check.ts"
export { clusterCliChecks, clusterCliSuite } from "./ClusterCliSuite.ts"
export { Crash } from "./Crash.ts"
export { eventsOnce } from "./checkers/EventsOnce.ts"
export { everyHostJoins } from "./checkers/EveryHostJoins.ts"
export { mirrorConvergence } from "./checkers/MirrorConvergence.ts"
export { noTokenAtRest } from "./checkers/NoTokenAtRest.ts"
export { oneCluster } from "./checkers/OneCluster.ts"
export { oneIssuer } from "./checkers/OneIssuer.ts"
export { oneLiveToken } from "./checkers/OneLiveToken.ts"
export { tokenSingleUse } from "./checkers/TokenSingleUse.ts"
export { type CrashPoint, type Faults, noFaults, refuseFirst } from "./Faults.ts"
export { Formation, type FormationParts, type Host } from "./Formation.ts"
export {
  type Decision,
  done,
  type Happening,
  type History,
  type Machine,
  type Recorded,
  tell
} from "./History.ts"
export {
  type Allowed,
  answers,
  exclusion,
  fencing,
  order,
  outspoken,
  served
} from "./lock/LockCheckers.ts"
export { LockFleet, type LockFleetParts } from "./lock/LockFleet.ts"
export { type LockHappening, type LockHistory, tellLock } from "./lock/LockHistory.ts"
export { type LockLife, type LockSimulationOptions, simulateLock } from "./lock/LockLife.ts"
export type { LockSeat } from "./lock/LockSeat.ts"
export type { LockTrial } from "./lock/LockStage.ts"
export { gradualMemoryWorld, memoryWorld, memoryWorldWith } from "./MemoryWorldFactory.ts"
export { mirrorChecks, mirrorSuite } from "./MirrorSuite.ts"
export { memoryProduct, type Product, type ProductFactory, productOf } from "./Product.ts"
export { rollingLockChecks, rollingLockSuite } from "./RollingLockSuite.ts"
export { type Life, type SimulationOptions, simulate } from "./Simulation.ts"
export { storeChecks, storeSuite } from "./StoreSuite.ts"
export { coreSubject, type Services, type Subject } from "./Subject.ts"
export { sealed, testSealer } from "./TestSealer.ts"
export { tokenIssuerChecks, tokenIssuerSuite } from "./TokenIssuerSuite.ts"
export { type Trial, trialOf } from "./Trial.ts"
export { type Layout, oneSided, sidesOf, twoSided, type World, type WorldFactory } from "./World.ts"
