// Moments as the deployed libraries write them, in whole microseconds since 1970. Pure.
// They are kept as numbers only to be written back a microsecond later, or to be ordered as those libraries order them:
// none is compared with a clock of ours.

/** Microseconds since 1970, a whole number. */
export type Micros = number

/** How a library writes a moment: ISO 8601 with an offset, or seconds as Python prints a float. */
export interface TimeStyle {
  readonly time: (micros: Micros) => string
}

/** `2026-02-23T12:00:00.123456+00:00`, without a fraction in whole seconds. */
export const isoTime = (micros: Micros): string => {
  const seconds = Math.floor(micros / 1e6)
  const rest = micros - seconds * 1e6
  const fraction = rest === 0 ? "" : `.${`${rest}`.padStart(6, "0")}`
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}+00:00`
}

/** `1771848000.123456`, and `1771848000.0` in whole seconds. */
export const epochTime = (micros: Micros): string => {
  const seconds = micros / 1e6
  return Number.isInteger(seconds) ? `${seconds}.0` : `${seconds}`
}

/** A moment in either style, also one without an offset, taken as UTC; undefined where it is none. */
export const readTime = (text: string | undefined): Micros | undefined => {
  if (text === undefined || text === "") return undefined
  return readEpoch(text) ?? readIso(text)
}

/** Whether `text` is a moment in seconds. */
export const isEpochTime = (text: string): boolean => readEpoch(text) !== undefined

const EPOCH = /^\d{1,11}(?:\.\d{1,20})?$/
const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d(?::\d\d)?)?)?$/

const readEpoch = (text: string): Micros | undefined => {
  const micros = EPOCH.test(text) ? Math.round(Number(text) * 1e6) : undefined
  return micros !== undefined && Number.isSafeInteger(micros) ? micros : undefined
}

const readIso = (text: string): Micros | undefined => {
  const [matched, day, clock = "00:00", seconds = "00", fraction = "", offset = "Z"] =
    ISO.exec(text) ?? []
  if (matched === undefined) return undefined
  const zone = /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  const millis = Date.parse(`${day}T${clock}:${seconds}${zone.slice(0, 6)}`)
  const micros = millis * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6))
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : undefined
}
