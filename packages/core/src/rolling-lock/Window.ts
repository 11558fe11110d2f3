// When disruptive work may begin. Pure; the leader's clock decides, in the same step as the grant, so that a lock is
// never won outside the window nor kept while waiting for it.

/** One weekly window in UTC, from `from` (included) to `to` (excluded); it may pass midnight. */
export interface Window {
  /** Days on which it opens, 0 is Sunday; every day where it is left out. */
  readonly days?: ReadonlyArray<number>
  /** `HH:MM`. */
  readonly from: string
  /** `HH:MM`; `24:00` is the end of the day. */
  readonly to: string
}

/** What is wrong with a window, in words; undefined when it opens at some time. */
export const windowProblem = ({ days, from, to }: Window): string | undefined => {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  if (start === undefined || end === undefined || start === DAY) {
    return `a window runs from HH:MM to HH:MM, not from ${from} to ${to}`
  }
  if (start === end) return `the window from ${from} to ${to} never opens`
  if (days === undefined) return undefined
  if (days.length === 0) return "a window without a day never opens"
  return days.every((day) => Number.isInteger(day) && day >= 0 && day <= 6)
    ? undefined
    : "days of a window are 0 (Sunday) to 6"
}

/** Whether work may begin at `nowMillis`: no window at all means always. */
export const isOpen = (windows: ReadonlyArray<Window>, nowMillis: number): boolean =>
  windows.length === 0 || windows.some((window) => contains(window, minuteOfWeek(nowMillis)))

/** When the next window opens, in millis; `nowMillis` where one is open, undefined where none ever opens. */
export const opensAtMillis = (
  windows: ReadonlyArray<Window>,
  nowMillis: number
): number | undefined => {
  if (isOpen(windows, nowMillis)) return nowMillis
  const now = minuteOfWeek(nowMillis)
  const starts = windows
    .filter((window) => windowProblem(window) === undefined)
    .flatMap(({ days = EVERY_DAY, from }) => days.map((day) => day * DAY + (minuteOf(from) ?? 0)))
  if (starts.length === 0) return undefined
  const wait = Math.min(...starts.map((start) => (start - now + WEEK) % WEEK || WEEK))
  return (Math.floor(nowMillis / MINUTE_MILLIS) + wait) * MINUTE_MILLIS
}

const DAY = 24 * 60
const WEEK = 7 * DAY
const MINUTE_MILLIS = 60_000
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]
// 1 January 1970 was a Thursday
const EPOCH_DAY = 4

const minuteOfWeek = (millis: number): number => {
  const minutes = Math.floor(millis / MINUTE_MILLIS) + EPOCH_DAY * DAY
  return ((minutes % WEEK) + WEEK) % WEEK
}

const contains = ({ days = EVERY_DAY, from, to }: Window, minute: number): boolean => {
  const [start, end] = [minuteOf(from), minuteOf(to)]
  if (start === undefined || end === undefined || start === end) return false
  const length = end > start ? end - start : end - start + DAY
  return days.some((day) => (minute - (day * DAY + start) + WEEK) % WEEK < length)
}

const minuteOf = (text: string): number | undefined => {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(text) ?? []
  const minute = Number(hours) * 60 + Number(minutes)
  return Number(minutes) < 60 && minute <= DAY ? minute : undefined
}
