// What holds a roll back, and what does not: time, health, groups, crashes, force.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { type OperationCall, wording } from "../../src/index.ts"
import { die, Fleet, type FleetOptions, type Seat } from "./Fleet.ts"

const AUDIT = { by: "ana", reason: "a test" }
const HOUR = 3_600_000

const fleetOf = Effect.fnUntraced(function* (size: number, options: FleetOptions = {}) {
  const fleet = new Fleet(options)
  for (let i = 0; i < size; i++) yield* fleet.enter({ group: i < 2 ? "a" : "b" })
  return fleet
})

const seatOf = (fleet: Fleet, index: number) => fleet.seats[index] as Seat

const rounds = Effect.fnUntraced(function* (fleet: Fleet, count: number) {
  for (let i = 0; i < count; i++) for (const seat of fleet.present) yield* fleet.step(seat)
})

const askAll = (fleet: Fleet) => Effect.forEach(fleet.seats, (seat) => fleet.ask(seat))

const starts = (fleet: Fleet) =>
  fleet.history.flatMap((each) => (each._tag === "start" ? [each.who] : []))

const why = Effect.fnUntraced(function* (fleet: Fleet, index: number) {
  const exit = yield* fleet.call(seatOf(fleet, index), (lock) => lock.explain())
  return exit._tag === "Success" ? exit.value.map(wording) : []
})

describe("a roll is held back", () => {
  it.effect("while its window is closed, and wakes when it opens", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1, { limits: { windows: [{ from: "22:00", to: "23:00" }] } })
      fleet.nowMillis = Date.parse("2026-03-01T20:00Z")
      yield* askAll(fleet)
      const exit = yield* fleet.step(seatOf(fleet, 0))
      const opens = Date.parse("2026-03-01T22:00Z")
      assert.strictEqual(exit._tag === "Success" ? exit.value.wakeAtMillis : 0, opens)
      assert.include(yield* why(fleet, 0), "the window is closed")
      fleet.nowMillis = opens
      yield* rounds(fleet, 2)
      assert.strictEqual(starts(fleet).length, 1)
    })
  )

  it.effect("until it has settled after a success; another leader's clock begins anew", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2, { limits: { settleMillis: HOUR } })
      yield* askAll(fleet)
      yield* rounds(fleet, 3)
      assert.strictEqual(starts(fleet).length, 1)
      assert.include(yield* why(fleet, 1), "it settles after the last success")
      seatOf(fleet, 1).skewMillis = 24 * HOUR
      fleet.lead(seatOf(fleet, 1))
      yield* rounds(fleet, 2)
      fleet.nowMillis += HOUR - 1
      yield* rounds(fleet, 2)
      assert.strictEqual(starts(fleet).length, 1)
      fleet.nowMillis += 1
      yield* rounds(fleet, 3)
      assert.strictEqual(starts(fleet).length, 2)
    })
  )

  it.effect("while its health gate says so", () =>
    Effect.gen(function* () {
      let health: string | undefined = "two voters are offline"
      let asked = 0
      const gate = Effect.sync(() => {
        asked++
        return health
      })
      const fleet = yield* fleetOf(2, { options: { gate } })
      yield* rounds(fleet, 1)
      assert.strictEqual(asked, 0)
      yield* askAll(fleet)
      yield* rounds(fleet, 2)
      assert.strictEqual(starts(fleet).length, 0)
      assert.include(yield* why(fleet, 1), "two voters are offline")
      health = undefined
      yield* rounds(fleet, 4)
      assert.strictEqual(starts(fleet).length, 2)
    })
  )

  it.effect("within a group", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3, { limits: { permits: 3, perGroup: 1 } })
      yield* askAll(fleet)
      yield* fleet.step(seatOf(fleet, 0))
      const status = yield* fleet.call(seatOf(fleet, 0), (lock) => lock.status)
      const holders = status._tag === "Success" ? status.value.grants : []
      assert.deepStrictEqual(
        holders.map((each) => `${each.participant}`),
        ["app/0", "app/2"]
      )
      assert.include((yield* why(fleet, 1)).join(), "hold permits in a")
    })
  )

  it.effect("by an operator, and goes on when resumed", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1)
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.pause(AUDIT))
      yield* askAll(fleet)
      yield* rounds(fleet, 3)
      assert.strictEqual(starts(fleet).length, 0)
      assert.include(yield* why(fleet, 0), "the roll is paused by ana: a test")
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 2)
      assert.strictEqual(starts(fleet).length, 1)
    })
  )

  it.effect("by the pause between tries, which a clock that was set does not prolong", () =>
    Effect.gen(function* () {
      const run = (_: Seat, { attempt }: OperationCall) =>
        Effect.succeed(attempt === 0 ? ("retry-release" as const) : ("release" as const))
      const limits = { backoff: { baseMillis: HOUR, capMillis: HOUR } }
      const fleet = yield* fleetOf(1, { run, limits })
      yield* askAll(fleet)
      yield* rounds(fleet, 4)
      assert.strictEqual(starts(fleet).length, 1)
      fleet.nowMillis -= 10 * HOUR
      yield* rounds(fleet, 3)
      assert.strictEqual(starts(fleet).length, 2)
    }).pipe(Random.withSeed(1))
  )
})

describe("a roll goes on", () => {
  it.effect(
    "from a holder to the next without the leader in between, where it is planned ahead",
    () =>
      Effect.gen(function* () {
        const fleet = yield* fleetOf(3, { limits: { ahead: 2 } })
        yield* askAll(fleet)
        yield* fleet.step(seatOf(fleet, 0))
        yield* fleet.step(seatOf(fleet, 2))
        assert.deepStrictEqual(starts(fleet), [])
        assert.include((yield* why(fleet, 2)).join(), "planned")
        for (const i of [0, 1, 2]) yield* fleet.step(seatOf(fleet, i))
        assert.deepStrictEqual(starts(fleet), ["app/0", "app/1", "app/2"])
      })
  )

  it.effect("but no further than a failure", () =>
    Effect.gen(function* () {
      const run = () => Effect.succeed("failed" as const)
      const fleet = yield* fleetOf(3, { limits: { ahead: 2 }, run })
      yield* askAll(fleet)
      yield* rounds(fleet, 5)
      assert.deepStrictEqual(starts(fleet), ["app/0"])
    })
  )

  it.effect("when its holder departs", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2, { run: () => Effect.succeed("retry-hold") })
      yield* fleet.ask(seatOf(fleet, 1))
      yield* rounds(fleet, 2)
      yield* fleet.ask(seatOf(fleet, 0))
      fleet.depart(seatOf(fleet, 1))
      yield* rounds(fleet, 2)
      assert.deepStrictEqual(starts(fleet), ["app/1", "app/0"])
    })
  )

  it.effect("when its leader departs while it holds", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* askAll(fleet)
      yield* fleet.step(seatOf(fleet, 0))
      fleet.depart(seatOf(fleet, 0))
      yield* rounds(fleet, 2)
      assert.deepStrictEqual(starts(fleet), ["app/1"])
    })
  )

  it.effect("after its holder was released by force, without the request that was ended", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 1))
      yield* fleet.step(seatOf(fleet, 0))
      const target = seatOf(fleet, 1).id
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.forceRelease(target, AUDIT))
      yield* fleet.ask(seatOf(fleet, 1))
      yield* rounds(fleet, 3)
      assert.deepStrictEqual(starts(fleet), [])
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 3)
      const ran = fleet.history.flatMap((each) => (each._tag === "start" ? [each.n] : []))
      assert.deepStrictEqual(ran, [2])
      assert.include(fleet.shared, '"event":"forced"')
      assert.include(fleet.shared, '"by":"ana"')
    })
  )
})

describe("a register that is lost while its participant's operation runs", () => {
  it.effect(
    "keeps the permit until the operation ends, also when more is asked for meanwhile",
    () =>
      Effect.gen(function* () {
        const during: Array<ReadonlyArray<string>> = []
        const fleet: Fleet = yield* fleetOf(2, {
          run: (seat) =>
            Effect.gen(function* () {
              if (seat.id !== "app/1" || during.length > 0) return "release" as const
              fleet.corrupt(seat, "{")
              yield* Effect.ignore(
                seat.lock.request({ operation: "restart", arguments: { n: 99 } })
              )
              yield* fleet.step(seatOf(fleet, 0))
              yield* fleet.step(seatOf(fleet, 0))
              during.push(starts(fleet))
              return "release" as const
            })
        })
        yield* fleet.ask(seatOf(fleet, 1))
        yield* fleet.ask(seatOf(fleet, 0))
        yield* fleet.step(seatOf(fleet, 0))
        yield* fleet.step(seatOf(fleet, 1))
        assert.deepStrictEqual(during[0], ["app/1"])
        yield* rounds(fleet, 6)
        assert.sameMembers(starts(fleet).slice(1), ["app/0", "app/1"])
      })
  )
})

describe("a process that dies", () => {
  it.effect(
    "after the operation ran does not run it again (L7), and its clock may be a day off",
    () =>
      Effect.gen(function* () {
        let deaths = 0
        const fleet: Fleet = yield* fleetOf(2, {
          at: (seat, point) => {
            const ran = fleet.history.some(({ _tag }) => _tag === "end")
            return ran && point === "before the commit" && deaths++ < 3
              ? die(fleet, seat, point)
              : Effect.void
          }
        })
        seatOf(fleet, 1).skewMillis = -24 * HOUR
        yield* fleet.ask(seatOf(fleet, 1))
        yield* rounds(fleet, 8)
        assert.isAtLeast(deaths, 3)
        assert.deepStrictEqual(starts(fleet), ["app/1"])
        const left = yield* seatOf(fleet, 0).lock.status
        assert.deepStrictEqual(left.grants, [])
      })
  )

  it.effect(
    "while the operation runs is told so at the next try; after too many the operation fails",
    () =>
      Effect.gen(function* () {
        const interrupted: Array<boolean> = []
        const fleet: Fleet = yield* fleetOf(1, {
          run: (seat, call) => {
            interrupted.push(call.interrupted)
            return die(fleet, seat, "in the operation")
          }
        })
        yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 0 })
        yield* rounds(fleet, 6)
        assert.deepStrictEqual(interrupted, [false, true])
        assert.include(fleet.shared, "cut off 2 times")
      })
  )

  it.effect("with an operation that nobody knows any more fails it, and holds nothing", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* askAll(fleet)
      const seat = seatOf(fleet, 0)
      fleet.parts.options = { operations: {} }
      yield* fleet.boot(seat)
      yield* rounds(fleet, 3)
      assert.include(fleet.shared, "no code for restart")
      assert.notInclude(fleet.shared, "grants")
    })
  )
})
