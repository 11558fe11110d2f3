// The member charm's options, as values.
import { JujuConfigError, jujuConfig } from "@rollcall/juju-adapter"
import { Effect, Schema } from "effect"
import { rollingOptions, rollingProblems } from "./rolling-config.ts"

const Words = Schema.NonEmptyString
const Config = Schema.Struct({
  "cluster-command": Words,
  "bootstrap-arguments": Schema.String,
  "join-arguments": Schema.String,
  address: Schema.String,
  "pre-bootstrap-command": Schema.String,
  "bootstrapped-command": Schema.String,
  "pre-join-command": Schema.String,
  "joined-command": Schema.String,
  "command-timeout-seconds": Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3600 })),
  ...rollingOptions
})

/** The member charm's options as `juju config` sets them. */
export type MemberConfig = typeof Config.Type

/** The options of this hook's application. */
export const memberConfig = Effect.suspend(() => jujuConfig(Config)).pipe(
  Effect.flatMap((config) => {
    const problems = rollingProblems(config, Object.keys(Config.fields))
    return problems.length === 0
      ? Effect.succeed(config)
      : Effect.fail(new JujuConfigError({ problems }))
  })
)

/** The words of an option, separated by white space. */
export const words = (text: string): ReadonlyArray<string> =>
  text.split(/\s+/).filter((word) => word !== "")

/** The words of an option that names a command; undefined where it names none. */
export const commandWords = (
  text: string
): readonly [string, ...ReadonlyArray<string>] | undefined => {
  const [file, ...args] = words(text)
  return file === undefined ? undefined : [file, ...args]
}
