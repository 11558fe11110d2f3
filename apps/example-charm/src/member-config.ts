// The member charm's options, as values.
import { jujuConfig } from "@rollcall/juju-adapter"
import { Effect, Schema } from "effect"

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
  "command-timeout-seconds": Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3600 }))
})

/** The member charm's options as `juju config` sets them. */
export type MemberConfig = typeof Config.Type

/** The options of this hook's application. */
export const memberConfig = Effect.suspend(() => jujuConfig(Config))

/** The words of an option, separated by white space. */
export const words = (text: string): ReadonlyArray<string> =>
  text.split(/\s+/).filter((word) => word !== "")
