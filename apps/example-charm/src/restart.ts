// The one operation of the member charm: a restart, by the operator's command, of systemd services, or both.
// Whatever it changes can refuse an overtaken holder: ROLLCALL_LOCK and ROLLCALL_TOKEN are in its children's environment.
// Exit code 0 is success; 75 (EX_TEMPFAIL of sysexits.h) asks for another try and keeps the turn; everything else gives
// the turn back and is tried again as often as the request allows.
import { environmentOf, type Operation, type OperationCall, operation } from "@rollcall/core"
import { Effect, Schema } from "effect"
import { runCommand } from "./command.ts"
import { commandWords, type MemberConfig, words } from "./member-config.ts"

/** The operation's name; a charm with the deployed Python libraries calls its callback the same. */
export const RESTART = "restart"

/** What a restart takes: seconds to wait under the lock before it begins, for clients to go elsewhere. */
export const RestartArguments = Schema.Struct({
  delay: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_600 })))
})

/** The code of the operation; `after` is where a charm author reacts to the end of a request, done or failed. */
export const restart = (config: MemberConfig): Operation =>
  operation({
    arguments: RestartArguments,
    run: ({ arguments: { delay = 0 }, ...call }) =>
      Effect.gen(function* () {
        yield* Effect.sleep(delay * 1000)
        for (const { argv, name } of commandsOf(config)) {
          const { code, detail } = yield* run(config, argv, childEnvironment(call))
          if (code === TEMPORARY) return "retry-hold"
          if (code !== 0) return yield* Effect.fail({ message: `${name}: ${detail}` })
        }
        return "release"
      }),
    after: (call, { outcome, reason = "" }) => {
      const argv = commandWords(config["restarted-command"])
      if (argv === undefined) return Effect.void
      const environment = {
        ...childEnvironment(call),
        ROLLCALL_OUTCOME: outcome,
        ROLLCALL_REASON: reason,
        ROLLCALL_CONTEXT: JSON.stringify(call.requestContext ?? null)
      }
      return Effect.flatMap(run(config, argv, environment), ({ code, detail }) =>
        code === 0 ? Effect.void : Effect.fail({ message: `restarted-command: ${detail}` })
      )
    }
  })

/** Why there is nothing that a restart would do; undefined where there is something. */
export const nothingToRestart = (config: MemberConfig): string | undefined =>
  commandsOf(config).length > 0
    ? undefined
    : "there is nothing to restart: set restart-command or restart-services with `juju config`"

type Argv = readonly [string, ...ReadonlyArray<string>]

const TEMPORARY = 75

const commandsOf = (
  config: MemberConfig
): ReadonlyArray<{ readonly name: string; readonly argv: Argv }> => {
  const command = commandWords(config["restart-command"])
  const services = words(config["restart-services"])
  return [
    ...(command === undefined ? [] : [{ name: "restart-command", argv: command }]),
    ...services.map((service) => ({
      name: `systemctl restart ${service}`,
      argv: ["systemctl", "restart", "--", service] as const
    })),
    // of several services is-active is content with one
    ...services.map((service) => ({
      name: `${service} is not active after its restart`,
      argv: ["systemctl", "is-active", "--", service] as const
    }))
  ]
}

const childEnvironment = (call: Pick<OperationCall, "attempt" | "lock" | "token">) => ({
  ...environmentOf(call),
  ROLLCALL_ATTEMPT: String(call.attempt)
})

const run = (config: MemberConfig, argv: Argv, environment: Readonly<Record<string, string>>) =>
  runCommand({
    words: argv,
    environment,
    timeoutMillis: config["command-timeout-seconds"] * 1000
  })
