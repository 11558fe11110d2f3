// A charm's configuration, decoded by a Schema of the charm's own.
// Juju checks the types that config.yaml declares; what a number may be, and what goes together, is the Schema's to say.
// A wrong option is the operator's to mend, so the error says which, what it is and what it may be. Values are not shown:
// an option may hold a secret.
import { Effect, Schema } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { type ConfigValue, configGet } from "./hook-commands/config.ts"
import { keyIssues } from "./SchemaIssues.ts"

/** What is wrong with one option: `found` is a kind such as `a number`, `expected` what the Schema takes. */
export const ConfigProblem = Schema.Struct({
  option: Schema.String,
  found: Schema.Literals(["nothing", "a string", "an empty string", "a number", "a boolean"]),
  expected: Schema.String
})
/** What is wrong with one option. */
export type ConfigProblem = typeof ConfigProblem.Type

/** Options of the charm that its Schema does not take; all of them, so that they are mended in one go. */
export class JujuConfigError extends Schema.TaggedError<JujuConfigError>()("JujuConfigError", {
  problems: Schema.Array(ConfigProblem)
}) {
  /** One line, fit for a blocked status: each option, what it is and what it may be. */
  override get message(): string {
    const texts = this.problems.map(
      ({ option, found, expected }) => `${option} is ${found}, expected ${expected}`
    )
    return `set with \`juju config\`: ${texts.join("; ")}`
  }
}

/**
 * The configuration as `schema` reads it. Options it does not name are left out, unless `exact` makes them a problem.
 * **Fails with** `JujuConfigError` when an option is missing or not as the Schema wants it.
 */
export const jujuConfig = <const Fields extends Schema.Struct.Fields>(
  schema: Schema.Struct<Fields>,
  options: { readonly exact: boolean } = { exact: false }
): Effect.Effect<
  Schema.Struct<Fields>["Type"],
  JujuConfigError | HookCommandError,
  HookCommand | Schema.Struct<Fields>["DecodingServices"]
> => {
  const decode = Schema.decodeUnknownEffect(schema, {
    errors: "all",
    onExcessProperty: options.exact ? "error" : "ignore"
  })
  return Effect.flatMap(configGet, (values) =>
    decode(values).pipe(
      // What a missing option may be is only said of one that is there, so it is decoded once more as undefined.
      Effect.catch((error) => {
        const wrong = keyIssues(error.issue).map(({ key }) => [key, values[key]])
        return decode({ ...values, ...Object.fromEntries(wrong) })
      }),
      Effect.mapError(({ issue }) => {
        const problems = keyIssues(issue).map(({ key, expected }) => ({
          option: key,
          found: kindOf(values[key]),
          expected
        }))
        return new JujuConfigError({ problems })
      })
    )
  )
}

// -----------------------------------------------------------------------------------------------------------------

const kindOf = (value: ConfigValue | undefined): ConfigProblem["found"] => {
  if (value === undefined) return "nothing"
  if (value === "") return "an empty string"
  if (typeof value === "string") return "a string"
  return typeof value === "number" ? "a number" : "a boolean"
}
