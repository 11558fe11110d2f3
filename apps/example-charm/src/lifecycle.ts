// The operator's commands around founding and joining: options of the charm that name a command.
import { execFile } from "node:child_process"
import { type LifecycleEvent, LifecycleFailed, type LifecycleShape } from "@rollcall/core"
import { Effect } from "effect"
import { type MemberConfig, words } from "./member-config.ts"

/** The user's side of a member: arguments from the configuration at the time of the call, and commands for events. */
export const lifecycle = (config: MemberConfig): LifecycleShape => ({
  on: (event) => {
    const [option, command] = commandFor(event, config)
    const [file, ...args] = words(command)
    return file === undefined ? Effect.void : run(option, file, args, event, config)
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
  file: string,
  args: ReadonlyArray<string>,
  event: LifecycleEvent,
  config: MemberConfig
): Effect.Effect<void, LifecycleFailed> =>
  Effect.callback((resume) => {
    const environment = {
      ...process.env,
      ROLLCALL_EVENT: event._tag,
      ROLLCALL_BOOTSTRAPPER: String(event._tag === "Joined" && event.bootstrapper)
    }
    const timeout = config["command-timeout-seconds"] * 1000
    const child = execFile(
      file,
      [...args],
      { env: environment, timeout, killSignal: "SIGKILL" },
      (error, _out, stderr) => {
        const detail = error === null ? "" : stderr.trim() || error.message
        resume(
          error === null ? Effect.void : Effect.fail(new LifecycleFailed({ event: option, detail }))
        )
      }
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })
