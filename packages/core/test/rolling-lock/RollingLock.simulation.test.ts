// Seeded lives of a fleet: the fixed seeds on every run; ROLLCALL_SEEDS=<from>-<to> for others. A seed that fails
// prints the command that replays it.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { tell } from "./Happening.ts"
import { live } from "./Simulation.ts"

const [from = 1, to = 5000] = (process.env["ROLLCALL_SEEDS"] ?? "1-5000").split("-").map(Number)

describe("the lock's lives", () => {
  it.effect(
    `seeds ${from} to ${to} keep L1 to L8`,
    () =>
      Effect.gen(function* () {
        const started = process.cpuUsage().user
        let starts = 0
        for (let seed = from; seed <= to; seed++) {
          const { fleet, violations } = yield* live(seed)
          starts += fleet.history.filter(({ _tag }) => _tag === "start").length
          const replay = `ROLLCALL_SEEDS=${seed}-${seed} npx vitest run --project core rolling-lock/RollingLock.simulation`
          if (violations.length > 0 && from === to) console.log(tell(fleet.history))
          assert.deepStrictEqual(violations, [], `seed ${seed}; replay with: ${replay}`)
        }
        const seconds = (process.cpuUsage().user - started) / 1_000_000
        console.log(
          `${Math.round(((to - from + 1) / seconds) * 60)} lives a minute of one processor, ${starts} starts`
        )
        assert.isAbove(starts, 0)
      }),
    600_000
  )
})
