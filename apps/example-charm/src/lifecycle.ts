// The operator's commands around founding and joining: options of the charm that name a command.
import { type LifecycleEvent, LifecycleFailed, type LifecycleShape } from "@rollcall/core"
import { Effect } from "effect"
import { runCommand } from "./command.ts"
import { commandWords, type MemberConfig, words } from "./member-config.ts"

/** The user's side of a member: arguments from the configuration at the time of the call, and commands for events. */
export const lifecycle = (config: MemberConfig): LifecycleShape => ({
  on: (event) => {
    const [option, command] = commandFor(event, config)
    const argv = commandWords(command)
    return argv === undefined ? Effect.void : run(option, argv, event, config)
  },
  bootstrapArguments: Effect.sync(() => words(config["bootstrap-arguments"])),
  joinArguments: Effect.sync(() => words(config["join-arguments"]))
})

const commandFor = (event: LifecycleEvent, config: MemberConfig): readonly [string, string] => {
  switch (event._tag) {
    case "PreBootstrap":
      return ["pre-bootstrap-command", config["pre-bootstrap-command"]]
    case "Bootstrapped":
      return ["bootstrapped-command", config["bootstrapped-command"]]
    case "PreJoin":
      return ["pre-join-command", config["pre-join-command"]]
    case "Joined":
      return ["joined-command", config["joined-command"]]
    case "TokenIssued":
      return ["", ""]
  }
}

const run = (
  option: string,
  argv: readonly [string, ...ReadonlyArray<string>],
  event: LifecycleEvent,
  config: MemberConfig
): Effect.Effect<void, LifecycleFailed> =>
  runCommand({
    words: argv,
    environment: {
      ROLLCALL_EVENT: event._tag,
      ROLLCALL_BOOTSTRAPPER: String(event._tag === "Joined" && event.bootstrapper)
    },
    timeoutMillis: config["command-timeout-seconds"] * 1000
  }).pipe(
    Effect.flatMap(({ code, detail }) =>
      code === 0 ? Effect.void : Effect.fail(new LifecycleFailed({ event: option, detail }))
    )
  )
