// Every suite fails on what is broken on purpose, and names exactly the guarantee that is broken.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type GuaranteeId, violationsOf } from "../src/Check.ts"
import { storeChecks } from "../src/StoreSuite.ts"
import type { WorldFactory } from "../src/World.ts"
import { forgetfulStore } from "./broken/ForgetfulStore.ts"
import { ghostStore } from "./broken/GhostStore.ts"
import { lateStore } from "./broken/LateStore.ts"
import { leakyStore } from "./broken/LeakyStore.ts"
import { replayingStore } from "./broken/ReplayingStore.ts"
import { tornWriteStore } from "./broken/TornWriteStore.ts"
import { twoLeaderStore } from "./broken/TwoLeaderStore.ts"

const brokenStores: ReadonlyArray<readonly [GuaranteeId, string, WorldFactory]> = [
  ["S1", "a store that shows others' writes as own", leakyStore],
  ["S2", "a store that shows own writes late", lateStore],
  ["S3", "a store that commits half when it is killed", tornWriteStore],
  ["S4", "a store that goes back in time", replayingStore],
  ["S5", "a store that loses wake-ups", forgetfulStore],
  ["S6", "a store that lets anybody write the shared register", twoLeaderStore],
  ["S7", "a store that keeps the departed", ghostStore]
]

describe("the store suite is red on", () => {
  for (const [guarantee, name, world] of brokenStores) {
    it.effect(`${name}: ${guarantee}`, () =>
      Effect.gen(function* () {
        const violations = yield* violationsOf(storeChecks, world)
        assert.deepStrictEqual(
          [...new Set(violations.map((each) => each.guarantee))],
          [guarantee],
          JSON.stringify(violations, null, 2)
        )
      })
    )
  }
})
