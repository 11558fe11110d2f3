import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type Entries, withEntry, writesBetween } from "../../src/index.ts"

const Register = Schema.Record(Schema.Literals(["a", "b", "own-a", "own-b"]), Schema.NonEmptyString)
const place = { _tag: "own", group: "g" } as const
const owns = (key: string) => key.startsWith("own-")
const mapOf = (record: object): Entries => new Map(Object.entries(record))

describe("writesBetween", () => {
  it.prop(
    "turns one register into the other, and keeps foreign keys",
    [Register, Register],
    ([b, a]) => {
      const [before, after] = [mapOf(b), mapOf(a)]
      const writes = writesBetween(place, before, after, owns)
      const result = writes.reduce(
        (entries, { key, value }) => withEntry(entries, key, value),
        before
      )
      for (const [key, value] of after) assert.strictEqual(result.get(key), value)
      for (const [key, value] of before) {
        if (!after.has(key)) assert.strictEqual(result.get(key), owns(key) ? undefined : value)
      }
    }
  )

  it.prop("writes nothing where nothing differs", [Register], ([record]) => {
    assert.deepStrictEqual(writesBetween(place, mapOf(record), mapOf(record), owns), [])
  })
})

describe("withEntry", () => {
  it("takes an empty value for none, and leaves its argument alone", () => {
    const before = mapOf({ a: "1" })
    assert.deepStrictEqual([...withEntry(before, "a", "")], [])
    assert.deepStrictEqual([...withEntry(before, "a", undefined)], [])
    assert.deepStrictEqual(
      [...withEntry(before, "b", "2")],
      [
        ["a", "1"],
        ["b", "2"]
      ]
    )
    assert.deepStrictEqual([...before], [["a", "1"]])
  })
})
