// The relation hook commands, one function for each. A relation is always named (`-r`), never taken from the hook.
// Writes are staged by Juju: this hook reads its own back, all others see them when the hook has ended well.
import { Effect, Schema } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand, PrintedEntries, PrintedNames, silentCommand } from "../HookCommandJson.ts"
import { keyValueFile } from "../KeyValueFile.ts"
import { RelationId, relationText } from "../RelationId.ts"

/** The owner of a databag: a unit, or an application. */
export type Databag = { readonly unit: string } | { readonly app: string }

/** The relations of `endpoint` that this unit has entered; sorted as text by Juju, so `db:10` before `db:2`. */
export const relationIds = (
  endpoint: string
): Effect.Effect<ReadonlyArray<RelationId>, HookCommandError, HookCommand> => ids(["--", endpoint])

/** The remote units this unit has seen join and not depart; in a peer relation without itself. */
export const relationList = (
  relation: RelationId
): Effect.Effect<ReadonlyArray<string>, HookCommandError, HookCommand> =>
  units(["-r", relationText(relation)])

/** The remote application's name, also while it has no units; in a peer relation the own application. */
export const relationListApp = (
  relation: RelationId
): Effect.Effect<string, HookCommandError, HookCommand> =>
  app(["-r", relationText(relation), "--app"])

/**
 * A whole databag; a missing key is an empty one. Remote units' bags are as of their last `relation-changed`,
 * application bags as of this hook's first read. **Fails with** `permission-denied` for a bag this unit may not read:
 * its own application's, when it is not the leader and the relation is not a peer relation.
 */
export const relationGet = (
  relation: RelationId,
  databag: Databag
): Effect.Effect<Readonly<Record<string, string>>, HookCommandError, HookCommand> =>
  "app" in databag
    ? entries(["-r", relationText(relation), "--app", "--", "-", databag.app])
    : entries(["-r", relationText(relation), "--", "-", databag.unit])

/**
 * Stages entries in the own unit's databag, or in the own application's; other keys stay. An empty value takes a key
 * away. No entries, no call. **Fails with** `not-leader` for the application's bag.
 */
export const relationSet = (
  relation: RelationId,
  written: Readonly<Record<string, string>>,
  options: { readonly app: boolean } = { app: false }
): Effect.Effect<void, HookCommandError, HookCommand> =>
  Object.keys(written).length === 0
    ? Effect.void
    : silentCommand(
        "relation-set",
        ["-r", relationText(relation), ...(options.app ? ["--app"] : []), "--file", "-"],
        keyValueFile(written)
      )

/** The UUID of the model at the other side. Juju 3.6.2 or later; **fails with** `tool-missing` before. */
export const relationModelGet = (
  relation: RelationId
): Effect.Effect<{ readonly uuid: string }, HookCommandError, HookCommand> =>
  model(["-r", relationText(relation)])

// -----------------------------------------------------------------------------------------------------------------

const ids = jsonCommand("relation-ids", Schema.Array(RelationId))
const units = jsonCommand("relation-list", PrintedNames)
const app = jsonCommand("relation-list", Schema.String)
const entries = jsonCommand("relation-get", PrintedEntries)
const model = jsonCommand("relation-model-get", Schema.Struct({ uuid: Schema.String }))
