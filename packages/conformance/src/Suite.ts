// Registers checks with vitest: the only file here that knows of it. What does not apply is skipped with its reason,
// and the reasons are printed whatever reporter is used; a suite of which nothing is left fails.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { gapIn, type Lacks } from "./Capability.ts"
import { type Check, runCheck } from "./Check.ts"

/** Registers one test for each check of `subject`. */
export const register = <S>(
  name: string,
  checks: ReadonlyArray<Check<S>>,
  subject: S,
  lacks: Lacks
): void => {
  describe(name, () => {
    it("has checks that apply", () => {
      const gaps = checks.flatMap(({ needs }) => gapIn(lacks, needs) ?? [])
      for (const line of new Set(
        gaps.map(({ capability, reason }) => `${capability}: ${reason}`)
      )) {
        console.info(`${name} lacks ${line}`)
      }
      expect(checks.length).toBeGreaterThan(gaps.length)
    })
    for (const check of checks) {
      const title = `${check.guarantee} ${check.states}`
      const gap = gapIn(lacks, check.needs)
      if (gap !== undefined) {
        it(title, (context) => context.skip(`lacks ${gap.capability}: ${gap.reason}`))
        continue
      }
      it.effect(
        title,
        () =>
          Effect.gen(function* () {
            const outcome = yield* runCheck(check, subject)
            expect(outcome).toEqual({ _tag: "Ran", violations: [] })
          }),
        DEADLINE_MILLIS
      )
    }
  })
}

// a check may play many lives, and an adapter may need a process for each of its steps
const DEADLINE_MILLIS = 120_000
