// Queues byte for byte as the deployed libraries write them (fixtures/queues.json, made by running them), and everything
// about their text that a JavaScript reader or writer would get wrong.
import { assert, describe, it } from "@effect/vitest"
import {
  type DeployedOperation,
  queueText,
  readOperation
} from "../../src/lock-dialect/DeployedOperation.ts"
import { readUnit } from "../../src/lock-dialect/DeployedUnit.ts"
import { epochTime, isoTime, readTime } from "../../src/lock-dialect/LockTime.ts"
import { rawJson } from "../../src/lock-dialect/RawJson.ts"
import cases from "./fixtures/queues.json" with { type: "json" }

const FORMS = ["v1", "charmlibs"] as const

/** What our own code would ask for, where it can: it knows no `NaN`, and no difference between 2 and 2.0. */
const asked = (each: (typeof cases)[number]): DeployedOperation | undefined =>
  /NaN|2\.0/.test(each.kwargs)
    ? undefined
    : {
        operation: each.operation,
        arguments: canonical(each.kwargs),
        requestedAt: each.requestedAt,
        maxRetries: each.maxRetries ?? undefined,
        attempt: each.attempt,
        more: new Map()
      }

const canonical = (kwargs: string): string => JSON.stringify(sorted(JSON.parse(kwargs)))

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const names = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return Object.fromEntries(names.map((name) => [name, sorted(Reflect.get(value, name))]))
}

const elementsOf = (queue: string) => {
  const json = rawJson(queue)
  assert.strictEqual(json?.kind, "array")
  return json?.kind === "array" ? json.items : []
}

const readQueue = (queue: string): ReadonlyArray<DeployedOperation> =>
  elementsOf(queue).map((each) => {
    const read = readOperation(each)
    if (typeof read === "string") throw new Error(read)
    return read
  })

describe.each(FORMS)("the queue of %s", (form) => {
  it.each(cases)("is written as the library writes $kwargs", (each) => {
    const ours = asked(each)
    if (ours === undefined) return assert.match(each.kwargs, /NaN|2\.0/)
    assert.strictEqual(queueText([ours], form), each[form])
  })

  it.each(cases)("is read, and written again unchanged: $kwargs", (each) => {
    const [read, ...more] = readQueue(each[form])
    assert.deepStrictEqual(more, [])
    assert.strictEqual(read?.operation, each.operation)
    assert.strictEqual(read?.requestedAt, each.requestedAt)
    assert.strictEqual(read?.maxRetries, each.maxRetries ?? undefined)
    assert.strictEqual(read?.attempt, each.attempt)
    assert.strictEqual(queueText(read === undefined ? [] : [read], form), each[form])
    const ours = asked(each)
    if (ours !== undefined) assert.strictEqual(read?.arguments, ours.arguments)
  })
})

it("keeps what JavaScript has no number for, also from one form to the other", () => {
  const raw = '{"big":100000000000000000000000001,"n":NaN,"whole":2.0}'
  const v1 = JSON.stringify([
    JSON.stringify({ callback_id: "cb", kwargs: raw, requested_at: "2026-02-23T12:00:00+00:00" })
  ])
  const read = readQueue(v1)
  assert.strictEqual(read[0]?.arguments, raw)
  assert.include(queueText(read, "charmlibs"), `"kwargs":${raw}`)
  assert.strictEqual(readQueue(queueText(read, "charmlibs"))[0]?.arguments, raw)
})

it("keeps fields it does not know", () => {
  const queue =
    '[{"callback_id":"cb","requested_at":"1771848000.0","max_retry":null,"attempt":0,"result":null,"kwargs":{},"later":[1.0, {"a" : 2}]}]'
  assert.strictEqual(queueText(readQueue(queue), "charmlibs"), queue)
})

describe("a queue that could be written by hand", () => {
  const unit = (operations: string) => readUnit(new Map([["operations", operations]]))
  const v1 = (fields: object) =>
    JSON.stringify([
      JSON.stringify({ callback_id: "cb", requested_at: "2026-02-23T12:00:00Z", ...fields })
    ])

  it("is read where the libraries read it, and more (D17)", () => {
    for (const maxRetry of [0, "0", " 0"]) {
      assert.strictEqual(unit(v1({ max_retry: maxRetry, attempt: 1 }))?.queue[0]?.maxRetries, 0)
    }
    for (const none of [null, ""]) {
      assert.strictEqual(unit(v1({ max_retry: none }))?.queue[0]?.maxRetries, undefined)
    }
    assert.strictEqual(unit("")?.queue.length, 0)
    const charmlibs = '[{"callback_id":"cb","requested_at":1771848000.5,"max_retry":"3"}]'
    assert.strictEqual(unit(charmlibs)?.queue[0]?.requestedAt, 1771848000500000)
    assert.strictEqual(unit(charmlibs)?.queue[0]?.maxRetries, 3)
  })

  it.each([
    ["True, which v1 writes and cannot read", v1({ max_retry: "True" }), /max_retry/],
    ["a negative count", v1({ attempt: "-1" }), /attempt/],
    ["kwargs that are no string in v1", v1({ kwargs: {} }), /kwargs/],
    ["kwargs that are no object", v1({ kwargs: "[1]" }), /kwargs/],
    ["no callback", v1({ callback_id: " " }), /callback_id/],
    ["no moment", v1({ requested_at: "soon" }), /requested_at/],
    ["no list", "{}", /no JSON list/],
    ["no JSON", "[", /no JSON list/],
    ["an element of neither form", "[3]", /neither/],
    ["nested too deep", `${"[".repeat(100)}${"]".repeat(100)}`, /no JSON list/]
  ])("is told to be wrong: %s", (_, operations, problem) => {
    assert.match(unit(operations)?.problem ?? "", problem)
  })
})

describe("a moment", () => {
  it.each([
    ["2026-02-23T12:00:00+00:00", 1771848000000000],
    ["2026-02-23T12:00:00.123456+00:00", 1771848000123456],
    ["2026-02-23T12:00:00.123Z", 1771848000123000],
    ["2026-02-23T14:00:00+02:00", 1771848000000000],
    ["2026-02-23 12:00:00", 1771848000000000],
    ["2026-02-23", 1771804800000000],
    ["1771848000.0", 1771848000000000],
    ["1771848000.123456", 1771848000123456],
    ["1771848000", 1771848000000000]
  ])("is read from %s", (text, micros) => {
    assert.strictEqual(readTime(text), micros)
  })

  it("is no moment where it is none", () => {
    for (const text of ["", "now", "-1", "1e400", "2026-13-40", "NaN"]) {
      assert.strictEqual(readTime(text), undefined, text)
    }
  })

  it("a microsecond later can be told in both styles", () => {
    for (let micros = 1771848000000000; micros < 1771848000002000; micros++) {
      assert.strictEqual(readTime(isoTime(micros)), micros)
      assert.strictEqual(readTime(epochTime(micros)), micros)
    }
  })
})
