// The hook commands of the unit's own state, which Juju's controller keeps: only this unit sees it, it survives the
// machine's loss, and its writes belong to the hook like those to databags. Juju allows 256 bytes for a key, 64 KiB for
// a value and 2 MiB in all.
import { Effect } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { jsonCommand, PrintedEntries, silentCommand } from "../HookCommandJson.ts"
import { keyValueFile } from "../KeyValueFile.ts"

/** All of the unit's state. */
export const stateGet: Effect.Effect<
  Readonly<Record<string, string>>,
  HookCommandError,
  HookCommand
> = jsonCommand("state-get", PrintedEntries)([])

/** Stages entries; unlike in a databag an empty value is kept. No entries, no call. */
export const stateSet = (
  written: Readonly<Record<string, string>>
): Effect.Effect<void, HookCommandError, HookCommand> =>
  Object.keys(written).length === 0
    ? Effect.void
    : silentCommand("state-set", ["--file", "-"], keyValueFile(written))

/** Stages the removal of one key; a key that is not there is fine. */
export const stateDelete = (key: string): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("state-delete", ["--", key])
