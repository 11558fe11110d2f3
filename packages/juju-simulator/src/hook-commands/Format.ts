/** Printing a command's value as juju/cmd does: `smart`, `yaml` or `json`. */
import type { Flag } from "./Flags.ts"
import { quote } from "./GoText.ts"
import { formatYaml } from "./GoYaml.ts"
import { AnyList, type Printable } from "./Printable.ts"

/** The formats that most commands have. */
export const ALL_FORMATS = ["smart", "yaml", "json"] as const

/** The formats of commands whose value is always structured. */
export const STRUCTURED_FORMATS = ["yaml", "json"] as const

/** The `--format` and `--output` flags. */
export const outputFlags = (formats: ReadonlyArray<string>): ReadonlyArray<Flag> => [
  {
    names: ["format"],
    kind: "value",
    check: (value) => (formats.includes(value) ? undefined : `unknown format ${quote(value)}`)
  },
  { names: ["o", "output"], kind: "value" }
]

/** The text of a value in a format. */
export const formatValue = (value: Printable, format: string): string => {
  if (format === "json") return `${formatJson(value)}\n`
  if (value === null || value === undefined) return ""
  return format === "smart" ? formatSmart(value) : `${trimEnd(formatYaml(value))}\n`
}

// Strings bare, booleans as Python writes them, lists of strings by line; nothing at all for what is empty.
const formatSmart = (value: NonNullable<Printable>): string => {
  if (typeof value === "boolean") return value ? "True\n" : "False\n"
  const text =
    typeof value === "string"
      ? value
      : Array.isArray(value)
        ? value.join("\n")
        : trimEnd(formatYaml(value))
  return text === "" ? "" : `${text}\n`
}

// Juju cuts newlines at the end of YAML, also those that belong to the last value.
const trimEnd = (yaml: string): string => yaml.replace(/\n+$/, "")

const formatJson = (value: unknown): string => {
  if (value === null || value === undefined) return "null"
  if (value instanceof AnyList) return `[${value.items.map(formatJson).join(",")}]`
  if (Array.isArray(value)) return `[${value.map(formatJson).join(",")}]`
  if (value instanceof Map) return jsonObject([...value].sort(byKey))
  if (typeof value === "object") {
    return jsonObject(Object.entries(value).filter(([, item]) => item !== undefined))
  }
  return escapeJson(JSON.stringify(value))
}

const jsonObject = (entries: ReadonlyArray<readonly [string, unknown]>): string =>
  `{${entries
    .map(([key, value]) => `${escapeJson(JSON.stringify(key))}:${formatJson(value)}`)
    .join(",")}}`

// The order of bytes, which that of JavaScript's strings is up to U+FFFF.
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a === b ? 0 : a < b ? -1 : 1

// encoding/json escapes what HTML or JavaScript would trip over.
const escapeJson = (text: string): string =>
  /[<>&\u2028\u2029]/.test(text)
    ? text.replace(
        /[<>&\u2028\u2029]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
      )
    : text
