// One call to a cluster's command: run, held to a deadline, its failure classified and its text stripped of secrets.
// Everything the adapters have in common is here, so that no path to an error goes around the redaction.
// A command that prints its help and exits with 0 did not do what was asked (microceph does so on a wrong number of
// arguments): `output-unreadable`.
import { ClusterCliError, type ClusterCliOperation, type ClusterCliReason } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import { type Execute, executeChild, type Outcome, runCommand } from "./Execution.ts"
import { redact } from "./Redaction.ts"

/** What every adapter can be told about running its command. */
export interface InvocationOptions {
  /** The deadline of every call, instead of one that fits the operation (`DEADLINE_MILLIS`). */
  readonly timeoutMillis?: number
  /** Set in the command's environment, besides what this process has. */
  readonly env?: Readonly<Record<string, string>>
  /** Runs the command some other way than as a child process, as in a simulation. */
  readonly execute?: Execute
}

/** One call: which operation it is for, the words, what goes to stdin, and what must not be seen. */
export interface Invocation {
  readonly operation: ClusterCliOperation
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
  readonly secret?: Redacted.Redacted<string>
}

/** Makes the call and returns its stdout. */
export type Invoke = (invocation: Invocation) => Effect.Effect<string, ClusterCliError>

/** How long each operation may take, in milliseconds: joining replicates a database, listing asks every member. */
export const DEADLINE_MILLIS: Readonly<Record<ClusterCliOperation, number>> = {
  bootstrap: 120_000,
  add: 60_000,
  join: 300_000,
  list: 60_000,
  remove: 120_000
}

/** An `Invoke` that reads failures by `classify`. */
export const makeInvoke = (
  options: InvocationOptions,
  classify: (operation: ClusterCliOperation, said: string) => ClusterCliReason
): Invoke =>
  Effect.fnUntraced(function* ({ operation, argv, stdin, secret }) {
    const secrets = secret === undefined ? [] : [Redacted.value(secret)]
    const fail = (reason: ClusterCliReason, said: string) =>
      new ClusterCliError({ operation, reason, detail: kept(said, secrets) })
    const outcome = yield* runCommand(options.execute ?? executeChild, {
      argv,
      timeoutMillis: options.timeoutMillis ?? DEADLINE_MILLIS[operation],
      ...(stdin === undefined ? {} : { stdin }),
      ...(options.env === undefined ? {} : { env: options.env })
    }).pipe(Effect.mapError(({ reason, detail }) => fail(reason, detail)))
    if (outcome.code === NOT_FOUND) return yield* fail("command-missing", saidBy(outcome))
    if (outcome.code !== 0) {
      return yield* fail(classify(operation, saidBy(outcome)), saidBy(outcome))
    }
    if (HELP.test(outcome.stdout)) return yield* fail("output-unreadable", outcome.stdout)
    return outcome.stdout
  })

/** What `parse` reads from the output of `operation`; where it reads nothing the call fails with `output-unreadable`. */
export const readOutput = <A>(
  operation: ClusterCliOperation,
  output: string,
  parse: (output: string) => A | undefined
): Effect.Effect<A, ClusterCliError> => {
  const value = parse(output)
  return value === undefined
    ? Effect.fail(
        new ClusterCliError({ operation, reason: "output-unreadable", detail: kept(output, []) })
      )
    : Effect.succeed(value)
}

/** The token that `add` printed: a single word on a single line, long enough to be one. */
export const tokenFrom = (output: string): Redacted.Redacted<string> | undefined =>
  /^[\x21-\x7e]{16,}$/.test(output.trim()) ? Redacted.make(output.trim()) : undefined

/** The code by which shells and `nsenter` say that there is no such command. */
const NOT_FOUND = 127
const HELP = /^Usage:/m
const MAX_DETAIL = 2_000

/** What the command said: its error where it has one, without the hints that LXD puts before it. */
const saidBy = ({ code, stdout, stderr }: Outcome): string => {
  const said = stderr.trim() === "" ? stdout : stderr
  const error = said.search(/^Error\b/m)
  return said.trim() === "" ? `exit code ${code}, no text` : said.slice(Math.max(error, 0))
}

/** The beginning of what was said; cut once before redacting, for speed, and so late that no half token is left. */
const kept = (said: string, secrets: ReadonlyArray<string>): string =>
  redact(said.slice(0, 50 * MAX_DETAIL), secrets)
    .trim()
    .slice(0, MAX_DETAIL)
