// The decisions of a lock that may move, one at a time: pure values in, pure values out.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ParticipantId } from "../../src/index.ts"
import {
  backendLimitProblem,
  defaultBackendLimits,
  fitnessAfter,
  wantedMove
} from "../../src/lock-backend/LockBackendPolicy.ts"
import {
  type BackendRecord,
  type BackendStatement,
  readBackend,
  readCarried,
  readRequests,
  readStatement
} from "../../src/lock-backend/LockBackendRecord.ts"
import {
  attested,
  type BackendInput,
  nextBackend,
  nextStatement,
  rebuiltBackend,
  roleOf,
  waitsFor
} from "../../src/lock-backend/LockBackendState.ts"

const [ONE, TWO] = [ParticipantId.make("app/1"), ParticipantId.make("app/2")]
const NAMES = { preferred: "etcd", other: "peers" }
const LIMITS = { ...defaultBackendLimits, whenAway: "move", scope: "application" } as const

const record: BackendRecord = {
  v: 1,
  epoch: 4,
  backend: "etcd",
  stay: 3,
  floor: 100,
  admitted: [ONE, TWO],
  reason: "test",
  atMillis: 0
}
const moving: BackendRecord = { ...record, moving: { to: "peers", reason: "test" } }
const out = (token: number, epoch = 4): BackendStatement => ({
  v: 1,
  epoch: 4,
  fit: false,
  out: { epoch, token }
})
const said: BackendStatement = { v: 1, epoch: 4, fit: true }

const input = (
  before: BackendRecord | undefined,
  statements: ReadonlyArray<readonly [ParticipantId, BackendStatement]>,
  more: Partial<BackendInput> = {}
): BackendInput => ({
  nowMillis: 9,
  before,
  statements: new Map(statements),
  departed: () => false,
  unproven: () => "nobody knows",
  token: undefined,
  names: NAMES,
  limits: LIMITS,
  ...more
})

describe("the leader of a lock that may move", () => {
  it("begins in the preferred backend with whoever has spoken", () => {
    const next = nextBackend(input(undefined, [[ONE, { v: 1, epoch: 0 }]]))
    assert.deepInclude(next, { epoch: 1, backend: "etcd", stay: 1, floor: 0, admitted: [ONE] })
  })

  it("B1: commits only when everybody is out, and says for whom it waits until then", () => {
    const half = input(moving, [
      [ONE, out(105)],
      [TWO, { ...said, fit: false, bound: "it runs" }]
    ])
    assert.strictEqual(nextBackend(half), moving)
    assert.deepStrictEqual(waitsFor(moving, half), [{ participant: TWO, why: "it runs" }])
    const next = nextBackend(
      input(moving, [
        [ONE, out(105)],
        [TWO, out(117)]
      ])
    )
    assert.deepInclude(next, { epoch: 5, backend: "peers", stay: 5, floor: 117 })
    assert.isUndefined(next.moving)
  })

  it("B1: an answer to another epoch is none", () => {
    const stale = input(moving, [
      [ONE, out(105, 3)],
      [TWO, out(105)]
    ])
    assert.strictEqual(nextBackend(stale), moving)
    assert.deepStrictEqual(
      waitsFor(moving, stale).map(({ participant }) => participant),
      [ONE]
    )
  })

  it("B1: one that departed is waited for until it is proven gone", () => {
    const departed = (id: ParticipantId) => id === TWO
    const gone = input(moving, [[ONE, out(105)]], { departed })
    assert.strictEqual(nextBackend(gone), moving)
    const proven = { ...gone, unproven: () => undefined }
    assert.deepInclude(nextBackend({ ...proven, token: 30 }), { epoch: 5, floor: 130 })
    assert.isAtLeast(nextBackend(proven).floor, 2 ** 32, "its tokens are not known")
    const word = attested(moving, TWO)
    assert.deepInclude(nextBackend({ ...gone, before: word }), { epoch: 5, admitted: [ONE] })
    assert.strictEqual(attested(record, TWO), record)
  })

  it("B3: tokens of one that was struck out are below the next floor", () => {
    const departed = (id: ParticipantId) => id === TWO
    const gone = { departed, unproven: () => undefined, token: 30 }
    const struck = nextBackend(input(record, [[ONE, said]], gone))
    assert.deepInclude(struck, { admitted: [ONE], spent: 130 })
    const away = { ...struck, moving: { to: "peers", reason: "test" } }
    const next = nextBackend(input(away, [[ONE, out(105)]]))
    assert.deepInclude(next, { epoch: 5, floor: 130 })
    assert.isUndefined(next.spent)
  })

  it("B4: a move whose reason is gone is given up, in an epoch of its own and in the same stay", () => {
    const next = nextBackend(
      input(moving, [
        [ONE, { ...out(105), fit: true }],
        [TWO, said]
      ])
    )
    assert.deepInclude(next, { epoch: 5, backend: "etcd", stay: 3, floor: 100 })
    assert.isUndefined(next.moving)
  })

  it("lets in who acknowledges the epoch, and nobody during a move", () => {
    const third = ParticipantId.make("app/3")
    const all = [
      [ONE, said],
      [TWO, said],
      [third, said]
    ] as const
    assert.deepStrictEqual(nextBackend(input(record, all)).admitted, [ONE, TWO, third])
    const behind = [
      [ONE, said],
      [TWO, said],
      [third, { ...said, epoch: 2 }]
    ] as const
    assert.strictEqual(nextBackend(input(record, behind)), record)
    const away = nextBackend(
      input(record, [
        [ONE, { ...said, fit: false }],
        [TWO, said],
        [third, said]
      ])
    )
    assert.strictEqual(away.moving?.to, "peers")
    assert.notInclude(away.admitted, third)
  })

  it("carries a pause over, and writes a record anew beyond all that was said", () => {
    const paused = { ...out(105), out: { epoch: 4, token: 105, paused: "app/1 failed" } }
    const next = nextBackend(
      input(moving, [
        [ONE, paused],
        [TWO, out(1)]
      ])
    )
    assert.strictEqual(next.paused, "app/1 failed")
    const move = { to: "peers", by: "operator", reason: "test" }
    const anew = rebuiltBackend(move, "etcd", [ONE, TWO], input(undefined, [[ONE, out(105)]]))
    assert.deepInclude(anew, { epoch: 5, stay: 5, admitted: [ONE, TWO] })
    assert.isAbove(anew.floor, 105)
  })
})

describe("a participant of it", () => {
  it("B2: acts in the epoch it acknowledged, let in, while no move is on", () => {
    assert.strictEqual(roleOf(record, ONE, said)._tag, "Acts")
    assert.strictEqual(roleOf(record, ONE, { ...said, epoch: 3 })._tag, "Joins")
    assert.strictEqual(roleOf(record, ONE, { ...said, epoch: 2 })._tag, "Leaves")
    assert.strictEqual(roleOf(record, ParticipantId.make("app/3"), said)._tag, "Waits")
    assert.strictEqual(roleOf(record, ONE, { ...said, epoch: 5 })._tag, "Waits")
    assert.strictEqual(roleOf(record, ONE, out(1))._tag, "Waits")
    assert.strictEqual(roleOf(moving, ONE, said)._tag, "Leaves")
    assert.strictEqual(roleOf(moving, ONE, out(1))._tag, "Waits")
    assert.strictEqual(roleOf(undefined, ONE, undefined)._tag, "Waits")
  })

  it("says that it is out only when nothing binds it, and never takes it back", () => {
    const bound = nextStatement(moving, said, true, {
      bound: "it runs",
      token: 7,
      paused: undefined
    })
    assert.deepStrictEqual(bound, { v: 1, epoch: 4, fit: true, bound: "it runs" })
    const left = { bound: undefined, token: 7, paused: undefined }
    const first = nextStatement(moving, bound, true, left)
    assert.deepStrictEqual(first.out, { epoch: 4, token: 7 })
    assert.deepStrictEqual(nextStatement(moving, first, true, { ...left, token: 9 }).out, first.out)
    assert.strictEqual(nextStatement({ ...record, epoch: 5, stay: 5 }, first, true, left).epoch, 5)
  })

  it("changes its mind about the preferred backend only when it is steady", () => {
    const start = fitnessAfter({ fit: undefined, changedAtMillis: undefined }, true, 0, LIMITS)
    assert.deepStrictEqual(start, { fit: true, changedAtMillis: undefined })
    const hiccup = fitnessAfter(start, false, 1_000, LIMITS)
    assert.deepStrictEqual(hiccup, { fit: true, changedAtMillis: 1_000 })
    assert.deepStrictEqual(fitnessAfter(hiccup, true, 2_000, LIMITS), start)
    assert.strictEqual(fitnessAfter(hiccup, false, 60_999, LIMITS).fit, true)
    assert.strictEqual(fitnessAfter(hiccup, false, 61_000, LIMITS).fit, false)
    assert.strictEqual(fitnessAfter(hiccup, false, 500, LIMITS).changedAtMillis, 500)
  })
})

describe("the policy of it", () => {
  const unfit = new Map([[ONE, { ...said, fit: false }]])
  const fit = new Map([[ONE, said]])

  it("leaves only when it was told to, and only what is its own", () => {
    assert.deepInclude(wantedMove(record, unfit, NAMES, LIMITS), { to: "peers" })
    assert.isUndefined(wantedMove(record, unfit, NAMES, { ...LIMITS, whenAway: "wait" }))
    assert.isUndefined(wantedMove(record, unfit, NAMES, { ...LIMITS, scope: "shared" }))
  })

  it("comes back when everybody reaches it, but not from where an operator moved it", () => {
    const there = { ...record, backend: "peers" }
    assert.deepInclude(wantedMove(there, fit, NAMES, LIMITS), { to: "etcd" })
    assert.isUndefined(
      wantedMove(there, new Map([...fit, [TWO, { v: 1, epoch: 4 }]]), NAMES, LIMITS)
    )
    assert.isUndefined(wantedMove({ ...there, by: "operator" }, fit, NAMES, LIMITS))
  })

  it("names what is wrong with its numbers", () => {
    assert.isUndefined(backendLimitProblem(defaultBackendLimits))
    assert.strictEqual(backendLimitProblem({ ...LIMITS, awayMillis: -1 })?.limit, "awayMillis")
    assert.strictEqual(
      backendLimitProblem({ ...LIMITS, departedMillis: 0.5 })?.limit,
      "departedMillis"
    )
  })
})

describe("the wire of it", () => {
  it("tells what is not there from what cannot be read, and never throws", () => {
    const read = (text: string | undefined) =>
      readBackend(new Map(text === undefined ? [] : [["lock-backend.roll", text]]), "roll")._tag
    assert.strictEqual(read(undefined), "Absent")
    for (const text of ["{", "[]", '{"v":2}', "\u0000", '{"v":1,"epoch":"1"}']) {
      assert.strictEqual(read(text), "Unreadable", text)
    }
    assert.strictEqual(read(JSON.stringify({ ...record, later: 1 })), "Readable")
    assert.isUndefined(readCarried({ who: "somebody else" }))
  })

  it("is what its page shows", () => {
    const page = readFileSync(
      new URL("../../../../docs/protocol/lock-backend.md", import.meta.url),
      "utf8"
    )
    const readers = [readBackend, readStatement, readStatement, readRequests]
    const shown = [...page.matchAll(/^(lock-backend\.roll) +(\{.*\})$/gm)]
    assert.lengthOf(shown, readers.length)
    for (const [i, [, key = "", text = ""]] of shown.entries()) {
      const found = readers[i]?.(new Map([[key, text]]), "roll")
      assert.strictEqual(found?._tag, "Readable", text)
      const value = found?._tag === "Readable" ? found.value : undefined
      assert.deepEqual(value as unknown, JSON.parse(text), "every field is known")
    }
  })
})
