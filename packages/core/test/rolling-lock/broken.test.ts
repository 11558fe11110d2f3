// The suite is red on what is broken: each broken policy, store and journal violates the guarantee it is made to break.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { greedyPolicy, hastyPolicy, inventivePolicy, unjustPolicy } from "../broken/Policies.ts"
import { forgetfulStore, replayingStore, twoLeaderStore } from "../broken/Stores.ts"
import { live, type Subject } from "./Simulation.ts"

const broken: Readonly<Record<string, readonly [Subject, ReadonlyArray<string>]>> = {
  "a policy that forgets who holds": [{ policy: greedyPolicy }, ["L1"]],
  "a policy that serves the last first": [{ policy: hastyPolicy }, ["L8"]],
  "a policy that never serves somebody": [{ policy: unjustPolicy }, ["L4"]],
  "a policy that grants what nobody asked for": [{ policy: inventivePolicy }, ["L3"]],
  "a store with two leaders": [{ store: twoLeaderStore }, ["L1", "L2"]],
  "a store that forgets writes": [{ store: forgetfulStore }, ["L4"]],
  "a store that shows what was": [{ store: replayingStore }, ["L1"]],
  "a journal that forgets": [{ amnesia: true }, ["L7"]]
}

describe("red on what is broken", () => {
  for (const [name, [subject, guarantees]] of Object.entries(broken)) {
    it.effect(
      `${name}: ${guarantees.join(", ")}`,
      () =>
        Effect.gen(function* () {
          const seen = new Set<string>()
          for (let seed = 1; seed <= 1000; seed++) {
            const { violations } = yield* live(seed, subject)
            for (const violation of violations) seen.add(violation.slice(0, 2))
            if (guarantees.every((each) => seen.has(each))) return
          }
          assert.includeMembers([...seen], [...guarantees])
        }),
      60_000
    )
  }
})
