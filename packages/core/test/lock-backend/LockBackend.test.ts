// A lock that moves between a leased backend and the peers' registers, one behaviour at a time.
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Option } from "effect"
import { ParticipantId, wording } from "../../src/index.ts"
import { exactly, exclusion } from "./MovingCheckers.ts"
import { MovingFleet, type Seat } from "./MovingFleet.ts"
import { naiveLock } from "./NaiveLock.ts"

const MOVES = {
  whenAway: "move",
  scope: "application",
  awayMillis: 60_000,
  backMillis: 120_000
} as const
const AUDIT = { by: "operator", reason: "maintenance" }

const told = (fleet: MovingFleet) =>
  fleet.history.flatMap((each) => (each._tag === "told" ? [`${each.who}:${each.n}`] : []))

const fleetOf = Effect.fnUntraced(function* (
  size: number,
  options: ConstructorParameters<typeof MovingFleet>[0]
) {
  const fleet = new MovingFleet(options)
  const seats: Array<Seat> = []
  for (let i = 0; i < size; i++) seats.push(yield* fleet.enter())
  yield* fleet.rounds(3)
  return { fleet, seats: seats as [Seat, Seat, Seat] }
})

const words = Effect.fnUntraced(function* (fleet: MovingFleet, seat: Seat) {
  const exit = yield* fleet.call(seat, (lock) => lock.explain())
  assert.strictEqual(exit._tag, "Success")
  return exit._tag === "Success" ? exit.value.map(wording).join("\n") : ""
})

/** An operation of the first participant during which `meanwhile` happens. */
const during = (meanwhile: (fleet: MovingFleet, seat: Seat) => Effect.Effect<void>) => {
  let once = true
  const at = (seat: Seat, point: string): Effect.Effect<void> => {
    if (point !== "in the operation" || seat.id !== "app/0" || !once) return Effect.void
    once = false
    return meanwhile(fleet, seat)
  }
  let fleet: MovingFleet
  return { at, bind: (made: MovingFleet) => void (fleet = made) }
}

/** The etcd-like backend goes away for all but the machine that holds, which stands still, and returns late. */
const staleHolder = (fleet: MovingFleet, seat: Seat) =>
  Effect.gen(function* () {
    const { session } = seat
    seat.stands = true
    if (session !== undefined) session.stalled = true
    fleet.server.away.add("*")
    yield* fleet.rounds(20, 30_000)
    seat.stands = false
    if (session !== undefined) session.stalled = false
  })

describe("a lock that may move", () => {
  it.effect("serves in its preferred backend", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, { policy: MOVES })
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.rounds(4)
      assert.deepStrictEqual(told(fleet), ["app/0:1", "app/1:2"])
      assert.strictEqual(fleet.record()?.backend, "leased")
    })
  )

  it.effect("moves when it is steadily away, and back when it is steadily there", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(3, { policy: MOVES })
      fleet.server.away.add("*")
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.rounds(5, 5_000)
      assert.strictEqual(fleet.record()?.backend, "leased", "a hiccup moves nothing")
      yield* fleet.rounds(20, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      assert.lengthOf(told(fleet), 3)
      fleet.server.away.clear()
      yield* fleet.rounds(3, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers", "nor does it come back at once")
      yield* fleet.rounds(20, 10_000)
      assert.strictEqual(fleet.record()?.backend, "leased")
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.rounds(6)
      assert.lengthOf(told(fleet), 6)
      assert.deepStrictEqual(exclusion(fleet.history), [], "tokens rise across both moves")
    })
  )

  it.effect("waits and says so unless it was told to move", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, {})
      fleet.server.away.add("*")
      yield* fleet.ask(seats[0])
      yield* fleet.rounds(30, 20_000)
      assert.strictEqual(fleet.record()?.backend, "leased")
      assert.match(yield* words(fleet, seats[0]), /in leased, epoch 1: .*does not answer/)
      fleet.server.away.clear()
      yield* fleet.rounds(3)
      assert.deepStrictEqual(told(fleet), ["app/0:1"])
    })
  )

  it.effect("a lock that is shared with others never leaves, and says why", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, { policy: { ...MOVES, scope: "shared" } })
      fleet.server.away.add("*")
      yield* fleet.ask(seats[0])
      yield* fleet.rounds(30, 20_000)
      assert.strictEqual(fleet.record()?.backend, "leased")
      assert.match(yield* words(fleet, seats[0]), /it is shared with others, so it waits/)
      const exit = yield* fleet.call(
        seats[0],
        (lock) => lock.move?.("peers", AUDIT) ?? Effect.succeed(undefined)
      )
      const error = exit._tag === "Failure" ? Cause.findErrorOption(exit.cause) : Option.none()
      assert.strictEqual(Option.getOrUndefined(error)?._tag, "MoveRefused")
    })
  )

  it.effect("C1: while somebody holds the leased lock nobody is granted the peers' one", () =>
    Effect.gen(function* () {
      for (const naive of [naiveLock, undefined]) {
        const meanwhile = during((fleet) =>
          Effect.gen(function* () {
            // the others do not reach it; the holder does, and goes on
            for (const id of ["app/1", "app/2"]) fleet.server.away.add(id)
            yield* fleet.rounds(20, 10_000)
          })
        )
        const parts = { policy: MOVES, at: meanwhile.at }
        const { fleet, seats } = yield* fleetOf(
          3,
          naive === undefined ? parts : { ...parts, naive }
        )
        meanwhile.bind(fleet)
        fleet.lead(seats[1])
        for (const seat of seats) yield* fleet.ask(seat)
        yield* fleet.rounds(30, 10_000)
        const broken = exclusion(fleet.history)
        if (naive === undefined) {
          assert.deepStrictEqual(broken, [])
          assert.lengthOf(told(fleet), 3)
        } else {
          assert.include(broken.join(), "app/1 starts in peers while app/0 runs in leased")
        }
      }
    })
  )

  it.effect("C9: a grant that is left in a backend holds nobody up when the lock comes back", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, { policy: MOVES })
      fleet.server.away.add("*")
      yield* fleet.rounds(20, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      // app/1 is granted and does not run: the lock moves back in between
      yield* fleet.ask(seats[1])
      yield* fleet.step(seats[1])
      yield* fleet.step(seats[0])
      assert.include(grantsOf(fleet), "app/1")
      yield* fleet.call(
        seats[0],
        (lock) => lock.move?.("leased", AUDIT) ?? Effect.succeed(undefined)
      )
      fleet.server.away.clear()
      yield* fleet.rounds(8)
      assert.strictEqual(fleet.record()?.backend, "leased")
      assert.notInclude(grantsOf(fleet), "app/1")
      assert.deepStrictEqual(told(fleet), ["app/1:1"])
    })
  )

  it.effect("scenario 44: no grant until the hold in the lost backend is known gone", () =>
    Effect.gen(function* () {
      let seen = ""
      const meanwhile = during((fleet, seat) =>
        Effect.gen(function* () {
          yield* staleHolder(fleet, seat)
          seen = yield* words(fleet, fleet.seats[1] as Seat)
        })
      )
      const { fleet, seats } = yield* fleetOf(2, { policy: MOVES, at: meanwhile.at })
      meanwhile.bind(fleet)
      fleet.lead(seats[1])
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.step(seats[0])
      assert.match(seen, /moves to peers: app\/1 cannot reach leased; waits for app\/0 \(/)
      const before = fleet.history.filter((each) => each._tag === "start")
      assert.lengthOf(before, 1, "nobody but the stale holder has begun")
      yield* fleet.rounds(20, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      assert.deepStrictEqual(told(fleet).sort(), ["app/0:1", "app/1:2"])
      assert.deepStrictEqual(exclusion(fleet.history), [])
    })
  )

  it.effect("who takes turns while it runs something does not say that it is out", () =>
    Effect.gen(function* () {
      let seen = ""
      const meanwhile = during((fleet, seat) =>
        Effect.gen(function* () {
          fleet.server.away.add("app/1")
          for (let i = 0; i < 20; i++) {
            yield* fleet.rounds(1, 10_000)
            yield* Effect.ignore(seat.lock.step)
          }
          seen = yield* words(fleet, fleet.seats[1] as Seat)
        })
      )
      const { fleet, seats } = yield* fleetOf(2, { policy: MOVES, at: meanwhile.at })
      meanwhile.bind(fleet)
      fleet.lead(seats[1])
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.rounds(30, 10_000)
      assert.match(seen, /waits for app\/0 \(restart runs under token \d+\)/)
      assert.deepStrictEqual(exclusion(fleet.history), [])
      assert.strictEqual(fleet.record()?.backend, "peers")
      assert.deepStrictEqual(told(fleet), ["app/0:1", "app/1:2"])
    })
  )

  it.effect(
    "scenario 28: what is queued when the backend goes is run the exact number of times",
    () =>
      Effect.gen(function* () {
        let ran = 0
        const { fleet, seats } = yield* fleetOf(2, {
          policy: MOVES,
          run: (_, { arguments: given }) =>
            Effect.sync(() => {
              ran++
              const { n } = given as { readonly n: number }
              // the first operation fails always; the backend goes away after its first try
              if (ran === 1) fleet.server.away.add("*")
              return n === 1 ? ("retry-release" as const) : ("release" as const)
            })
        })
        yield* fleet.ask(seats[0], 1)
        yield* fleet.ask(seats[0])
        yield* fleet.ask(seats[0])
        yield* fleet.ask(seats[1])
        yield* fleet.rounds(60, 100_000)
        assert.strictEqual(fleet.record()?.backend, "peers")
        const ends = fleet.history.flatMap((each) => (each._tag === "end" ? [each.n] : []))
        assert.deepStrictEqual(
          [1, 2, 3, 4].map((n) => ends.filter((each) => each === n).length),
          [2, 1, 1, 1]
        )
        assert.deepStrictEqual(exactly(fleet.history), [])
        fleet.server.away.clear()
        yield* fleet.rounds(20, 100_000)
        assert.strictEqual(fleet.record()?.backend, "leased")
        assert.lengthOf(told(fleet), 4, "what the backend still had of them is passed over")
      })
  )

  it.effect("what ended and could not be told is not run again elsewhere", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, {
        policy: MOVES,
        run: () =>
          Effect.sync(() => {
            fleet.server.away.add("*")
            return "release" as const
          })
      })
      yield* fleet.ask(seats[0])
      yield* fleet.rounds(30, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      assert.lengthOf(
        fleet.history.filter(({ _tag }) => _tag === "start"),
        1
      )
      assert.deepStrictEqual(told(fleet), ["app/0:1"])
    })
  )

  it.effect("waits for one that departed with its lease, until an operator has looked", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(3, { policy: MOVES })
      fleet.server.away.add("*")
      fleet.depart(seats[2])
      yield* fleet.ask(seats[0])
      yield* fleet.rounds(30, 10_000)
      assert.strictEqual(fleet.record()?.backend, "leased")
      assert.match(
        yield* words(fleet, seats[0]),
        /waits for app\/2 \(it departed without a word, and leased cannot be read\)/
      )
      const exit = yield* fleet.call(
        seats[0],
        (lock) => lock.attest?.(ParticipantId.make("app/2")) ?? Effect.succeed(false)
      )
      assert.deepStrictEqual(exit._tag === "Success" && exit.value, true)
      yield* fleet.rounds(6)
      assert.strictEqual(fleet.record()?.backend, "peers")
      assert.isAtLeast(fleet.record()?.floor ?? 0, 2 ** 32, "tokens nobody told of are left behind")
      assert.deepStrictEqual(told(fleet), ["app/0:1"])
    })
  )

  it.effect("or for as long as it was told that a departed participant can live", () =>
    Effect.gen(function* () {
      const policy = { ...MOVES, departedMillis: 200_000 }
      const { fleet, seats } = yield* fleetOf(3, { policy })
      fleet.server.away.add("*")
      fleet.depart(seats[2])
      yield* fleet.rounds(15, 10_000)
      assert.strictEqual(fleet.record()?.backend, "leased")
      yield* fleet.rounds(15, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
    })
  )

  it.effect("an operator moves it, and it stays; a move to where it is gives the move up", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, { policy: { ...MOVES, backMillis: 0 } })
      const move = (to: string) =>
        fleet.call(seats[0], (lock) => lock.move?.(to, AUDIT) ?? Effect.succeed(undefined))
      yield* move("peers")
      assert.strictEqual(fleet.record()?.moving?.to, "peers")
      yield* move("leased")
      assert.strictEqual(fleet.record()?.moving, undefined)
      assert.strictEqual(fleet.record()?.epoch, 2)
      yield* move("peers")
      yield* fleet.rounds(20, 10_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      yield* fleet.ask(seats[1])
      yield* fleet.rounds(4)
      assert.deepStrictEqual(told(fleet), ["app/1:1"])
    })
  )

  it.effect("a record that cannot be read stops it, and a move by hand begins it anew", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, { policy: MOVES })
      fleet.spoil()
      yield* fleet.ask(seats[1])
      yield* fleet.rounds(4)
      assert.deepStrictEqual(told(fleet), [])
      assert.include(yield* words(fleet, seats[1]), "where it lives cannot be read")
      yield* fleet.call(
        seats[0],
        (lock) => lock.move?.("leased", AUDIT) ?? Effect.succeed(undefined)
      )
      yield* fleet.rounds(8)
      assert.strictEqual(fleet.record()?.backend, "leased")
      assert.deepStrictEqual(told(fleet), ["app/1:1"])
    })
  )

  it.effect("what is kept between two tries is finished before the lock moves", () =>
    Effect.gen(function* () {
      const { fleet, seats } = yield* fleetOf(2, {
        policy: MOVES,
        run: (_, { attempt }) =>
          Effect.succeed(attempt === 0 ? ("retry-hold" as const) : ("release" as const))
      })
      for (const seat of seats) yield* fleet.ask(seat)
      yield* fleet.step(seats[0])
      yield* fleet.call(
        seats[0],
        (lock) => lock.move?.("peers", AUDIT) ?? Effect.succeed(undefined)
      )
      yield* fleet.rounds(20, 400_000)
      assert.strictEqual(fleet.record()?.backend, "peers")
      const starts = fleet.history.flatMap((each) =>
        each._tag === "start" ? [`${each.n} ${each.backend}`] : []
      )
      assert.deepStrictEqual(starts, ["1 leased", "1 leased", "2 peers", "2 peers"])
    })
  )

  it.effect("an idle step writes nothing", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(3, { policy: MOVES })
      const before = fleet.written
      yield* fleet.rounds(3, 10_000)
      assert.strictEqual(fleet.written, before)
    })
  )
})

const grantsOf = (fleet: MovingFleet): string => {
  const [first] = fleet.present
  const shared = first && fleet.world.view(first.id).groups[0]?.shared
  const grants = JSON.parse(shared?.get("rolling-lock.roll") ?? "{}") as {
    readonly grants?: ReadonlyArray<{ readonly participant: string }>
  }
  return (grants.grants ?? []).map(({ participant }) => participant).join()
}
