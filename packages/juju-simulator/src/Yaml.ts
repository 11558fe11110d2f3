/**
 * Reading YAML, the only place that knows the parser: charm files, and the `--file` maps of hook commands, which
 * Juju decodes with go-yaml into a map of strings, so that every scalar keeps its literal text.
 */
import { isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml"

/** Parses one YAML 1.1 document, which JSON is too; keys are text, also `y` and `on`. Throws on bad syntax. */
export const parseYaml = (text: string): unknown => {
  const document = parseDocument(text, OPTIONS)
  const [error] = document.errors
  if (error !== undefined) throw error
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key)) key.value = literal(key)
    }
  })
  return document.toJS()
}

/** Either the map that a text holds, or go-yaml's complaint about it. */
export type StringMapResult =
  | { readonly ok: true; readonly map: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly error: string }

/** Decodes a YAML or JSON map of strings: scalars keep their literal text, null is empty, nesting is an error. */
export const parseStringMap = (text: string): StringMapResult => plainJsonMap(text) ?? yamlMap(text)

const OPTIONS = { schema: "yaml-1.1", uniqueKeys: false } as const

// What most callers send, read about ten times faster than by the YAML parser.
const plainJsonMap = (text: string): StringMapResult | undefined => {
  if (!text.startsWith("{")) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const entries = Object.entries(value as Record<string, unknown>)
  return entries.every((entry): entry is [string, string] => typeof entry[1] === "string")
    ? { ok: true, map: new Map(entries) }
    : undefined
}

const yamlMap = (text: string): StringMapResult => {
  const lines = new LineCounter()
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines })
  const lineOf = (node: Node | null | undefined) => lines.linePos(node?.range?.[0] ?? 0).line
  const [syntax] = document.errors
  if (syntax !== undefined) {
    const line = lines.linePos(syntax.pos[0]).line
    return { ok: false, error: `yaml: line ${line}: ${syntax.message.split(" at line")[0]}` }
  }
  const root = document.contents
  if (root === null) return { ok: true, map: new Map() }
  if (!isMap<Node, Node | null>(root)) {
    return unmarshalErrors([
      `line ${lineOf(root)}: cannot unmarshal ${describe(root)} into map[string]string`
    ])
  }
  const map = new Map<string, string>()
  const errors: Array<string> = []
  for (const { key, value } of root.items) {
    const wrong = [key, value].find((node) => node !== null && !isScalar(node))
    if (wrong) errors.push(`line ${lineOf(wrong)}: cannot unmarshal ${describe(wrong)} into string`)
    else map.set(literal(key), literal(value))
  }
  return errors.length > 0 ? unmarshalErrors(errors) : { ok: true, map }
}

const unmarshalErrors = (errors: ReadonlyArray<string>): StringMapResult => ({
  ok: false,
  error: `yaml: unmarshal errors:\n  ${errors.join("\n  ")}`
})

const describe = (node: Node): string => {
  if (!isScalar(node)) return isMap(node) ? "!!map" : "!!seq"
  const { value } = node
  const tag = typeof value === "number" ? (Number.isInteger(value) ? "int" : "float") : "str"
  return `!!${typeof value === "boolean" ? "bool" : tag} \`${literal(node)}\``
}

const literal = (node: Node | null): string => {
  if (!isScalar(node) || node.value === null) return ""
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value))
}
