// The goal-state hook command: what Juju is heading for, units that have not started yet included.
import { Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand } from "../HookCommandJson.ts"

/**
 * The statuses of the own application's units by name, and for every endpoint those of the remote applications and their
 * units by name. A unit that is leaving has status `dying`. Peer relations are not among `relations`.
 */
export interface GoalState {
  readonly units: Readonly<Record<string, string>>
  readonly relations: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The goal state as of now. **Gotchas** It names units that may never come; never wait for a number of units. */
export const goalState: Effect.Effect<GoalState, HookCommandError, HookCommand> = Effect.suspend(
  () =>
    Effect.map(printed([]), ({ relations, units }) => ({
      units: statuses(units),
      relations: mapValues(relations, statuses)
    }))
)

// -----------------------------------------------------------------------------------------------------------------

const Statuses = Schema.Record(Schema.String, Schema.Struct({ status: Schema.String }))
const printed = jsonCommand(
  "goal-state",
  Schema.Struct({
    units: Statuses.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
    relations: Schema.Record(Schema.String, Statuses).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed({}))
    )
  })
)

const mapValues = <A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A) => B
): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))

const statuses = (units: typeof Statuses.Type): Readonly<Record<string, string>> =>
  mapValues(units, ({ status }) => status)
