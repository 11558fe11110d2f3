/** Small texts as Go prints them, so that messages read as Juju's do. */

/** Go's `%q` of a string. */
export const quote = (text: string): string => {
  let quoted = ""
  for (const char of text) quoted += SHORT[char] ?? (isControl(char) ? hex(char) : char)
  return `"${quoted}"`
}

/** Go's `%q` of a list of strings. */
export const quoteList = (list: ReadonlyArray<string>): string => `[${list.map(quote).join(" ")}]`

/** A time as Juju's commands print it: UTC, to the second. */
export const formatTime = (time: number): string =>
  new Date(time)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z")

/** Reads a Go duration such as `1h30m`, in milliseconds; undefined when it is none. */
export const parseDuration = (text: string): number | undefined => {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|ns))+)$/.exec(text)
  if (match === null) return text === "0" ? 0 : undefined
  let total = 0
  for (const [, amount = "", unit = ""] of (match[2] ?? "").matchAll(
    /(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)/g
  )) {
    total += Number(amount) * (MILLIS[unit] ?? 0)
  }
  return match[1] === "-" ? -total : total
}

const MILLIS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v"
}

const isControl = (char: string): boolean => char < " " || char === "\u007f"

const hex = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`
