#!/usr/bin/env node
// The `rollcall` program: reads argv, runs one command, exits. The only file of the package that runs effects.
// stdout carries what was asked for and nothing else: logs and failures go to stderr. A failed command exits with 1,
// one stopped by SIGINT or SIGTERM with 130.
import { createRequire } from "node:module"
import { runMain } from "@effect/platform-node/NodeRuntime"
import { layer as nodeServices } from "@effect/platform-node/NodeServices"
import { Cause, Effect, Logger, Runtime } from "effect"
import { Command } from "effect/cli"
import { rollcallCommand } from "./RollcallCommand.ts"

// src/main.ts and the built dist/main.js both stand one folder below the package's manifest.
const { version } = createRequire(import.meta.url)("../package.json") as {
  readonly version: string
}

rollcallCommand.pipe(
  Command.run({ version }),
  // What the command line itself got wrong is shown with the help already.
  Effect.tapCause((cause) =>
    Runtime.getErrorReported(Cause.squash(cause)) ? Effect.logError(cause) : Effect.void
  ),
  Effect.provideService(Logger.LogToStderr, true),
  Effect.provide(nodeServices),
  runMain({ disableErrorReporting: true })
)
