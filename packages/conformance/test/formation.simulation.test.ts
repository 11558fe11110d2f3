// Thousands of random lives of a formation over memory. The seed alone decides everything: the layout, the kind of
// store, who comes and goes, what goes wrong and when.
//   ROLLCALL_SEED=4711    lives this one life and tells it
//   ROLLCALL_SEEDS=100000 lives that many; 5,000 unless set

import { assert, describe, it } from "@effect/vitest"
import { MemoryCluster, Mirror } from "@rollcall/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { gradualMemoryWorld, memoryWorld } from "../src/MemoryWorldFactory.ts"
import { productOf } from "../src/Product.ts"
import { simulate } from "../src/Simulation.ts"
import { coreSubject } from "../src/Subject.ts"
import { sealed } from "../src/TestSealer.ts"
import { oneSided, twoSided } from "../src/World.ts"

const { ROLLCALL_SEED: one, ROLLCALL_SEEDS } = process.env
const count = Number(ROLLCALL_SEEDS ?? 5000)
const BATCH = 500
const tokenLifetimeMillis = 3_600_000

/** A mirror that spares its hosts what they need not hear, and so hears less of them. */
const frugal = sealed({ ...coreSubject, mirror: Mirror.layer({ frugal: true }) })

const live = (seed: number) =>
  simulate({
    seed,
    ...(seed % 5 === 3 ? { subject: frugal } : {}),
    layout: seed % 3 === 0 ? oneSided : twoSided,
    // a mirror that lost its ledger and does not see everybody may let a second cluster be founded: see the README
    world: seed % 4 === 1 ? gradualMemoryWorld : memoryWorld,
    losesLedger: seed % 4 === 2,
    tokenLifetimeMillis,
    product: Effect.sync(() => productOf(new MemoryCluster({ tokenLifetimeMillis })))
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

const replay = (seed: number) =>
  `replay: ROLLCALL_SEED=${seed} pnpm exec vitest run --project conformance formation.simulation`

describe("formation, simulated", () => {
  if (one !== undefined) {
    it.effect(`seed ${one}`, () =>
      Effect.gen(function* () {
        const { told, violations } = yield* live(Number(one))
        console.info(told())
        assert.deepStrictEqual(violations, [])
      })
    )
    return
  }
  for (let first = 0; first < count; first += BATCH) {
    const last = Math.min(first + BATCH, count) - 1
    it.effect(
      `seeds ${first} to ${last}`,
      () =>
        Effect.gen(function* () {
          for (let seed = first; seed <= last; seed++) {
            const { violations } = yield* live(seed)
            const details = violations.map(({ detail, guarantee }) => `${guarantee}: ${detail}`)
            assert.deepStrictEqual(details, [], replay(seed))
          }
        }),
      120_000
    )
  }
})
