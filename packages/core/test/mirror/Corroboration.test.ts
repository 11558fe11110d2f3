import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { blankRoll, corroborate, type Facts, mostFrequent, type Roll } from "../../src/index.ts"

const Source = Schema.Record(
  Schema.Literals(["a", "b", "c"]),
  Schema.Literals(["empty", "x", "y", "z"])
)
const Sources = Schema.Array(Source).check(Schema.isMaxLength(5))
const factsOf = (source: object): Facts =>
  new Map(Object.entries(source).map(([key, value]) => [key, Redacted.make(value)]))
const shown = (facts: Facts) =>
  [...facts].map(([key, value]) => `${key}=${Redacted.value(value)}`).sort()

describe("mostFrequent", () => {
  it.prop("does not depend on the order of the sources", [Sources], ([sources]) => {
    const facts = sources.map(factsOf)
    const decided = shown(mostFrequent(facts))
    assert.deepStrictEqual(shown(mostFrequent(facts.toReversed())), decided)
    assert.deepStrictEqual(shown(mostFrequent([...facts.slice(2), ...facts.slice(0, 2)])), decided)
  })

  it("prefers any value to the placeholder, the frequent to the rare, and the smallest of a tie", () => {
    const of = (...values: ReadonlyArray<string>) =>
      shown(mostFrequent(values.map((value) => factsOf({ k: value }))))
    assert.deepStrictEqual(of("empty", "empty", "x"), ["k=x"])
    assert.deepStrictEqual(of("z", "x", "z"), ["k=z"])
    assert.deepStrictEqual(of("z", "x"), ["k=x"])
    assert.deepStrictEqual(of("empty"), ["k=empty"])
  })
})

describe("corroborate", () => {
  const native = (epoch: number, up = true): Roll => ({ ...blankRoll, native: true, up, epoch })
  const deployed = (facts: object): Roll => ({ ...blankRoll, up: true, facts: factsOf(facts) })

  it("believes the native mirror of the highest epoch that is up", () => {
    assert.strictEqual(corroborate([native(2), native(7, false), native(3)]).epoch, 3)
    assert.strictEqual(corroborate([native(3), native(2)]).epoch, 3)
  })

  it("believes any native mirror before deployed ones", () => {
    assert.isTrue(corroborate([deployed({ k: "x" }), native(1)]).native)
  })

  it("is down where no mirror is up, and knows of the cluster all the same", () => {
    const roll = corroborate([{ ...native(4, false), formed: true }])
    assert.isFalse(roll.up)
    assert.isTrue(roll.formed)
    assert.isFalse(corroborate([]).up)
  })
})
