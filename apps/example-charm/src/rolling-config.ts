// The options of the member charm that bound a roll, and what they mean to the lock.
import { defaultLimits, type LimitInvalid, type LockLimits, type Window } from "@rollcall/core"
import { type ConfigProblem, JujuConfigError, lockDialectNames } from "@rollcall/juju-adapter"
import { Effect, Schema } from "effect"

const number = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** The options by name. */
export const rollingOptions = {
  "restart-command": Schema.String,
  "restart-services": Schema.String,
  "restarted-command": Schema.String,
  "restart-dialect": Schema.Literals(lockDialectNames),
  "restart-on": Schema.String,
  "restart-permits": number(1, 1_000),
  "restart-permits-per-zone": number(0, 1_000),
  "restart-max-failures": number(0, 1_000),
  "restart-retry-seconds": number(0, 3_600),
  "restart-settle-seconds": number(0, 86_400),
  "restart-window": Schema.String
}

/** The options that bound a roll. */
export type RollingConfig = {
  readonly [K in keyof typeof rollingOptions]: (typeof rollingOptions)[K]["Type"]
}

/** What is wrong with options that are right by themselves; `known` are the names of all options. */
export const rollingProblems = (
  config: RollingConfig,
  known: ReadonlyArray<string>
): ReadonlyArray<ConfigProblem> => {
  const dialect = config["restart-dialect"]
  const unknown = config["restart-on"]
    .split(/\s+/)
    .filter((name) => name !== "" && !known.includes(name))
  return [
    ...(dialect !== "native" && config["restart-permits"] > 1
      ? [problem("restart-permits", "a number", `1, for ${dialect} can name one holder only`)]
      : []),
    ...(unknown.length > 0
      ? [
          problem(
            "restart-on",
            "a string",
            `names of this charm's options, not ${unknown.join(", ")}`
          )
        ]
      : [])
  ]
}

/** What the lock refuses, in terms of the option it came from. */
export const optionInvalid = ({ allowed, limit }: LimitInvalid) =>
  Effect.fail(
    new JujuConfigError({
      problems: [problem(limit === "windows" ? "restart-window" : limit, "a string", allowed)]
    })
  )

const problem = (
  option: string,
  found: ConfigProblem["found"],
  expected: string
): ConfigProblem => ({ option, found, expected })

/** The lock's limits as the options say; what is wrong with a window the lock itself says. */
export const limitsOf = (config: RollingConfig): Partial<LockLimits> => {
  const baseMillis = config["restart-retry-seconds"] * 1000
  const { capMillis } = defaultLimits.backoff
  return {
    permits: config["restart-permits"],
    perGroup: config["restart-permits-per-zone"] || undefined,
    ahead: AHEAD,
    failures: config["restart-max-failures"] || Number.POSITIVE_INFINITY,
    settleMillis: config["restart-settle-seconds"] * 1000,
    backoff: { baseMillis, capMillis: Math.max(capMillis, baseMillis) },
    windows: config["restart-window"].split(";").flatMap(windowOf)
  }
}

/** Grants are published before their turn, so that a unit that is done wakes the next one without the leader in between. */
const AHEAD = 1_000

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

/** One window such as `sat,sun 02:00-04:30`, or `22:00-02:00` for every day; -1 for a day that is none. */
const windowOf = (text: string): ReadonlyArray<Window> => {
  const parts = text.trim().toLowerCase().split(/\s+/)
  const [times = "", days] = parts.length > 1 ? parts.toReversed() : parts
  if (times === "") return []
  const [from = "", to = ""] = times.split("-")
  return [
    {
      from,
      to,
      ...(days === undefined ? {} : { days: days.split(",").map((day) => DAYS.indexOf(day)) })
    }
  ]
}
