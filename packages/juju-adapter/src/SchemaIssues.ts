// Reads what a Schema did not accept: which key, and what it would have accepted. Pure.
// Only the expectation is read, never the value: it may be a secret.
import { SchemaIssue } from "effect"

/** What one key should have been. */
export interface KeyIssue {
  readonly key: string
  readonly expected: string
}

/** The issues with keys of a decoded record; several of one key are one issue. */
export const keyIssues = (issue: SchemaIssue.Issue): ReadonlyArray<KeyIssue> => {
  const expected = new Map<string, Array<string>>()
  for (const { path, message } of format(issue).issues) {
    const key = String(path?.[0] ?? "")
    const text = message.replace(/^Expected /, "")
    const texts = expected.get(key) ?? []
    if (!texts.includes(text)) expected.set(key, [...texts, text])
  }
  return Array.from(expected, ([key, texts]) => ({ key, expected: texts.join(" or ") }))
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey"
      ? "Expected nothing of this name"
      : SchemaIssue.defaultLeafHook(issue)
})
