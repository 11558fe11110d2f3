// The guarantees of a rolling lock, L1 to L8, over any world: what must hold whoever steps, dies, leads or departs when.
// A check judges by start and end marks of the operation, by tokens and by registers, and by no clock.
import type { Lacks } from "./Capability.ts"
import type { Check } from "./Check.ts"
import { exclusionStatements } from "./lock/Exclusion.ts"
import { type LockTrial, lockChecksOf } from "./lock/LockStage.ts"
import { requestStatements } from "./lock/Requests.ts"
import { turnStatements } from "./lock/Turns.ts"
import { register } from "./Suite.ts"
import type { WorldFactory } from "./World.ts"

/** All checks of a rolling lock. **Guarantee** L1 to L8 */
export const rollingLockChecks: ReadonlyArray<Check<LockTrial>> = lockChecksOf([
  ...exclusionStatements,
  ...requestStatements,
  ...turnStatements
])

/** Runs the guarantees of a rolling lock under vitest. */
export const rollingLockSuite = (
  name: string,
  world: WorldFactory,
  lacks: Lacks = {},
  parts: Omit<LockTrial, "world"> = {}
): void => register(`${name}: the rolling lock`, rollingLockChecks, { ...parts, world }, lacks)
