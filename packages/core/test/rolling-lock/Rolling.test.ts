// A roll over many, ordered with one write: who runs when, what it costs, and what stops it.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  nativeLockDialect,
  type OperationCall,
  type OperationResult,
  ParticipantId,
  type RollOptions,
  wording
} from "../../src/index.ts"
import { die, Fleet, type FleetOptions, type Seat } from "./Fleet.ts"

const AUDIT = { by: "ana", reason: "a test" }

const fleetOf = Effect.fnUntraced(function* (size: number, options: FleetOptions = {}) {
  const fleet = new Fleet({ limits: { backoff: { baseMillis: 0, capMillis: 0 } }, ...options })
  for (let i = 0; i < size; i++) yield* fleet.enter({ group: i < 2 ? "a" : "b" })
  return fleet
})

const seatOf = (fleet: Fleet, index: number) => fleet.seats[index] as Seat

const roll = (fleet: Fleet, more: Partial<RollOptions> = {}, by = 0) =>
  fleet.call(seatOf(fleet, by), (lock) =>
    lock.roll({ operation: "restart", arguments: { n: ++fleet.asked }, ...more })
  )

const rounds = Effect.fnUntraced(function* (fleet: Fleet, count: number) {
  for (let i = 0; i < count; i++) for (const seat of fleet.present) yield* fleet.step(seat)
})

const starts = (fleet: Fleet) =>
  fleet.history.flatMap((each) => (each._tag === "start" ? [each.who] : []))

const names = (...numbers: ReadonlyArray<number>) =>
  numbers.map((n) => ParticipantId.make(`app/${n}`))

/** Runs whoever is woken, one hook for each that waits to be woken, as Juju does. */
const hooks = Effect.fnUntraced(function* (fleet: Fleet) {
  const woken = new Map<string, number>()
  let count = 0
  for (;;) {
    const next = fleet.present.find(
      ({ id }) => (fleet.world.wakes.get(id) ?? 0) > (woken.get(id) ?? 0)
    )
    if (next === undefined) return count
    woken.set(next.id, (woken.get(next.id) ?? 0) + 1)
    yield* fleet.step(next)
    count++
  }
})

describe("a roll that is ordered", () => {
  it.effect("runs everybody once, in the order of names, one at a time", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(11)
      yield* roll(fleet)
      yield* rounds(fleet, 12)
      assert.deepStrictEqual(
        starts(fleet),
        [...Array(11).keys()].map((n) => `app/${n}`)
      )
    })
  )

  it.effect("runs those that are named, in their order", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(4)
      yield* roll(fleet, { participants: names(3, 0, 2) })
      yield* rounds(fleet, 5)
      assert.deepStrictEqual(starts(fleet), names(3, 0, 2))
    })
  )

  for (const [size, most] of [
    [3, 9],
    [5, 25],
    [10, 100]
  ] as const) {
    it.effect(
      `costs ${size} participants at most ${most} wake-ups, and one write of the leader`,
      () =>
        Effect.gen(function* () {
          const fleet = yield* fleetOf(size)
          fleet.world.wakes.clear()
          yield* roll(fleet)
          // the leader is first, and woken by nobody
          yield* fleet.step(seatOf(fleet, 0))
          const cost = 1 + (yield* hooks(fleet))
          assert.strictEqual(starts(fleet).length, size)
          assert.isAtMost(cost, most)
          const commits = fleet.history.filter(({ _tag }) => _tag === "committed")
          assert.strictEqual(commits.length, 1)
        })
    )
  }

  it.effect("tells its history although the leader wrote nothing more", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      yield* roll(fleet)
      for (const seat of [...fleet.seats, ...fleet.seats]) {
        fleet.nowMillis += 1_000
        yield* fleet.step(seat)
      }
      const history = yield* seatOf(fleet, 2).lock.history
      assert.deepStrictEqual(
        history.map(({ event, participant }) => `${participant} ${event}`),
        ["app/0 done", "app/1 done", "app/2 done"]
      )
      const times = history.map(({ sinceMillis = 0 }) => sinceMillis)
      assert.isAbove(times[1] ?? 0, times[0] ?? 0)
      assert.deepStrictEqual((yield* seatOf(fleet, 0).lock.status).grants, [])
    })
  )

  it.effect(
    "holds as many at once as permits allow, and is granted turn by turn within groups",
    () =>
      Effect.gen(function* () {
        let running = 0
        let most = 0
        const inGroups = { limits: { permits: 3, perGroup: 1 } }
        for (const [options, expected] of [
          [{ limits: { permits: 2 } }, 2],
          [inGroups, 2]
        ] as const) {
          most = 0
          const fleet: Fleet = yield* fleetOf(4, {
            ...options,
            run: () =>
              Effect.gen(function* () {
                most = Math.max(most, ++running)
                if (running === 1) {
                  for (const seat of fleet.present) if (!seat.busy) yield* fleet.step(seat)
                }
                running--
                return "release" as const
              })
          })
          yield* rounds(fleet, 1)
          yield* roll(fleet)
          yield* rounds(fleet, 8)
          assert.strictEqual(starts(fleet).length, 4)
          assert.strictEqual(most, expected)
        }
      })
  )

  it.effect("leaves out whose register cannot be read, and says so", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      fleet.corrupt(seatOf(fleet, 1), "{")
      const exit = yield* roll(fleet)
      const ordered = exit._tag === "Success" ? exit.value : undefined
      assert.deepStrictEqual(ordered?.participants, names(0, 2))
      assert.deepStrictEqual([...(ordered?.quarantined.keys() ?? [])], names(1))
      yield* rounds(fleet, 4)
      assert.deepStrictEqual(starts(fleet), names(0, 2))
    })
  )

  it.effect(
    "takes its place behind what was asked for before, and before what is asked for later",
    () =>
      Effect.gen(function* () {
        const fleet = yield* fleetOf(3)
        yield* fleet.ask(seatOf(fleet, 2))
        yield* roll(fleet)
        yield* fleet.ask(seatOf(fleet, 1))
        yield* rounds(fleet, 8)
        const ran = fleet.history.flatMap((each) =>
          each._tag === "start" ? [`${each.who}:${each.n}`] : []
        )
        assert.deepStrictEqual(ran, ["app/2:1", "app/0:2", "app/1:2", "app/2:2", "app/1:3"])
      })
  )

  it.effect("is merged with the same request that waits at the end of a queue, both ways", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      const same = { operation: "restart", arguments: { n: 7 } }
      yield* fleet.call(seatOf(fleet, 2), (lock) => lock.request(same))
      yield* roll(fleet, same)
      yield* rounds(fleet, 6)
      assert.deepStrictEqual(starts(fleet), names(2, 0, 1))
      // an order is seen, and then asked for once more, before its turn has come
      fleet.history.length = 0
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.pause(AUDIT))
      yield* roll(fleet, same)
      const asked = yield* fleet.call(seatOf(fleet, 1), (lock) => lock.request(same))
      assert.isTrue(asked._tag === "Success" && asked.value.merged)
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 6)
      assert.deepStrictEqual(starts(fleet), names(0, 1, 2))
    })
  )

  it.effect("loses no turn of whoever asks for something else before it has seen the order", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      yield* roll(fleet)
      // written as if the order had not been seen: the ticket is the order's own number
      const own = {
        v: 1,
        last: 1,
        queue: [{ ticket: 1, operation: "restart", arguments: '{"n":9}' }]
      }
      const place = { _tag: "own", group: "peers:0" } as const
      const value = JSON.stringify(own)
      fleet.world.commit(seatOf(fleet, 1).id, [{ place, key: "rolling-lock.roll", value }])
      yield* rounds(fleet, 8)
      const ran = fleet.history.flatMap((each) =>
        each._tag === "start" ? [`${each.who}:${each.n}`] : []
      )
      assert.deepStrictEqual(ran, ["app/0:1", "app/1:1", "app/2:1", "app/1:9"])
    })
  )
})

describe("a roll that was ordered", () => {
  it.effect("goes on without a participant that departs, also one that holds", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(5)
      yield* roll(fleet)
      yield* fleet.step(seatOf(fleet, 0))
      fleet.depart(seatOf(fleet, 1))
      fleet.depart(seatOf(fleet, 3))
      yield* rounds(fleet, 4)
      assert.deepStrictEqual(starts(fleet), names(0, 2, 4))
    })
  )

  it.effect("goes on with another leader when its own is gone, at any point", () =>
    Effect.gen(function* () {
      for (let point = 0; point < 5; point++) {
        const fleet = yield* fleetOf(4)
        yield* roll(fleet, { participants: names(2, 0, 3, 1) })
        for (const i of [2, 0, 3, 1].slice(0, point)) yield* fleet.step(seatOf(fleet, i))
        fleet.depart(seatOf(fleet, 0))
        yield* rounds(fleet, 6)
        const others = starts(fleet).filter((who) => who !== "app/0")
        assert.deepStrictEqual(others, names(2, 3, 1))
      }
    })
  )

  it.effect("stops at a failure, and goes on behind it when resumed", () =>
    Effect.gen(function* () {
      const run = (seat: Seat): Effect.Effect<OperationResult> =>
        Effect.succeed(seat.id === "app/1" ? "failed" : "release")
      const fleet = yield* fleetOf(4, { run })
      yield* roll(fleet)
      yield* rounds(fleet, 6)
      assert.deepStrictEqual(starts(fleet), names(0, 1))
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 4)
      assert.deepStrictEqual(starts(fleet), names(0, 1, 2, 3))
    })
  )

  it.effect("tries again what asks for it, after the others or at once, up to its bound", () =>
    Effect.gen(function* () {
      const run = (seat: Seat, { attempt }: OperationCall): Effect.Effect<OperationResult> =>
        Effect.succeed(
          seat.id === "app/0" && attempt < 2
            ? "retry-release"
            : seat.id === "app/1" && attempt < 1
              ? "retry-hold"
              : "release"
        )
      const fleet = yield* fleetOf(3, { run })
      yield* roll(fleet, { maxRetries: 2 })
      yield* rounds(fleet, 10)
      assert.deepStrictEqual(starts(fleet), names(0, 1, 1, 2, 0, 0))
      assert.isUndefined((yield* seatOf(fleet, 0).lock.status).pause)
    })
  )

  it.effect("waits while it is paused", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(3)
      yield* roll(fleet)
      yield* fleet.step(seatOf(fleet, 0))
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.pause(AUDIT))
      yield* rounds(fleet, 3)
      assert.deepStrictEqual(starts(fleet), names(0))
      const why = yield* seatOf(fleet, 1).lock.explain()
      assert.include(why.map(wording).join(), "paused by ana")
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 3)
      assert.deepStrictEqual(starts(fleet), names(0, 1, 2))
    })
  )

  it.effect("goes on without a turn that its participant cancels, or that was ended by force", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(4)
      yield* roll(fleet)
      const cancelled = yield* fleet.call(seatOf(fleet, 1), (lock) => lock.cancel())
      assert.strictEqual(cancelled._tag === "Success" ? cancelled.value.length : 0, 1)
      yield* fleet.call(seatOf(fleet, 0), (lock) =>
        lock.forceRelease(ParticipantId.make("app/2"), AUDIT)
      )
      yield* fleet.call(seatOf(fleet, 0), (lock) => lock.resume(AUDIT))
      yield* rounds(fleet, 6)
      assert.deepStrictEqual(starts(fleet), names(0, 3))
      yield* rounds(fleet, 2)
      assert.deepStrictEqual((yield* seatOf(fleet, 0).lock.status).waiters, [])
    })
  )

  it.effect(
    "runs no turn twice when a process dies after it ran, or a register is begun anew",
    () =>
      Effect.gen(function* () {
        let deaths = 0
        const fleet: Fleet = yield* fleetOf(3, {
          at: (seat, point) => {
            const ran = fleet.history.some(({ _tag }) => _tag === "end")
            return seat.id === "app/1" && ran && point === "before the commit" && deaths++ < 2
              ? die(fleet, seat, point)
              : Effect.void
          }
        })
        yield* roll(fleet)
        yield* rounds(fleet, 4)
        fleet.corrupt(seatOf(fleet, 2), "{")
        yield* rounds(fleet, 4)
        assert.isAtLeast(deaths, 2)
        assert.deepStrictEqual(starts(fleet), names(0, 1, 2))
        yield* roll(fleet)
        yield* rounds(fleet, 4)
        assert.deepStrictEqual(starts(fleet), names(0, 1, 2, 0, 1, 2))
      })
  )

  it.effect("is not run in the process that granted it where commits wait for its end", () =>
    Effect.gen(function* () {
      const fleet = yield* fleetOf(2, { options: { commitsAtEnd: true } })
      yield* roll(fleet)
      yield* fleet.step(seatOf(fleet, 0))
      assert.deepStrictEqual(starts(fleet), [])
      const exit = yield* fleet.step(seatOf(fleet, 0))
      assert.isDefined(exit._tag === "Success" ? exit.value.wakeAtMillis : undefined)
      yield* fleet.boot(seatOf(fleet, 0))
      yield* rounds(fleet, 2)
      assert.deepStrictEqual(starts(fleet), names(0, 1))
    })
  )
})

describe("a roll is refused, and nothing is written,", () => {
  const refused = Effect.fnUntraced(function* (
    fleet: Fleet,
    options: Partial<RollOptions>,
    expected: string,
    by = 0
  ) {
    const { written } = fleet
    const exit = yield* roll(fleet, options, by)
    assert.include(String(exit), expected)
    assert.strictEqual(fleet.written, written)
  })

  const cases: Readonly<Record<string, readonly [Partial<RollOptions>, string]>> = {
    "of nobody": [{ participants: [] }, "participants"],
    "of somebody unknown": [{ participants: names(0, 7) }, "1 to 999 of app/0, app/1"],
    "of somebody twice": [{ participants: names(0, 0) }, "each once"],
    "of an unknown operation": [{ operation: "reboot" }, "one of restart"],
    "with half a retry": [{ maxRetries: 0.5 }, "maxRetries"],
    "with arguments that are not JSON": [{ arguments: { n: Number.NaN } }, "arguments"],
    "with more permits than there are": [{ permits: 2 }, "permits"]
  }
  for (const [name, [options, expected]] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        yield* refused(yield* fleetOf(2), options, expected)
      })
    )
  }

  it.effect("where this participant does not lead", () =>
    Effect.gen(function* () {
      yield* refused(yield* fleetOf(2), {}, "NotLeader", 1)
    })
  )

  it.effect("in a wire format that carries no orders, and says what to do", () =>
    Effect.gen(function* () {
      const { orders: _, ...dialect } = nativeLockDialect("roll")
      const fleet = yield* fleetOf(2, { options: { dialect } })
      yield* refused(fleet, {}, "RollUnsupported")
    })
  )
})
