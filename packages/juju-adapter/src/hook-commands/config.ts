// The configuration hook command. `JujuConfig.ts` decodes its options into a charm's own types.
import { type Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand } from "../HookCommandJson.ts"

/** The value of one option, of the type that the charm's config.yaml gives it. */
export type ConfigValue = string | number | boolean

/** All options that have a value; those without one and without a default are left out. */
export const configGet: Effect.Effect<
  Readonly<Record<string, ConfigValue>>,
  HookCommandError,
  HookCommand
> = jsonCommand(
  "config-get",
  Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
)([])
