// A few hundred lives of a lock on every run, most over memory; main.ts lives as many as it is told.
import { assert, describe, it } from "@effect/vitest"
import { liveOne } from "./Lives.ts"

const LIVES = 60

describe("lives of a lock over simulated Juju", () => {
  it(`${LIVES} of them keep every promise`, async () => {
    let starts = 0
    for (let i = 1; i <= LIVES; i++) {
      const seed = i * 100
      const { history, violations } = await liveOne(seed)
      const replay = `replay: node --conditions=@rollcall/source packages/juju-adapter/test/lock-simulation/main.ts seed ${seed}`
      assert.deepStrictEqual(violations, [], replay)
      starts += history.filter(({ _tag }) => _tag === "start").length
    }
    assert.isAbove(starts, LIVES)
  }, 120_000)
})
