// The contract of a store, S1 to S8: each statement is a check that reads registers and wake-ups and nothing else, and
// runs in every scene of StoreScene.ts. What a lock draws from the order, RollingLockSuite.ts checks.
import { Effect } from "effect"
import { type Lacks, needOf } from "./Capability.ts"
import type { Check } from "./Check.ts"
import { sceneKinds, setScene } from "./StoreScene.ts"
import { register } from "./Suite.ts"
import { atomicity } from "./store/Atomicity.ts"
import { membership } from "./store/Membership.ts"
import { order } from "./store/Order.ts"
import { ownership } from "./store/Ownership.ts"
import { wakes } from "./store/Wakes.ts"
import type { WorldFactory } from "./World.ts"

/** All checks of a store. **Guarantee** S1 to S8 */
export const storeChecks: ReadonlyArray<Check<WorldFactory>> = [
  ...ownership,
  ...atomicity,
  ...wakes,
  ...membership,
  ...order
].flatMap(({ guarantee, needs = [], run, states }) =>
  sceneKinds.map((kind) => ({
    guarantee,
    states: `${states}, ${kind.name}`,
    needs: [needOf(kind.layout), ...needs],
    run: (factory: WorldFactory) => Effect.flatMap(setScene(kind, factory), run)
  }))
)

/** Runs the contract of a store under vitest. */
export const storeSuite = (name: string, world: WorldFactory, lacks: Lacks = {}): void =>
  register(`${name}: the contract of a store`, storeChecks, world, lacks)
