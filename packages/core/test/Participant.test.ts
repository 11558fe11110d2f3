import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { HostName, hostName, naturalOrder } from "../src/index.ts"

const Name = Schema.String.check(Schema.isPattern(/^[a-z/]{0,3}[0-9]{0,4}[a-z/]{0,2}[0-9]{0,2}$/))

describe("naturalOrder", () => {
  it("counts as people do", () => {
    const names = ["app/10", "app/2", "b/0", "app/1", "app", "app/2/1"]
    assert.deepStrictEqual(names.sort(naturalOrder), [
      "app",
      "app/1",
      "app/2",
      "app/2/1",
      "app/10",
      "b/0"
    ])
  })

  it.prop(
    "is a total order in which only equal names are equal",
    [Name, Name, Name],
    ([a, b, c]) => {
      assert.strictEqual(Math.sign(naturalOrder(a, b)), -Math.sign(naturalOrder(b, a)))
      assert.strictEqual(naturalOrder(a, b) === 0, a === b)
      if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0) assert.isAtMost(naturalOrder(a, c), 0)
    }
  )

  it("orders numbers that are longer than a float is exact, and leading zeros", () => {
    const long = "9".repeat(400)
    assert.isBelow(naturalOrder(`app/1${"0".repeat(400)}`, `app/2${"0".repeat(400)}`), 0)
    assert.isBelow(naturalOrder(`app/${long}`, `app/${long}0`), 0)
    assert.isBelow(naturalOrder("app/9007199254740992", "app/9007199254740993"), 0)
    assert.isBelow(naturalOrder("app/01", "app/1"), 0)
    assert.isBelow(naturalOrder("app/1", "app/02"), 0)
  })
})

describe("hostName", () => {
  it("takes what RFC 1123 allows and nothing else", () => {
    const good = ["a", "host-1", "1", "a.b.c", "A-b.C9", "a".repeat(63), `${"a".repeat(63)}.b`]
    const bad = ["", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", "a\n", "é", "a".repeat(64)]
    assert.deepStrictEqual(
      good.filter((name) => hostName(name) === undefined),
      []
    )
    assert.deepStrictEqual(
      bad.filter((name) => hostName(name) !== undefined),
      []
    )
    assert.isUndefined(hostName(Array(100).fill("abc").join(".")))
    assert.isUndefined(hostName(undefined))
  })

  it.prop("never throws, and what it takes is a HostName", [Schema.String], ([text]) => {
    const name = hostName(text)
    assert.isTrue(name === undefined || Schema.is(HostName)(name))
  })
})
