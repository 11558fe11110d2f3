// Registers checks with vitest: the only file here that knows of it. A check that does not apply is a test that says
// so with its reason; a suite from which nothing is left to run fails.
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
      expect(checks.filter(({ needs }) => gapIn(lacks, needs) === undefined)).not.toEqual([])
    })
    for (const check of checks) {
      const title = `${check.guarantee} ${check.states}`
      const gap = gapIn(lacks, check.needs)
      if (gap !== undefined) {
        const why = `lacks ${gap.capability}: ${gap.reason}`
        it(`${title} (${why})`, (context) => context.skip(why))
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
