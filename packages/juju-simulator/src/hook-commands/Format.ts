/**
 * Printing a command's value as juju/cmd does: `smart`, `yaml` or `json`.
 *
 * Go's types are told apart by their JavaScript twins: a `Map` is a Go map, printed with sorted keys; an object is a Go
 * struct, printed in its own order; an array is a `[]string`; {@link AnyList} is a list of anything; null is nil.
 */
import type { Flag } from "./Flags.ts"
import { quote } from "./GoText.ts"
import { formatYaml } from "./GoYaml.ts"

/** A value that a command prints. */
export type Printable =
  | string
  | number
  | boolean
  | null
  | undefined
  | ReadonlyArray<string>
  | AnyList
  | ReadonlyMap<string, unknown>
  | Readonly<Record<string, unknown>>

/** A list whose elements are not all known to be strings: `smart` prints it as YAML. */
export class AnyList {
  readonly items: ReadonlyArray<unknown>

  constructor(items: ReadonlyArray<unknown>) {
    this.items = items
  }
}

/** The formats that most commands have. */
export const ALL_FORMATS = ["smart", "yaml", "json"] as const

/** The formats of commands whose value is always structured. */
export const STRUCTURED_FORMATS = ["yaml", "json"] as const

/** The `--format` and `--output` flags. */
export const outputFlags = (formats: ReadonlyArray<string>): ReadonlyArray<Flag> => [
  {
    names: ["format"],
    kind: "value",
    usage: `Specify output format (${[...formats].sort().join("|")})`,
    check: (value) => (formats.includes(value) ? undefined : `unknown format ${quote(value)}`)
  },
  { names: ["o", "output"], kind: "value", usage: "Specify an output file" }
]

/** The text of a value in a format. */
export const formatValue = (value: Printable, format: string): string => {
  if (format === "json") return `${formatJson(value)}\n`
  if (value === null || value === undefined) return ""
  return format === "smart" ? formatSmart(value) : `${formatYaml(value)}\n`
}

// Strings bare, booleans as Python writes them, lists of strings by line; nothing at all for what is empty.
const formatSmart = (value: NonNullable<Printable>): string => {
  if (typeof value === "boolean") return value ? "True\n" : "False\n"
  const text =
    typeof value === "string"
      ? value
      : Array.isArray(value)
        ? value.join("\n")
        : `${formatYaml(value)}`
  return text === "" ? "" : `${text}\n`
}

const formatJson = (value: unknown): string => {
  if (value === null || value === undefined) return "null"
  if (value instanceof AnyList) return `[${value.items.map(formatJson).join(",")}]`
  if (Array.isArray(value)) return `[${value.map(formatJson).join(",")}]`
  if (value instanceof Map) return jsonObject([...value].sort(byKey))
  if (typeof value === "object") return jsonObject(Object.entries(value))
  return escapeJson(JSON.stringify(value))
}

const jsonObject = (entries: ReadonlyArray<readonly [string, unknown]>): string =>
  `{${entries
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${escapeJson(JSON.stringify(key))}:${formatJson(value)}`)
    .join(",")}}`

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

// encoding/json escapes what HTML or JavaScript would trip over.
const escapeJson = (text: string): string =>
  /[<>&\u2028\u2029]/.test(text)
    ? text.replace(
        /[<>&\u2028\u2029]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
      )
    : text
