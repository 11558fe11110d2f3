// What an operator allows a roll to do. Pure: numbers and rules, checked once, where they are given.
import { type Window, windowProblem } from "./Window.ts"

/** How long an operation rests before its next try: doubling from `baseMillis` up to `capMillis`, with jitter. */
export interface Backoff {
  readonly baseMillis: number
  readonly capMillis: number
}

/** Everything that bounds a roll. */
export interface LockLimits {
  /** Permits that may be held at once; 1 unless set. */
  readonly permits: number
  /** Permits that may be held at once within one group (a zone, a rack); no bound unless set. */
  readonly perGroup: number | undefined
  /** Grants that may be published before their turn, so that a hand-off needs no leader in between; 0 unless set. */
  readonly ahead: number
  /** How many requests later than its own raise a waiter's priority by one; 0, the default, is never. */
  readonly ageing: number
  /** How long nothing is granted after a success, in millis; 0 unless set. */
  readonly settleMillis: number
  /** How many participants may fail before the roll pauses; 1 unless set, `Infinity` is never. */
  readonly failures: number
  readonly backoff: Backoff
  /** When work may begin; always where there is none. */
  readonly windows: ReadonlyArray<Window>
  /** How many past events are kept; 64 unless set. */
  readonly history: number
}

/** One at a time, at any time, and the first failure pauses the roll. */
export const defaultLimits: LockLimits = {
  permits: 1,
  perGroup: undefined,
  ahead: 0,
  ageing: 0,
  settleMillis: 0,
  failures: 1,
  backoff: { baseMillis: 5_000, capMillis: 300_000 },
  windows: [],
  history: 64
}

/** What is wrong with limits: which one, and what is allowed; undefined when all is well. */
export const limitProblem = (
  limits: LockLimits
): { readonly limit: string; readonly allowed: string } | undefined => {
  for (const [limit, value, least, most] of bounds(limits)) {
    if (!isWhole(value, least, most)) {
      return { limit, allowed: `a whole number from ${least} to ${most}, not ${value}` }
    }
  }
  if (limits.failures !== Number.POSITIVE_INFINITY && !isWhole(limits.failures, 1, MANY)) {
    return { limit: "failures", allowed: `a whole number from 1, or Infinity for never` }
  }
  if (limits.backoff.capMillis < limits.backoff.baseMillis) {
    return { limit: "backoff.capMillis", allowed: "at least backoff.baseMillis" }
  }
  const problem = limits.windows.map(windowProblem).find((each) => each !== undefined)
  return problem === undefined ? undefined : { limit: "windows", allowed: problem }
}

/** The rest before the next try, in millis: half of the doubled pause is certain, the other half is `chance` in [0, 1). */
export const backoffMillis = (
  { baseMillis, capMillis }: Backoff,
  attempt: number,
  chance: number
): number => {
  const pause = Math.min(capMillis, baseMillis * 2 ** Math.min(attempt, 30))
  return Math.round(pause / 2 + (pause / 2) * chance)
}

/** Whether `value` is a whole number within bounds. */
export const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most

const MANY = 1_000_000
const MONTH_MILLIS = 31 * 86_400_000

const bounds = (limits: LockLimits): ReadonlyArray<readonly [string, unknown, number, number]> => [
  ["permits", limits.permits, 1, MANY],
  ["perGroup", limits.perGroup ?? 1, 1, MANY],
  ["ahead", limits.ahead, 0, MANY],
  ["ageing", limits.ageing, 0, Number.MAX_SAFE_INTEGER],
  ["settleMillis", limits.settleMillis, 0, MONTH_MILLIS],
  ["backoff.baseMillis", limits.backoff.baseMillis, 0, MONTH_MILLIS],
  ["backoff.capMillis", limits.backoff.capMillis, 0, MONTH_MILLIS],
  ["history", limits.history, 1, 1_000]
]
