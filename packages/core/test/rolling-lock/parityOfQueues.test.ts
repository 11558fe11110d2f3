// Parity with what is deployed, over memory: scenarios 1 to 17, what one queue and one decision of the leader come to.
// docs/scenarios.md lists all 47.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Fleet } from "./Fleet.ts"
import { coming, fleetOf, holders, seatOf, settle, starts, statusOf, steps } from "./Scenes.ts"

const scenes: Readonly<Record<string, () => Effect.Effect<void>>> = {
  "1: a request waits, with no try and no bound": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1))
    const { queue } = yield* statusOf(fleet, 1)
    assert.deepStrictEqual(queue, [{ ticket: 1, operation: "restart", arguments: '{"n":1}' }])
    assert.notInclude(fleet.own(seatOf(fleet, 1)), "completed")
  }),
  "2: what is no request is refused and not written": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(1)
    const { written } = fleet
    for (const options of [
      { operation: "restart", maxRetries: -5 },
      { operation: "restart", maxRetries: -1 },
      { operation: "" },
      { operation: "reboot" },
      { operation: "restart", arguments: [] as never },
      { operation: "restart", arguments: { at: Number.NaN } }
    ]) {
      const exit = yield* fleet.call(seatOf(fleet, 0), (lock) => lock.request(options))
      assert.include(String(exit), "RequestInvalid")
    }
    assert.strictEqual(fleet.written, written)
  }),
  "3: a second request stands behind the first": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1), { maxRetries: 2 })
    const [first] = (yield* statusOf(fleet, 1)).queue
    yield* fleet.ask(seatOf(fleet, 1))
    const { queue } = yield* statusOf(fleet, 1)
    assert.deepStrictEqual(
      queue.map((each) => each.arguments),
      ['{"n":1}', '{"n":2}']
    )
    assert.deepStrictEqual(queue[0], first)
  }),
  "4: a request beside one that is to be tried again leaves that as it is": Effect.fnUntraced(
    function* () {
      const fleet = yield* fleetOf(2, { run: coming({ 1: ["retry-release"] }) })
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 0, 1)
      const before = yield* statusOf(fleet, 1)
      yield* fleet.ask(seatOf(fleet, 1))
      const { queue } = yield* statusOf(fleet, 1)
      assert.strictEqual(queue.length, 2)
      assert.deepStrictEqual(queue[0], before.queue[0])
      assert.include(fleet.own(seatOf(fleet, 1)), '"outcome":"retry"')
    }
  ),
  "5: who is not granted does not run": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 2, 0, 2)
    assert.deepStrictEqual(starts(fleet), [])
    assert.deepStrictEqual(yield* holders(fleet), ["1"])
  }),
  "6: success empties the queue": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 1)
    assert.deepStrictEqual((yield* statusOf(fleet, 1)).queue, [])
    assert.include(fleet.own(seatOf(fleet, 1)), '"token":1,"ticket":1,"outcome":"done"')
  }),
  "7: success leaves the next request waiting": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 1)
    assert.deepStrictEqual(
      (yield* statusOf(fleet, 1)).queue.map(({ ticket }) => ticket),
      [2]
    )
    assert.deepStrictEqual(
      (yield* statusOf(fleet, 0)).waiters.map(({ ticket }) => ticket),
      [2]
    )
  }),
  "8: a retry keeps what was asked for": Effect.fnUntraced(function* () {
    for (const result of ["retry-release", "retry-hold"] as const) {
      const fleet = yield* fleetOf(2, { run: coming({ 1: [result] }) })
      yield* fleet.ask(seatOf(fleet, 1), { maxRetries: 3 })
      const [asked] = (yield* statusOf(fleet, 1)).queue
      yield* steps(fleet, 0, 1)
      const retry = result === "retry-hold" ? "hold" : "release"
      const [left] = (yield* statusOf(fleet, 1)).queue
      assert.deepStrictEqual(left, { ...asked, attempt: 1, retry } as typeof left)
    }
  }),
  "9: a retry beyond its bound is dropped": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2, { run: () => Effect.succeed("retry-hold") })
    yield* fleet.ask(seatOf(fleet, 1), { maxRetries: 3 })
    yield* settle(fleet)
    assert.strictEqual(starts(fleet).length, 4)
    assert.deepStrictEqual((yield* statusOf(fleet, 1)).queue, [])
  }),
  "10: the leader grants, and says when": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0)
    const [grant] = (yield* statusOf(fleet, 1)).grants
    assert.strictEqual(grant?.participant, seatOf(fleet, 1).id)
    assert.strictEqual(grant?.atMillis, fleet.nowMillis)
  }),
  "11: a grant that is not over stays, byte for byte": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0)
    const before = fleet.shared
    yield* fleet.ask(seatOf(fleet, 2))
    fleet.nowMillis += 60_000
    yield* steps(fleet, 0, 2, 0)
    fleet.lead(seatOf(fleet, 2))
    yield* steps(fleet, 2, 0)
    assert.strictEqual(fleet.shared, before)
  }),
  "12: who keeps the permit goes before all others": Effect.fnUntraced(function* () {
    const run = coming({ 1: ["retry-release"], 3: ["retry-hold"] })
    const fleet = yield* fleetOf(4, { run })
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 1)
    yield* fleet.ask(seatOf(fleet, 3))
    yield* steps(fleet, 0, 3)
    yield* fleet.ask(seatOf(fleet, 2))
    yield* steps(fleet, 0)
    assert.deepStrictEqual(yield* holders(fleet), ["3"])
  }),
  "13: of two requests the older": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    yield* fleet.ask(seatOf(fleet, 2))
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0)
    assert.deepStrictEqual(yield* holders(fleet), ["2"])
  }),
  "14: of two that are tried again the one tried longer ago": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3, { run: coming({ 1: ["retry-release"], 2: ["retry-release"] }) })
    yield* fleet.ask(seatOf(fleet, 2))
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 2, 0, 1, 0)
    assert.deepStrictEqual(yield* holders(fleet), ["2"])
  }),
  "15: a request before one that is tried again": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3, { run: coming({ 1: ["retry-release"] }) })
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0, 1)
    yield* fleet.ask(seatOf(fleet, 2))
    yield* steps(fleet, 0)
    assert.deepStrictEqual(yield* holders(fleet), ["2"])
  }),
  "16: nobody where nobody wants anything": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    yield* settle(fleet)
    assert.isUndefined(fleet.shared)
  }),
  "17: the same is asked for once, at the end of the queue only": Effect.fnUntraced(function* () {
    const ask = (fleet: Fleet, args: Readonly<Record<string, unknown>>) =>
      fleet.call(seatOf(fleet, 0), (lock) =>
        lock.request({ operation: "restart", arguments: args })
      )
    const lengthAfter = Effect.fnUntraced(function* (
      ...all: ReadonlyArray<Readonly<Record<string, unknown>>>
    ) {
      const fleet = yield* fleetOf(1)
      for (const args of all) yield* ask(fleet, args)
      return (yield* statusOf(fleet, 0)).queue.length
    })
    assert.strictEqual(yield* lengthAfter({ n: 1 }, { n: 1 }), 1)
    assert.strictEqual(yield* lengthAfter({ n: 1 }, { n: 2 }, { n: 1 }), 3)
    assert.strictEqual(yield* lengthAfter({ n: 1, m: 2 }, { m: 2, n: 1 }), 1)
    assert.strictEqual(yield* lengthAfter({ n: 1 }, { n: true }), 2)
  })
}

describe("parity of one queue and one decision", () => {
  for (const [name, scene] of Object.entries(scenes)) it.effect(name, scene)
})
