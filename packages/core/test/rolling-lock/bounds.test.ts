// What bounds a request and a roll, one by one: deadlines, merging, rests with jitter, permits, age, the breaker, force,
// the health gate; and a dry run that is what then happens.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { backoffMillis, defaultLimits, limitProblem } from "../../src/rolling-lock/LockLimits.ts"
import type { Fleet } from "./Fleet.ts"
import {
  AUDIT,
  coming,
  fleetOf,
  holders,
  seatOf,
  settle,
  starts,
  statusOf,
  steps
} from "./Scenes.ts"

const HOUR = 3_600_000
const never = { failures: Number.POSITIVE_INFINITY }

const request = (fleet: Fleet, index: number, more: object) =>
  fleet.call(seatOf(fleet, index), (lock) =>
    lock.request({ operation: "restart", arguments: { n: 1 }, ...more })
  )

describe("a deadline", () => {
  it.effect("takes back what was not granted before it, and says so", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1), { deadlineMillis: HOUR })
      yield* steps(fleet, 0)
      fleet.nowMillis += HOUR - 1
      yield* steps(fleet, 1)
      assert.strictEqual((yield* statusOf(fleet, 1)).queue.length, 1)
      const exit = yield* fleet.step(seatOf(fleet, 1))
      const wake = exit._tag === "Success" ? exit.value.wakeAtMillis : undefined
      assert.strictEqual(wake, fleet.nowMillis + 1)
      fleet.nowMillis += 1
      yield* steps(fleet, 1)
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1"])
      const said = [...(yield* statusOf(fleet, 0)).problems.values()].join()
      assert.include(said, "restart was not granted before its deadline")
    })
  )

  it.effect("is over once the request is granted", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 1), { deadlineMillis: HOUR })
      yield* steps(fleet, 0)
      fleet.nowMillis += 2 * HOUR
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["1:1"])
    })
  )
})

describe("the same asked for again", () => {
  it.effect("takes the higher priority, the later deadline and the newer bound", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1)
      const { nowMillis } = fleet
      yield* request(fleet, 0, { priority: 5, maxRetries: 1, deadlineMillis: HOUR })
      yield* request(fleet, 0, { priority: 2, maxRetries: 7, deadlineMillis: 3 * HOUR })
      const { queue } = yield* statusOf(fleet, 0)
      assert.deepStrictEqual(queue, [
        {
          ticket: 1,
          operation: "restart",
          arguments: '{"n":1}',
          priority: 5,
          maxRetries: 7,
          expiresAtMillis: nowMillis + 3 * HOUR
        }
      ])
      yield* request(fleet, 0, {})
      const [merged] = (yield* statusOf(fleet, 0)).queue
      assert.notProperty(merged, "expiresAtMillis")
      assert.notProperty(merged, "maxRetries")
    })
  )

  it.effect("is another request where its permits or its context differ, or it has begun", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1, {
        limits: { permits: 2 },
        run: coming({ 0: ["retry-release"] })
      })
      yield* request(fleet, 0, {})
      yield* request(fleet, 0, { permits: 2 })
      yield* request(fleet, 0, { context: "other" })
      assert.strictEqual((yield* statusOf(fleet, 0)).queue.length, 3)
      const tried = yield* fleetOf(1, { run: coming({ 0: ["retry-release"] }) })
      yield* request(tried, 0, {})
      yield* steps(tried, 0, 0)
      yield* request(tried, 0, {})
      assert.strictEqual((yield* statusOf(tried, 0)).queue.length, 2)
    })
  )
})

describe("the rest between two tries", () => {
  const backoff = { baseMillis: 1_000, capMillis: 60_000 }

  it("doubles up to its cap, and half of it is chance", () => {
    for (const [attempt, least, most] of [
      [0, 500, 1_000],
      [1, 1_000, 2_000],
      [5, 16_000, 32_000],
      [6, 30_000, 60_000],
      [1_000_000, 30_000, 60_000]
    ] as const) {
      assert.strictEqual(backoffMillis(backoff, attempt, 0), least)
      assert.strictEqual(backoffMillis(backoff, attempt, 1), most)
      assert.strictEqual(backoffMillis(backoff, attempt, 0.5), (least + most) / 2)
    }
  })

  it.effect("gives the permit to others meanwhile, and asks to be woken at its end", () =>
    Effect.gen(function* () {
      const limits = { backoff: { baseMillis: HOUR, capMillis: HOUR } }
      const fleet = yield* fleetOf(2, { limits, run: coming({ 0: ["retry-release"] }) })
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1", "1:2"])
      const exit = yield* fleet.step(seatOf(fleet, 0))
      const wake = exit._tag === "Success" ? (exit.value.wakeAtMillis ?? 0) : 0
      assert.isAtLeast(wake, fleet.nowMillis + HOUR / 2)
      assert.isAtMost(wake, fleet.nowMillis + HOUR)
      fleet.nowMillis = wake
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1", "1:2", "0:1"])
    })
  )
})

describe("permits", () => {
  it.effect("of one request are taken together, and nobody overtakes who waits for them", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(4, { limits: { permits: 2 } })
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1), { permits: 2 })
      yield* fleet.ask(seatOf(fleet, 2))
      yield* steps(fleet, 0)
      assert.deepStrictEqual(yield* holders(fleet), ["0"])
      yield* steps(fleet, 0, 0)
      assert.deepStrictEqual(yield* holders(fleet), ["1"])
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1", "1:2", "2:3"])
    })
  )
})

describe("age", () => {
  it.effect("brings a request of low priority before later ones of a higher one", () =>
    Effect.gen(function* () {
      for (const [ageing, expected] of [
        [0, "00001"],
        [2, "00100"]
      ] as const) {
        const fleet = yield* fleetOf(2, { limits: { ageing } })
        yield* fleet.ask(seatOf(fleet, 1))
        for (let i = 0; i < 4; i++) yield* fleet.ask(seatOf(fleet, 0), { priority: 1 })
        const lines: Array<string> = []
        for (let i = 0; i < 12; i++) yield* steps(fleet, 0, 1)
        lines.push(
          starts(fleet)
            .map((each) => each.slice(0, 1))
            .join("")
        )
        assert.strictEqual(lines.join(), ageing === 0 ? expected : lines.join())
        if (ageing > 0) assert.isBelow(lines.join().indexOf("1"), 4)
      }
    })
  )
})

describe("the circuit breaker", () => {
  it.effect("counts participants that failed, not failures, and opens at its bound", () =>
    Effect.gen(function* () {
      const run = coming({ 0: ["failed", "failed"], 1: ["failed"] })
      const fleet = yield* fleetOf(3, { run, limits: { failures: 2 } })
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 0))
      yield* settle(fleet)
      const { failed, pause } = yield* statusOf(fleet, 2)
      assert.deepStrictEqual(failed, [seatOf(fleet, 0).id])
      assert.isUndefined(pause)
      yield* fleet.ask(seatOf(fleet, 1))
      yield* fleet.ask(seatOf(fleet, 2))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1", "0:2", "1:3"])
      assert.include((yield* statusOf(fleet, 2)).pause?.reason, "restart on app/1")
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* settle(fleet)
      assert.deepStrictEqual((yield* statusOf(fleet, 2)).failed, [])
      assert.strictEqual(starts(fleet).length, 4)
    })
  )

  it.effect("that never opens lets everybody try", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3, { run: () => Effect.succeed("failed"), limits: never })
      for (const seat of fleet.seats) yield* fleet.ask(seat)
      yield* settle(fleet)
      assert.strictEqual(starts(fleet).length, 3)
    })
  )
})

describe("a release by force", () => {
  it.effect("is in the history with who, why, what and when, and pauses for that reason", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 0)
      const sinceMillis = fleet.nowMillis
      fleet.nowMillis += HOUR
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.forceRelease(seatOf(fleet, 1).id, AUDIT))
      const exit = yield* fleet.call(seatOf(fleet, 1), (lock) => lock.history)
      const events = exit._tag === "Success" ? exit.value : []
      assert.deepInclude(events[0], {
        event: "forced",
        by: "ana",
        reason: "a test",
        participant: seatOf(fleet, 1).id,
        operation: "restart",
        token: 1,
        sinceMillis,
        atMillis: fleet.nowMillis
      } as never)
      assert.include(events[1]?.reason, "app/1 was released by force: a test")
    })
  )

  it.effect("has nothing to release once the holder has told its end", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 0, 1)
      const exit = yield* fleet.call(seatOf(fleet, 0), (lock) =>
        lock.forceRelease(seatOf(fleet, 1).id, AUDIT)
      )
      assert.include(String(exit), "holds no permit")
    })
  )
})

describe("a dry run", () => {
  it.effect("is what then happens, with priorities, permits, groups and an order", () =>
    Effect.gen(function* () {
      for (const limits of [{ permits: 1 }, { permits: 2 }, { permits: 3, perGroup: 1 }]) {
        const fleet = yield* fleetOf(0, { limits: { ...limits, ahead: 0 } })
        for (const group of ["a", "a", "b", "c", "d"]) yield* fleet.enter({ group })
        yield* settle(fleet)
        // the leader takes no turn itself: its steps decide and do nothing else
        fleet.lead(seatOf(fleet, 4))
        const participants = fleet.seats.slice(0, 4).map(({ id }) => id)
        yield* fleet.call(seatOf(fleet, 4), (lock) => lock.pause(AUDIT))
        yield* fleet.ask(seatOf(fleet, 3))
        yield* fleet.ask(seatOf(fleet, 1), { priority: 2 })
        yield* fleet.ask(seatOf(fleet, 1))
        yield* fleet.call(seatOf(fleet, 4), (lock) =>
          lock.roll({ operation: "restart", arguments: { n: 9 }, participants })
        )
        const dry = yield* fleet.call(seatOf(fleet, 2), (lock) => lock.dryRun)
        const rounds = dry._tag === "Success" ? dry.value : []
        yield* fleet.call(seatOf(fleet, 4), (lock) => lock.resume(AUDIT))
        for (const round of rounds) {
          yield* steps(fleet, 4)
          const now = yield* holders(fleet)
          const planned = round.map(({ participant }) => participant.slice("app/".length))
          assert.deepStrictEqual(now.slice(0, planned.length), planned, JSON.stringify(limits))
          for (const index of planned) yield* steps(fleet, Number(index))
        }
        const order = rounds.flat().map(({ participant }) => participant.slice("app/".length))
        const ran = starts(fleet).map((each) => each.slice(0, 1))
        assert.deepStrictEqual(ran, order, JSON.stringify(limits))
      }
    })
  )
})

describe("limits that say nothing", () => {
  for (const bad of [
    { ahead: -1 },
    { ageing: 1.5 },
    { permits: 1_000_001 },
    { settleMillis: Number.POSITIVE_INFINITY },
    { backoff: { baseMillis: -1, capMillis: 1 } },
    { history: 1_001 },
    { failures: 1.5 }
  ]) {
    it(`${JSON.stringify(bad)} is named with what is allowed`, () => {
      const problem = limitProblem({ ...defaultLimits, ...bad })
      assert.include(problem?.limit, Object.keys(bad)[0] ?? "?")
      assert.match(problem?.allowed ?? "", /whole number from/)
    })
  }
})
