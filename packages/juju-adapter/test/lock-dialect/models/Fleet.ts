// Applications of units of ours and of models, for tests that move them hook by hook.
import { jujuLockDialect, type LockDialectName } from "../../../src/index.ts"
import { Application, type UnitProgram } from "./Application.ts"
import { deployedUnit } from "./DeployedModel.ts"
import { ourUnit } from "./OurUnit.ts"

/** The forms of the deployed libraries. */
export const FORMS = ["v1", "charmlibs"] as const
/** Microseconds. */
export const HOUR = 3_600_000_000
/** The simplest request. */
export const ask = { operation: "restart" } as const

/** A unit of ours: `restart` succeeds, `again` at its third try. */
export const ours = (name: LockDialectName) =>
  ourUnit({
    dialect: jujuLockDialect(name, { lock: "restart" }),
    callbacks: {
      restart: () => "release",
      again: ({ attempt }) => (attempt < 2 ? "retry-release" : "release")
    }
  })

/** A deployed unit: `restart` succeeds, `again` never. */
export const deployed = (form: (typeof FORMS)[number]): UnitProgram =>
  deployedUnit({ form, callbacks: { restart: () => "release", again: () => "retry-release" } })

/** The leader, then the others, each with its clock. */
export const application = (
  ...units: ReadonlyArray<readonly [UnitProgram, number?]>
): Application => {
  const made = new Application()
  for (const [n, [program, skew]] of units.entries()) made.add(`app/${n}`, program, skew)
  return made
}
