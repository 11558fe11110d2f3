// Thousands of random lives of a fleet that takes turns, over memory. The seed alone decides everything.
//   ROLLCALL_SEED=4711    lives this one life and tells it
//   ROLLCALL_SEEDS=100000 lives that many; 1,000 unless set
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { simulateLock } from "../src/lock/LockLife.ts"
import { memoryWorld } from "../src/MemoryWorldFactory.ts"

const { ROLLCALL_SEED: one, ROLLCALL_SEEDS } = process.env
const count = Number(ROLLCALL_SEEDS ?? 1000)
const BATCH = 500

const live = (seed: number) => Effect.scoped(simulateLock({ seed, world: memoryWorld }))

const replay = (seed: number) =>
  `replay: ROLLCALL_SEED=${seed} pnpm exec vitest run --project conformance lock.simulation`

describe("a lock, simulated", () => {
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
          let starts = 0
          for (let seed = first; seed <= last; seed++) {
            const { history, violations } = yield* live(seed)
            const details = violations.map(({ detail, guarantee }) => `${guarantee}: ${detail}`)
            assert.deepStrictEqual(details, [], replay(seed))
            starts += history.filter(({ _tag }) => _tag === "start").length
          }
          assert.isAbove(starts, last - first)
        }),
      120_000
    )
  }
})
