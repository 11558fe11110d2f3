// The log hook command. It costs a process for every call: `JujuLogger.ts` sends a hook's records in a few.
import type { Effect } from "effect"
import type { HookCommand } from "../HookCommand.ts"
import type { HookCommandError } from "../HookCommandError.ts"
import { silentCommand } from "../HookCommandJson.ts"

/** The levels of Juju's log, the least first. */
export const JUJU_LOG_LEVELS = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const

/** A level of Juju's log. */
export type JujuLogLevel = (typeof JUJU_LOG_LEVELS)[number]

/** Writes one record to Juju's log, at once; an argument of a process is at most 128 KiB. */
export const jujuLog = (
  level: JujuLogLevel,
  message: string
): Effect.Effect<void, HookCommandError, HookCommand> =>
  silentCommand("juju-log", ["--log-level", level, "--", message])
