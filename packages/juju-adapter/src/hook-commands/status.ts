// The status hook commands. A status is shown at once and stays, even when the hook fails afterwards.
import { Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand, silentCommand } from "../HookCommandJson.ts"
import { statusLine, type UnitStatus } from "../UnitStatus.ts"

/** A status as Juju reports it; `kind` may also be one that only Juju sets, such as `error` or `unknown`. */
export interface ReportedStatus {
  readonly kind: string
  readonly message: string
}

/** Shows the unit's status, or the application's; the message is cut to one line of 500 characters. */
export const statusSet = (
  status: UnitStatus,
  options: { readonly app: boolean } = { app: false }
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("status-set", [
    ...(options.app ? ["--application"] : []),
    "--",
    status.kind,
    statusLine(status.message)
  ])

/** The unit's status as Juju shows it. */
export const statusGet: Effect.Effect<ReportedStatus, HookCommandError, HookCommand> =
  Effect.suspend(() => Effect.map(unitStatus(["--include-data"]), reported))

/** The application's status and its units', by name. **Fails with** `not-leader` elsewhere than on the leader. */
export const statusGetApp: Effect.Effect<
  ReportedStatus & { readonly units: Readonly<Record<string, ReportedStatus>> },
  HookCommandError,
  HookCommand
> = Effect.suspend(() =>
  Effect.map(
    appStatus(["--include-data", "--application"]),
    ({ "application-status": printed }) => ({
      ...reported(printed),
      units: Object.fromEntries(
        Object.entries(printed.units).map(([unit, status]) => [unit, reported(status)])
      )
    })
  )
)

/** Shows the version of the workload. */
export const applicationVersionSet = (
  version: string
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("application-version-set", ["--", version])

// -----------------------------------------------------------------------------------------------------------------

const Printed = Schema.Struct({
  status: Schema.String,
  message: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
})
const unitStatus = jsonCommand("status-get", Printed)
const appStatus = jsonCommand(
  "status-get",
  Schema.Struct({
    "application-status": Schema.Struct({
      ...Printed.fields,
      units: Schema.Record(Schema.String, Printed)
    })
  })
)

const reported = (printed: typeof Printed.Type): ReportedStatus => ({
  kind: printed.status,
  message: printed.message
})
