// Parity with what is deployed, over memory: scenarios 18 to 47, whole rolls and what befalls them. docs/scenarios.md
// lists all 47, with those that are tested elsewhere or, needing etcd, not run yet.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { Journal, memoryStore, RollingLock } from "../../src/index.ts"
import { die, Fleet } from "./Fleet.ts"
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

const both = Effect.fnUntraced(function* (fleet: Fleet) {
  yield* fleet.ask(seatOf(fleet, 0))
  yield* fleet.ask(seatOf(fleet, 1))
})

const numbers = (fleet: Fleet) =>
  starts(fleet)
    .map((each) => each.slice(0, 1))
    .join("")

const scenes: Readonly<Record<string, () => Effect.Effect<void>>> = {
  "18: five restart one at a time": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(5)
    for (const seat of fleet.seats) yield* fleet.ask(seat)
    yield* settle(fleet)
    const marks = fleet.history.flatMap(({ _tag, who }) =>
      _tag === "start" || _tag === "end" ? [`${_tag} ${who}`] : []
    )
    assert.strictEqual(marks.length, 10)
    for (let i = 0; i < 10; i += 2) {
      assert.strictEqual(marks[i + 1], marks[i]?.replace("start", "end"))
    }
  }),
  "19: three tries that fail, then the next of that unit": Effect.fnUntraced(function* () {
    const run = coming({ 0: ["retry-release", "retry-release", "retry-release"] })
    const fleet = yield* fleetOf(1, { run, limits: { failures: Number.POSITIVE_INFINITY } })
    yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 2 })
    yield* fleet.ask(seatOf(fleet, 0))
    yield* settle(fleet)
    assert.deepStrictEqual(starts(fleet), ["0:1", "0:1", "0:1", "0:2"])
  }),
  "20: who keeps the permit between tries lets nobody in": Effect.fnUntraced(function* () {
    const run = coming({ 0: ["retry-hold", "retry-hold", "retry-hold"] })
    const fleet = yield* fleetOf(2, { run, limits: { failures: Number.POSITIVE_INFINITY } })
    yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 2 })
    yield* fleet.ask(seatOf(fleet, 1))
    yield* settle(fleet)
    assert.strictEqual(numbers(fleet), "0001")
  }),
  "21: two that give the permit back take turns": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2, {
      run: () => Effect.succeed("retry-release"),
      limits: { failures: Number.POSITIVE_INFINITY }
    })
    yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 2 })
    yield* fleet.ask(seatOf(fleet, 1), { maxRetries: 2 })
    yield* settle(fleet)
    assert.strictEqual(numbers(fleet), "010101")
  }),
  "22: the queue of one behind the other's turn keeps its order": Effect.fnUntraced(function* () {
    const run = coming({ 0: ["retry-release", "retry-release", "retry-release", "retry-hold"] })
    const fleet = yield* fleetOf(2, { run, limits: { failures: Number.POSITIVE_INFINITY } })
    yield* fleet.ask(seatOf(fleet, 1))
    yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 2 })
    yield* fleet.ask(seatOf(fleet, 0), { maxRetries: 0 })
    yield* fleet.ask(seatOf(fleet, 0))
    yield* settle(fleet)
    assert.deepStrictEqual(starts(fleet), ["1:1", "0:2", "0:2", "0:2", "0:3", "0:4"])
  }),
  "23: what is asked for three times runs once": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    const ask = fleet.call(seatOf(fleet, 1), (lock) =>
      lock.request({ operation: "restart", arguments: { n: 1 } })
    )
    for (let i = 0; i < 3; i++) yield* ask
    yield* settle(fleet)
    assert.deepStrictEqual(starts(fleet), ["1:1"])
  }),
  "24: a leader that tries for ever starves nobody": Effect.fnUntraced(function* () {
    const run = (seat: { readonly id: string }) =>
      Effect.succeed(seat.id === "app/0" ? ("retry-release" as const) : ("release" as const))
    const fleet = yield* fleetOf(2, { run })
    yield* both(fleet)
    yield* settle(fleet, 8)
    assert.include(starts(fleet), "1:2")
    assert.isAbove(starts(fleet).length, 2)
  }),
  "27: the waiter runs when the holder is removed between its tries": Effect.fnUntraced(
    function* () {
      const fleet = yield* fleetOf(3, { run: coming({ 1: ["retry-hold"] }) })
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 0, 1)
      yield* fleet.ask(seatOf(fleet, 2))
      fleet.depart(seatOf(fleet, 1))
      yield* settle(fleet)
      assert.strictEqual(numbers(fleet), "12")
    }
  ),
  "31: a status is not ready, idle, waiting or granted": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    const tagOf = Effect.fnUntraced(function* () {
      const exit = yield* fleet.call(seatOf(fleet, 1), (lock) => lock.explain())
      return exit._tag === "Success" ? exit.value[0]?._tag : undefined
    })
    assert.strictEqual(yield* tagOf(), "NothingWanted")
    yield* fleet.ask(seatOf(fleet, 1))
    assert.strictEqual(yield* tagOf(), "LeaderToDecide")
    yield* steps(fleet, 0)
    assert.strictEqual(yield* tagOf(), "Granted")
  }),
  "32: a roll goes on when the leader's machine is gone, and so does the next one":
    Effect.fnUntraced(function* () {
      const fleet = yield* fleetOf(3)
      for (const seat of fleet.seats) yield* fleet.ask(seat)
      yield* steps(fleet, 0, 0)
      fleet.depart(seatOf(fleet, 0))
      yield* settle(fleet)
      for (const seat of fleet.present) yield* fleet.ask(seat)
      yield* settle(fleet)
      assert.strictEqual(numbers(fleet), "01212")
    }),
  "33: nothing hangs when the others are removed amid a roll": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    for (const seat of fleet.seats) yield* fleet.ask(seat)
    yield* steps(fleet, 0)
    fleet.depart(seatOf(fleet, 0))
    fleet.depart(seatOf(fleet, 1))
    yield* settle(fleet)
    assert.strictEqual(numbers(fleet), "2")
  }),
  "34: from three to one to three, a roll each time": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    const roll = Effect.fnUntraced(function* () {
      for (const seat of fleet.present) yield* fleet.ask(seat)
      yield* settle(fleet)
    })
    yield* roll()
    fleet.depart(seatOf(fleet, 0))
    fleet.depart(seatOf(fleet, 2))
    yield* roll()
    yield* fleet.enter()
    yield* fleet.enter()
    yield* roll()
    assert.strictEqual(numbers(fleet), "0121134")
  }),
  "35: several locks side by side; a request made again is at the end, its old grant is void":
    Effect.fnUntraced(function* () {
      const fleet = yield* fleetOf(3)
      const layer = RollingLock.layer({ lock: "other", operations: {} }).pipe(
        Layer.provide(memoryStore(fleet.world, seatOf(fleet, 1).id)),
        Layer.provide(Journal.layerMemory)
      )
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 0)
      const other = Effect.flatMap(RollingLock, ({ status }) => status)
      assert.deepStrictEqual((yield* Effect.orDie(Effect.provide(other, layer))).grants, [])
      yield* fleet.call(seatOf(fleet, 1), (lock) => lock.cancel())
      yield* fleet.ask(seatOf(fleet, 2))
      yield* fleet.ask(seatOf(fleet, 1))
      yield* steps(fleet, 1)
      assert.deepStrictEqual(starts(fleet), [])
      yield* settle(fleet)
      assert.strictEqual(numbers(fleet), "21")
    }),
  "36: two permits let two in, and may be lowered below those who hold": Effect.fnUntraced(
    function* () {
      const fleet = yield* fleetOf(4, { limits: { permits: 2 } })
      for (const seat of fleet.seats.slice(1)) yield* fleet.ask(seat)
      yield* steps(fleet, 0, 0)
      assert.deepStrictEqual(yield* holders(fleet), ["1", "2"])
      const refused = yield* fleet.call(seatOf(fleet, 0), (lock) =>
        lock.forceRelease(seatOf(fleet, 3).id, AUDIT)
      )
      assert.include(String(refused), "holds no permit")
      fleet.parts.options = { limits: { permits: 1 } }
      for (const seat of fleet.seats) yield* fleet.boot(seat)
      yield* steps(fleet, 1, 0)
      assert.deepStrictEqual(yield* holders(fleet), ["2"])
      yield* settle(fleet)
      assert.strictEqual(numbers(fleet), "123")
    }
  ),
  "37: clocks a day apart never let two in": Effect.fnUntraced(function* () {
    const fleet = new Fleet()
    for (const skewMillis of [0, 86_400_000, -86_400_000]) yield* fleet.enter({ skewMillis })
    for (const seat of fleet.seats) yield* fleet.ask(seat)
    yield* settle(fleet)
    assert.strictEqual(numbers(fleet), "012")
  }),
  "38: a holder that comes to lead runs in that step": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* fleet.ask(seatOf(fleet, 1))
    yield* steps(fleet, 0)
    fleet.lead(seatOf(fleet, 1))
    yield* steps(fleet, 1)
    assert.deepStrictEqual(starts(fleet), ["1:1"])
  }),
  "39: one corrupt register stops nobody, and is named": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(3)
    fleet.corrupt(seatOf(fleet, 1), "{")
    yield* fleet.ask(seatOf(fleet, 2))
    yield* steps(fleet, 0, 2)
    assert.deepStrictEqual(starts(fleet), ["2:1"])
    assert.deepStrictEqual([...(yield* statusOf(fleet, 0)).problems.keys()], [seatOf(fleet, 1).id])
  }),
  "41: a step undone after the operation ran lets no second holder in": Effect.fnUntraced(
    function* () {
      let deaths = 0
      const fleet: Fleet = yield* fleetOf(2, {
        at: (seat, point) =>
          seat.id === "app/0" &&
          point === "before the commit" &&
          starts(fleet).length > 0 &&
          deaths++ === 0
            ? die(fleet, seat, point)
            : Effect.void
      })
      yield* both(fleet)
      yield* steps(fleet, 0, 0)
      assert.strictEqual(deaths, 1)
      yield* steps(fleet, 1)
      assert.deepStrictEqual(starts(fleet), ["0:1"])
      yield* settle(fleet)
      assert.deepStrictEqual(starts(fleet), ["0:1", "1:2"])
    }
  ),
  "46: looking writes nothing": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2)
    yield* both(fleet)
    const { written } = fleet
    for (const seat of fleet.seats) {
      yield* fleet.call(seat, (lock) => Effect.all([lock.status, lock.explain(), lock.history]))
      yield* fleet.call(seat, (lock) => lock.dryRun)
    }
    assert.strictEqual(fleet.written, written)
  }),
  "47: a holder that fails pauses the roll": Effect.fnUntraced(function* () {
    const fleet = yield* fleetOf(2, { run: coming({ 0: ["failed"] }) })
    yield* both(fleet)
    yield* settle(fleet)
    assert.strictEqual(numbers(fleet), "0")
    assert.include((yield* statusOf(fleet, 1)).pause?.reason, "restart on app/0")
  })
}

describe("parity of rolls", () => {
  for (const [name, scene] of Object.entries(scenes)) it.effect(name, scene)

  it.live("26: who asks while another holds begins when that one is done", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      const marks: Array<string> = []
      const hold = (index: number, millis: number) =>
        seatOf(fleet, index).lock.withPermits(1)(() =>
          Effect.gen(function* () {
            marks.push(`start ${index}`)
            yield* Effect.sleep(millis)
            marks.push(`end ${index}`)
          })
        )
      const first = yield* Effect.forkChild(hold(0, 30))
      yield* Effect.sleep(10)
      yield* hold(1, 1)
      yield* Fiber.join(first)
      assert.deepStrictEqual(marks, ["start 0", "end 0", "start 1", "end 1"])
    })
  )

  it.live("29: an error within a section comes out, and the permit is given back", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(1)
      const { lock } = seatOf(fleet, 0)
      const error = yield* Effect.flip(lock.withPermits(1)(() => Effect.fail("oh")))
      assert.strictEqual(error, "oh")
      assert.strictEqual(yield* lock.withPermits(1)(({ token }) => Effect.succeed(token)), 2)
    })
  )

  it.live("30: a wait that takes too long ends as one, and enters nothing", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2)
      yield* fleet.ask(seatOf(fleet, 0))
      yield* steps(fleet, 0)
      let entered = false
      const wait = seatOf(fleet, 1).lock.withPermits(1)(() =>
        Effect.sync(() => {
          entered = true
        })
      )
      assert.strictEqual((yield* Effect.timeoutOption(wait, 20))._tag, "None")
      assert.isFalse(entered)
      assert.notInclude(fleet.own(seatOf(fleet, 1)), "rollcall-section")
    })
  )
})
