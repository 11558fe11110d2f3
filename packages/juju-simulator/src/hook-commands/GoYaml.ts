/**
 * Printing YAML the way go-yaml v2 does, which is what charms have parsed for years: block style, lists not indented
 * within maps, `"12345"` in double quotes because it would read as a number, other awkward strings in single quotes,
 * text of several lines as a literal block, keys in natural order.
 */
import { AnyList } from "./Printable.ts"

/** A value as YAML, without the final newline. */
export const formatYaml = (value: unknown): string => lines(value, "").join("\n")

const lines = (value: unknown, indent: string): ReadonlyArray<string> => {
  const entries = entriesOf(value)
  if (entries !== undefined) {
    if (entries.length === 0) return ["{}"]
    return entries.flatMap(([key, item]) => entryLines(key, item, indent))
  }
  const items = itemsOf(value)
  if (items === undefined) return [scalar(value, indent)]
  return items.length === 0 ? ["[]"] : items.flatMap((item) => itemLines(item, indent))
}

const entryLines = (key: string, value: unknown, indent: string): ReadonlyArray<string> => {
  const start = `${indent}${string(key, indent, true)}:`
  if (isEmpty(value)) return [`${start} ${lines(value, "")[0]}`]
  if (entriesOf(value) !== undefined) return [start, ...lines(value, `${indent}  `)]
  if (itemsOf(value) !== undefined) return [start, ...lines(value, indent)]
  return [`${start} ${scalar(value, indent)}`]
}

// The first line of a nested value stands right behind its dash.
const itemLines = (item: unknown, indent: string): ReadonlyArray<string> => {
  const nested = entriesOf(item) !== undefined || itemsOf(item) !== undefined
  if (!nested || isEmpty(item)) return [`${indent}- ${lines(item, indent)[0]}`]
  const inner = lines(item, `${indent}  `)
  return inner.map((line, index) => (index === 0 ? `${indent}- ${line.trimStart()}` : line))
}

const isEmpty = (value: unknown): boolean =>
  entriesOf(value)?.length === 0 || itemsOf(value)?.length === 0

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> | undefined => {
  if (value instanceof Map) return [...value].sort(([a], [b]) => compareNaturally(a, b))
  if (typeof value !== "object" || value === null || itemsOf(value) !== undefined) return undefined
  return Object.entries(value).filter(([, item]) => item !== undefined)
}

const itemsOf = (value: unknown): ReadonlyArray<unknown> | undefined =>
  value instanceof AnyList ? value.items : Array.isArray(value) ? value : undefined

const scalar = (value: unknown, indent: string): string => {
  if (value === null || value === undefined) return "null"
  return typeof value === "string" ? string(value, indent, false) : String(value)
}

const string = (text: string, indent: string, isKey: boolean): string => {
  if (text.includes("\n") && !isKey && !/ $/m.test(text) && !UNPRINTABLE.test(text)) {
    return literalBlock(text, indent)
  }
  if (text === "" || text.includes("\n") || UNPRINTABLE.test(text) || readsAsOther(text)) {
    return doubleQuoted(text)
  }
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`
}

const literalBlock = (text: string, indent: string): string => {
  const ending = /\n*$/.exec(text)?.[0].length ?? 0
  const chomp = ending === 0 ? "-" : ending === 1 && text !== "\n" ? "" : "+"
  const hint = /^[ \n]/.test(text) ? "2" : ""
  const body = (ending === 0 ? text : text.slice(0, -1)).split("\n")
  return [
    `|${hint}${chomp}`,
    ...body.map((line) => (line === "" ? "" : `${indent}  ${line}`))
  ].join("\n")
}

const doubleQuoted = (text: string): string =>
  JSON.stringify(text).replace(/\\u00([\da-f]{2})/g, (_, code: string) =>
    code === "1b" ? "\\e" : `\\x${code.toUpperCase()}`
  )

// Tabs count: go-yaml prints them only in double quotes.
const UNPRINTABLE = /[^\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

// What YAML 1.1 would read as null, a boolean, a number, a time or a merge key.
const readsAsOther = (text: string): boolean =>
  /^(?:~|null|Null|NULL|<<|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/.test(text) ||
  /^(?:true|True|TRUE|false|False|FALSE)$/.test(text) ||
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text) ||
  /^[-+]?(?:\d[\d_]*|0x[\da-fA-F_]+|0b[01_]+|0o[0-7_]+)$/.test(text) ||
  /^[-+]?\d*\.?\d+(?:[eE][-+]\d+)?$/.test(text) ||
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text) ||
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/.test(text) ||
  /^\d{4}-\d{1,2}-\d{1,2}[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/.test(text)

const isPlain = (text: string): boolean =>
  !/^[#,[\]{}&*!|>'"%@`]/.test(text) &&
  !/^[-?:](?:\s|$)/.test(text) &&
  !/^(?:---|\.\.\.)/.test(text) &&
  !/:(?:\s|$)|\s#/.test(text) &&
  !/^\s|\s$/.test(text)

/** Compares keys as go-yaml sorts them: runs of digits by their number, letters after everything else. */
export const compareNaturally = (a: string, b: string): number => {
  const parts = [chunks(a), chunks(b)] as const
  for (let index = 0; ; index += 1) {
    const [one, other] = [parts[0][index], parts[1][index]]
    if (one === undefined || other === undefined)
      return (one === undefined ? 0 : 1) - (other === undefined ? 0 : 1)
    const order = compareChunks(one, other)
    if (order !== 0) return order
  }
}

const chunks = (text: string): ReadonlyArray<string> => text.match(/\d+|\D/gu) ?? []

const compareChunks = (a: string, b: string): number => {
  if (a === b) return 0
  const [isNumber, isOtherNumber] = [/^\d/.test(a), /^\d/.test(b)]
  if (isNumber && isOtherNumber) return Number(a) - Number(b) || a.length - b.length
  const [isLetter, isOtherLetter] = [/\p{L}/u.test(a), /\p{L}/u.test(b)]
  if (isLetter !== isOtherLetter) return isLetter ? 1 : -1
  return a < b ? -1 : 1
}
