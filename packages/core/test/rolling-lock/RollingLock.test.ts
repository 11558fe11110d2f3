// The service over memory, scene by scene. The seeds judge what may never happen; here is what must.
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber } from "effect"
import {
  type LockActivity,
  type OperationCall,
  type OperationResult,
  wording
} from "../../src/index.ts"
import { Fleet, type FleetOptions, GROUP, KEY, type Seat } from "./Fleet.ts"

const AUDIT = { by: "ana", reason: "a test" }

const fleetOf = Effect.fnUntraced(function* (size: number, options: FleetOptions = {}) {
  const fleet = new Fleet({ limits: { backoff: { baseMillis: 0, capMillis: 0 } }, ...options })
  for (let i = 0; i < size; i++) yield* fleet.enter()
  return fleet
})

/** Everybody steps, in turn, until nothing is written any more. */
const settle = Effect.fnUntraced(function* (fleet: Fleet) {
  for (let round = 0; round < 2_000; round++) {
    const { written } = fleet
    for (const seat of fleet.present) yield* fleet.step(seat)
    if (fleet.written === written) return
  }
})

const starts = (fleet: Fleet) =>
  fleet.history.flatMap((each) => (each._tag === "start" ? [`${each.who}:${each.n}`] : []))

const seatOf = (fleet: Fleet, index: number) => fleet.seats[index] as Seat

const activity = Effect.fnUntraced(function* (fleet: Fleet, seat: Seat) {
  const exit = yield* fleet.step(seat)
  return exit._tag === "Success" ? exit.value.activity : undefined
})

const reasons = (told: LockActivity | undefined) =>
  told?._tag === "Waiting" ? told.reasons.map(wording) : []

const results = (all: ReadonlyArray<OperationResult>) => {
  const left = [...all]
  return (_: Seat, __: OperationCall) => Effect.succeed(left.shift() ?? "release")
}

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

describe("a roll", () => {
  it.effect("is granted in one step and run in a later one, also on the leader", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1)
      yield* fleet.ask(seatOf(fleet, 0))
      assert.strictEqual((yield* activity(fleet, seatOf(fleet, 0)))?._tag, "Waiting")
      assert.deepStrictEqual(starts(fleet), [])
      assert.strictEqual((yield* activity(fleet, seatOf(fleet, 0)))?._tag, "Ran")
    })
  )

  it.effect("does not run in the process that granted it where commits wait for its end", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1, { options: { commitsAtEnd: true } })
      const seat = seatOf(fleet, 0)
      yield* fleet.ask(seat)
      for (let i = 0; i < 3; i++) yield* fleet.step(seat)
      assert.deepStrictEqual(starts(fleet), [])
      yield* fleet.boot(seat)
      yield* fleet.step(seat)
      assert.deepStrictEqual(starts(fleet), ["app/0:1"])
    })
  )

  it.effect("goes from one to the next in the order of asking", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(4)
      for (const i of [2, 0, 3, 1]) yield* fleet.ask(seatOf(fleet, i))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["app/2:1", "app/0:2", "app/3:3", "app/1:4"])
    })
  )

  it.effect("alternates between two that are tried again", () =>
    Effect.gen(function* () {
      const run = (_: Seat, { attempt }: OperationCall) =>
        Effect.succeed(attempt < 2 ? ("retry-release" as const) : ("release" as const))
      const fleet = yield* fleetOf(2, { run })
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1))
      yield* settle(fleet)
      const turns = starts(fleet).map((each) => each.slice(4, 5))
      assert.deepStrictEqual(turns, ["0", "1", "0", "1", "0", "1"])
    })
  )

  it.effect("keeps the permit over retry-hold", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2, { run: results(["retry-hold", "retry-hold"]) })
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["app/0:1", "app/0:1", "app/0:1", "app/1:2"])
    })
  )

  it.effect("runs 500 requests of the leader", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      for (let i = 0; i < 500; i++) yield* fleet.ask(seatOf(fleet, 0))
      yield* settle(fleet)
      assert.strictEqual(starts(fleet).length, 500)
    })
  )

  it.effect("a failure pauses it, and resuming lets it go on", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2, { run: results(["retry-release", "failed"]) })
      yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 5 })
      yield* fleet.ask(seatOf(fleet, 1))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["app/0:1", "app/1:2"])
      assert.include(reasons(yield* activity(fleet, seatOf(fleet, 0))).join(), "paused")
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["app/0:1", "app/1:2", "app/0:1"])
      const exit = yield* fleet.call(seatOf(fleet, 0), (lock) => lock.history)
      const events = exit._tag === "Success" ? exit.value.map(({ event }) => event) : []
      assert.deepStrictEqual(events, ["retry", "failed", "paused", "resumed", "done"])
    })
  )

  it.effect("retries n times, then fails", () =>
    Effect.gen(function* () {
      const run = () => Effect.fail(new Broken({ message: "no disk" }))
      const fleet = yield* fleetOf(1, { run })
      yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 2 })
      yield* settle(fleet)
      assert.strictEqual(starts(fleet).length, 3)
      assert.include(fleet.shared, "given up after 3 tries: no disk")
    })
  )
})

describe("one corrupt register", () => {
  it.effect("is named and stops nobody", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      yield* fleet.ask(seatOf(fleet, 2))
      fleet.corrupt(seatOf(fleet, 1), "{{{")
      for (const i of [0, 2, 0]) yield* fleet.step(seatOf(fleet, i))
      assert.deepStrictEqual(starts(fleet), ["app/2:1"])
      const told = yield* fleet.call(seatOf(fleet, 0), (lock) => lock.explain())
      assert.include(told._tag === "Success" ? told.value.map(wording).join() : "", "app/1")
    })
  )

  it.effect(
    "of the leaders makes everybody wait, until a release by force writes it anew, paused, beyond all tokens",
    () =>
      Effect.gen(function* () {
        const fleet = yield* fleetOf(2)
        yield* fleet.ask(seatOf(fleet, 1))
        yield* settle(fleet)
        yield* fleet.ask(seatOf(fleet, 1))
        const place = { _tag: "shared", group: GROUP } as const
        fleet.world.commit(seatOf(fleet, 0).id, [{ place, key: KEY, value: "{" }])
        yield* settle(fleet)
        assert.strictEqual(starts(fleet).length, 1)
        assert.include(reasons(yield* activity(fleet, seatOf(fleet, 1))).join(), "force a release")
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.forceRelease(seatOf(fleet, 1).id, AUDIT))
        yield* settle(fleet)
        assert.strictEqual(starts(fleet).length, 1)
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
        yield* settle(fleet)
        const last = fleet.history.findLast((each) => each._tag === "start")
        assert.isAbove(last?._tag === "start" ? last.token : 0, 1_000_000)
      })
  )
})

describe("an operator", () => {
  it.effect("sees, and writes nothing by looking", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 1))
      const { written } = fleet
      const seat = seatOf(fleet, 1)
      const status = yield* fleet.call(seat, (lock) => lock.status)
      const dry = yield* fleet.call(seat, (lock) => lock.dryRun)
      yield* fleet.call(seat, (lock) => lock.explain())
      yield* fleet.call(seat, (lock) => lock.history)
      assert.strictEqual(fleet.written, written)
      assert.strictEqual(status._tag === "Success" ? status.value.waiters.length : 0, 2)
      const order =
        dry._tag === "Success" ? dry.value.map((round) => `${round[0]?.participant}`) : []
      assert.deepStrictEqual(order, ["app/0", "app/1"])
    })
  )

  it.effect("cannot steer where this participant does not lead", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      const exit = yield* fleet.call(seatOf(fleet, 1), (lock) => lock.pause(AUDIT))
      assert.include(String(exit), "NotLeader")
    })
  )

  it.effect("is told when there is nothing to release", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1)
      const seat = seatOf(fleet, 0)
      const exit = yield* fleet.call(seat, (lock) => lock.forceRelease(seat.id, AUDIT))
      assert.include(String(exit), "holds no permit")
    })
  )
})

describe("a process that lives", () => {
  it.live(
    "runs effects under permits one after the other, and gives them back when they fail",
    () =>
      Effect.gen(function* () {
        const fleet = yield* fleetOf(3)
        const marks: Array<string> = []
        const body = (seat: Seat, fails: boolean) =>
          seat.lock.withPermits(1)(({ environment, token }) =>
            Effect.gen(function* () {
              marks.push(`start ${seat.id}`)
              assert.strictEqual(environment["ROLLCALL_TOKEN"], `${token}`)
              yield* Effect.sleep(5)
              marks.push(`end ${seat.id}`)
              if (fails) return yield* Effect.fail("oh")
              return token
            })
          )
        const serving = yield* Effect.forkChild(seatOf(fleet, 0).lock.serve)
        const fibers = yield* Effect.forEach([2, 1, 0], (i) =>
          Effect.forkChild(Effect.exit(body(seatOf(fleet, i), i === 1)))
        )
        const exits = yield* Effect.forEach(fibers, Fiber.join)
        yield* Fiber.interrupt(serving)
        assert.strictEqual(marks.length, 6)
        for (let i = 0; i < 6; i += 2) {
          assert.strictEqual(marks[i + 1], marks[i]?.replace("start", "end"))
        }
        assert.deepStrictEqual(
          exits.map(({ _tag }) => _tag),
          ["Success", "Failure", "Success"]
        )
        const left = yield* seatOf(fleet, 0).lock.status
        assert.deepStrictEqual(left.grants, [])
      })
  )

  it.live("gives up its wait when it is interrupted", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      const seat = seatOf(fleet, 1)
      const waiting = yield* Effect.forkChild(seat.lock.withPermits(1)(() => Effect.void))
      yield* Effect.sleep(5)
      assert.include(fleet.own(seat), "rollcall-section")
      yield* Fiber.interrupt(waiting)
      assert.notInclude(fleet.own(seat), "rollcall-section")
    })
  )
})
