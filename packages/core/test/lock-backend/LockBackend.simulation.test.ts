// Seeded lives of a lock that moves: the fixed seeds on every run; ROLLCALL_SEEDS=<from>-<to> for others. A seed that fails
// prints the command that replays it. The same lives show that falling back on an error breaks exclusion.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { live } from "./MovingSimulation.ts"
import { naiveLock } from "./NaiveLock.ts"

const [from = 1, to = 1600] = (process.env["ROLLCALL_SEEDS"] ?? "1-1600").split("-").map(Number)

describe("a moving lock's lives", () => {
  it.effect(
    `seeds ${from} to ${to}: one holder, nothing lost, nothing run twice`,
    () =>
      Effect.gen(function* () {
        const started = process.cpuUsage().user
        let [starts, moves] = [0, 0]
        for (let seed = from; seed <= to; seed++) {
          const { fleet, violations } = yield* live(seed)
          starts += fleet.history.filter(({ _tag }) => _tag === "start").length
          moves += (fleet.record()?.epoch ?? 1) - 1
          const replay = `ROLLCALL_SEEDS=${seed}-${seed} npx vitest run --project core lock-backend/LockBackend.simulation`
          if (violations.length > 0 && from === to) {
            console.log(fleet.history.map((each) => JSON.stringify(each)).join("\n"))
          }
          assert.deepStrictEqual(violations, [], `seed ${seed}; replay with: ${replay}`)
        }
        const seconds = ((process.cpuUsage().user - started) / 1_000_000).toFixed(1)
        console.log(
          `${to - from + 1} lives in ${seconds} s of one processor: ${starts} starts, ${moves} epochs ended`
        )
        assert.isAbove(starts, 0)
        assert.isAbove(moves, 0)
      }),
    600_000
  )

  it.effect(
    "falling back on an error has two holders at once",
    () =>
      Effect.gen(function* () {
        let broken = 0
        for (let seed = 1; seed <= 200; seed++) {
          const { violations } = yield* live(seed, { naive: naiveLock })
          if (violations.some((each) => each.startsWith("L1"))) broken++
        }
        assert.isAbove(broken, 10)
      }),
    600_000
  )
})
