import { describe, expect, it } from "vitest"
import { keyValueFile } from "../src/KeyValueFile.ts"

describe("keyValueFile", () => {
  it("is JSON", () => {
    const entries = { a: "1", "b: c": '- "x"\n', tab: "\t\u0000", quote: "'", "": " " }
    expect(JSON.parse(keyValueFile(entries))).toEqual(entries)
  })

  it("escapes what YAML folds or refuses, and leaves pairs of surrogates, which it refuses escaped", () => {
    expect(keyValueFile({ a: "\u007f\u0085\u2028\u2029\ufeff\uffff é 😀" })).toBe(
      '{"a":"\\u007f\\u0085\\u2028\\u2029\\ufeff\\uffff \\u00e9 😀"}\n'
    )
  })

  it("replaces half a surrogate pair, which UTF-8 cannot carry", () => {
    expect(keyValueFile({ a: "x\ud83d" })).toBe('{"a":"x\\ufffd"}\n')
  })
})
