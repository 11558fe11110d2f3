// Sends Effect's logs to Juju's log when the hook ends.
// A juju-log call costs a process, so records are gathered and sent in one call for each level. `Redacted` values show as
// `<redacted>`. A log that cannot be sent goes to stderr, which Juju logs as warnings, and never fails the hook.
// Not promised: the records of a process that is killed.
import { Cause, Effect, Formatter, Layer, Logger, type LogLevel, References } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import { type JujuLogLevel, jujuLog } from "./hook-commands/log.ts"
import { type JujuLogBatch, jujuLogBatch } from "./JujuLogBatch.ts"

/** Replaces Effect's loggers by Juju's log; debug and trace records are dropped unless asked for. */
export const jujuLogger = (
  options: { readonly debug: boolean } = { debug: false }
): Layer.Layer<never, never, HookCommand> =>
  Layer.merge(
    Logger.layer([
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => jujuLogBatch()),
          send
        ),
        loggerTo
      )
    ]),
    Layer.succeed(References.MinimumLogLevel, options.debug ? "Trace" : "Info")
  )

// -----------------------------------------------------------------------------------------------------------------

const send = (batch: JujuLogBatch): Effect.Effect<void, never, HookCommand> =>
  Effect.forEach(
    batch.take(),
    ([level, text]) =>
      Effect.catch(jujuLog(level, text), (error) =>
        Effect.sync(() => {
          process.stderr.write(`${error.message}\n${level}: ${text}\n`)
        })
      ),
    { discard: true }
  )

const loggerTo = (batch: JujuLogBatch): Logger.Logger<unknown, void> =>
  Logger.make(({ logLevel, message, cause, date, fiber }) => {
    const annotations = Object.entries(fiber.getRef(References.CurrentLogAnnotations))
    const parts = [
      ...(Array.isArray(message) ? message : [message]).map(shown),
      ...annotations.map(([key, value]) => `${key}=${shown(value)}`),
      ...(cause.reasons.length === 0 ? [] : [Cause.pretty(cause)])
    ]
    batch.add({ level: LEVELS[logLevel], date, text: parts.join(" ") })
  })

const shown = (value: unknown): string =>
  typeof value === "string" ? value : Formatter.format(value)

const LEVELS: Record<LogLevel.LogLevel, JujuLogLevel> = {
  All: "TRACE",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO",
  Warn: "WARNING",
  Error: "ERROR",
  Fatal: "CRITICAL",
  None: "INFO"
}
