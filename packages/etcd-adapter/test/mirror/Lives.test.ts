// Whole lives of formations over a real etcd: leaders change, processes die, commands fail, and in the end all is well.
import { it } from "@effect/vitest"
import { memoryProduct, oneSided, simulate, twoSided } from "@rollcall/conformance"
import { Effect } from "effect"
import { expect } from "vitest"
import { onEtcd } from "../store/OnEtcd.ts"

const HOUR = 3_600_000

onEtcd("3.5", 1, (_, world) => {
  for (const layout of [oneSided, twoSided]) {
    // 10 found a process that ended and came back to life after its participant had been taken away
    for (const seed of [1, 10, 42]) {
      it.effect(
        `life ${seed}, ${layout.name}`,
        () =>
          Effect.gen(function* () {
            const life = yield* simulate({
              seed,
              layout,
              world,
              product: memoryProduct,
              tokenLifetimeMillis: 3 * HOUR
            })
            expect(life.history.length).toBeGreaterThan(20)
            if (life.violations.length > 0) console.error(life.told())
            expect(life.violations).toEqual([])
          }),
        120_000
      )
    }
  }
})
