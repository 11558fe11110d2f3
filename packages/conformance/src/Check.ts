// A check: one statement about a subject, as a function that returns what was violated. Nothing of vitest in here, so
// that a check can also run in a benchmark, a debugger, or against something that is broken on purpose.
import { Cause, Effect, Exit, type Scope } from "effect"
import { type Capability, type Gap, gapIn, type Lacks } from "./Capability.ts"

/** The guarantees that checks name; docs/guarantees.md states them. */
export type GuaranteeId =
  | `S${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `M${1 | 2 | 3 | 4}`
  | `T${1 | 2 | 3 | 4 | 5 | 6 | 7}`
  | `C${1 | 2 | 3 | 4 | 5 | 6}`
  | `L${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`

/** A guarantee that did not hold, and what was seen instead. */
export interface Violation {
  readonly guarantee: GuaranteeId
  readonly detail: string
}

/** One statement about a subject `S`, under the guarantee it belongs to. */
export interface Check<S> {
  readonly guarantee: GuaranteeId
  readonly states: string
  readonly needs: ReadonlyArray<Capability>
  /** What does not hold, in words; nothing when all is well. */
  readonly run: (subject: S) => Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope>
}

/** What became of a check: it ran, or it does not apply. */
export type Outcome =
  | { readonly _tag: "Ran"; readonly violations: ReadonlyArray<Violation> }
  | { readonly _tag: "DoesNotApply"; readonly gap: Gap }

/** Runs one check; a failure or a defect of the subject is a violation like any other. */
export const runCheck = <S>(
  check: Check<S>,
  subject: S,
  lacks: Lacks = {}
): Effect.Effect<Outcome> => {
  const gap = gapIn(lacks, check.needs)
  if (gap !== undefined) return Effect.succeed({ _tag: "DoesNotApply", gap })
  return Effect.map(Effect.exit(Effect.scoped(check.run(subject))), (exit) => {
    const details = Exit.isSuccess(exit) ? exit.value : [`stopped with ${Cause.pretty(exit.cause)}`]
    const violations = details.map((detail) => ({ guarantee: check.guarantee, detail }))
    return { _tag: "Ran", violations }
  })
}

/** All violations of all checks that apply. */
export const violationsOf = <S>(
  checks: ReadonlyArray<Check<S>>,
  subject: S,
  lacks: Lacks = {}
): Effect.Effect<ReadonlyArray<Violation>> =>
  Effect.map(
    Effect.forEach(checks, (check) => runCheck(check, subject, lacks)),
    (outcomes) => outcomes.flatMap((each) => (each._tag === "Ran" ? each.violations : []))
  )

/** What does not hold among `statements`: the words of those that are false. */
export const unmet = (statements: Readonly<Record<string, boolean>>): ReadonlyArray<string> =>
  Object.entries(statements).flatMap(([words, holds]) => (holds ? [] : [`not so: ${words}`]))
