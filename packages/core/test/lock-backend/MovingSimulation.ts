// One random life of a lock that moves, replayed by its seed: its preferred backend is cut off from some or all, machines
// stand still and come back with what they held, die, depart while they run, leaders change, an operator moves it by hand;
// then the trouble ends, and what was promised is checked.
import { Effect, Random } from "effect"
import { type OperationResult, wording } from "../../src/index.ts"
import { type Chance, makeChance } from "../rolling-lock/Chance.ts"
import {
  epochs,
  exactly,
  exclusion,
  inOrder,
  served,
  stillIn,
  type Violation
} from "./MovingCheckers.ts"
import { die, MovingFleet, type MovingFleetOptions, type Seat } from "./MovingFleet.ts"

/** What can be replaced by something broken. */
export type Subject = Pick<MovingFleetOptions, "naive">

interface Rates {
  readonly death: number
  readonly interleaving: number
  readonly departure: number
  readonly election: number
  readonly outage: number
  readonly stall: number
  readonly byHand: number
}

/** Lives one life. */
export const live = Effect.fnUntraced(function* (seed: number, subject: Subject = {}) {
  const chance = makeChance(seed)
  const rates = drawRates(chance)
  const explained: Array<Violation> = []
  const fleet: MovingFleet = new MovingFleet({
    ...subject,
    policy: {
      whenAway: "move",
      scope: "application",
      awayMillis: chance.pick([0, 20_000]),
      backMillis: chance.pick([0, 30_000])
    },
    at: (seat, point) =>
      !fleet.calm || seat.gone ? befall(fleet, chance, rates, seat, point, explained) : Effect.void,
    run: (_, call) => Effect.sync(() => resultOf(chance, fleet.calm, call.attempt))
  })
  const size = 2 + chance.below(2)
  for (let i = 0; i < size; i++) yield* fleet.enter()
  const script = Effect.gen(function* () {
    yield* fleet.rounds(chance.below(3))
    const length = 8 + chance.below(12)
    for (let i = 0; i < length; i++) yield* move(fleet, chance, rates, explained)
    fleet.calm = true
    return yield* calm(fleet)
  })
  const quiet = yield* Random.withSeed(script, seed)
  const { history } = fleet
  const violations: ReadonlyArray<Violation> = [
    ...exclusion(history),
    ...exactly(history),
    ...inOrder(history),
    ...epochs(history),
    ...explained,
    ...quiet,
    ...served(history)
  ]
  return { fleet, violations }
})

const drawRates = (chance: Chance): Rates => ({
  death: chance.pick([0, 0.02, 0.08]),
  interleaving: chance.pick([0.1, 0.4]),
  departure: chance.pick([0, 0.02]),
  election: chance.pick([0, 0.03, 0.1]),
  outage: chance.pick([0.05, 0.15]),
  stall: chance.pick([0, 0.2]),
  byHand: chance.pick([0, 0, 0.05])
})

/** What happens at a point inside a call: the others act, the machine stands still or dies, or nothing. */
const befall = (
  fleet: MovingFleet,
  chance: Chance,
  rates: Rates,
  seat: Seat,
  point: string,
  explained: Array<Violation>
): Effect.Effect<void> => {
  const works = point === "in the operation"
  if (fleet.moves > MOST_MOVES && !seat.gone) return Effect.void
  const often = chance.happens(rates.interleaving) ? 1 : 0
  const moves = works ? chance.pick([0, 0, 1, 3, 14]) : often
  if (moves === 0 && !seat.gone && !chance.happens(rates.death)) return Effect.void
  const meanwhile = Effect.gen(function* () {
    const stands = works && chance.happens(rates.stall)
    const { session } = seat
    // what matters most is what happens while somebody holds: then the backend goes away more often
    if (works && chance.happens(rates.outage * 2)) outage(fleet, chance)
    // it is removed while it runs, and goes on where nobody else gets an answer
    if (works && chance.happens(rates.departure * 4) && fleet.present.length > 1) {
      fleet.depart(seat)
      for (const { id } of fleet.present) fleet.server.away.add(id)
    }
    if (stands) {
      seat.stands = true
      if (session !== undefined) session.stalled = true
    }
    for (let i = 0; i < moves; i++) {
      yield* move(fleet, chance, rates, explained)
      // a process that lives takes turns also while it runs something
      if (works && !stands && !seat.gone && chance.happens(0.2)) yield* seat.lock.step
    }
    if (stands) {
      seat.stands = false
      if (session !== undefined) session.stalled = false
    }
    if (seat.gone || moves === 0 || chance.happens(rates.death)) {
      return yield* die(fleet, seat, point)
    }
  })
  return Effect.catch(meanwhile, () => Effect.void)
}

/** One move of somebody who is not busy. */
const move = (
  fleet: MovingFleet,
  chance: Chance,
  rates: Rates,
  explained: Array<Violation>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const free = fleet.present.filter(({ busy }) => !busy)
    fleet.moves++
    fleet.server.advance(chance.below(15_000))
    if (chance.happens(rates.outage)) return outage(fleet, chance)
    if (free.length === 0) return
    const seat = chance.pick(free)
    if (chance.happens(0.2)) {
      yield* fleet.ask(seat, chance.happens(0.7) ? chance.below(3) : undefined)
      return
    }
    if (chance.happens(rates.election)) return fleet.lead(chance.pick(fleet.present))
    if (chance.happens(rates.departure) && fleet.present.length > 1) {
      fleet.depart(chance.pick(fleet.present))
      if (chance.happens(0.5)) yield* fleet.enter()
      return
    }
    if (chance.happens(rates.byHand) && seat.lock.move !== undefined) {
      const to = chance.pick(["leased", "peers"])
      const audit = { by: "operator", reason: "test" }
      yield* fleet.call(seat, (lock) => lock.move?.(to, audit) ?? Effect.void)
      return
    }
    if (chance.happens(0.05)) return yield* explain(fleet, seat, explained)
    if (chance.happens(0.5)) return yield* fleet.step(seat)
    yield* fleet.rounds(1)
  })

const outage = (fleet: MovingFleet, chance: Chance): void => {
  const { away } = fleet.server
  const who = chance.pick(["*", ...fleet.present.map(({ id }) => `${id}`)])
  if (away.has(who)) away.delete(who)
  else away.add(who)
}

/** Whoever asks is told for whom a move waits: for nobody who is out, and for everybody who is not. */
const explain = Effect.fnUntraced(function* (
  fleet: MovingFleet,
  seat: Seat,
  explained: Array<Violation>
) {
  const expected = stillIn(fleet)
  const exit = yield* fleet.call(seat, (lock) =>
    Effect.gen(function* () {
      const place = yield* lock.where ?? Effect.succeed(undefined)
      // others may have moved while it looked
      return { place, same: JSON.stringify(stillIn(fleet)) === JSON.stringify(expected) }
    })
  )
  if (exit._tag === "Failure" || !exit.value.same || exit.value.place === undefined) return
  const { place } = exit.value
  const there = fleet.present.map(({ id }) => id)
  const told = place.waitsFor.flatMap(({ participant, why }) =>
    there.includes(participant) && why !== "" ? [participant] : []
  )
  if (expected !== undefined && told.join() !== expected.join()) {
    explained.push(`waits: for ${expected.join()}, but told was ${told.join()}`)
  }
  const reasons = yield* fleet.call(seat, (lock) => lock.explain())
  if (reasons._tag === "Success" && reasons.value.map(wording).join("") === "") {
    explained.push("waits: without a reason")
  }
})

const resultOf = (chance: Chance, calm: boolean, attempt: number): OperationResult =>
  calm || attempt > 4
    ? "release"
    : chance.pick([
        "release",
        "release",
        "release",
        "retry-release",
        "retry-hold",
        "failed"
      ] as const)

/** Everything answers, time passes and everybody steps until nothing moves; then repeating a step must write nothing. */
const calm = Effect.fnUntraced(function* (fleet: MovingFleet) {
  fleet.server.away.clear()
  let quiet = 0
  for (let round = 0; round < 200; round++) {
    const before = fleet.written + fleet.server.revision
    yield* fleet.rounds(1, 400_000)
    quiet = fleet.written + fleet.server.revision === before ? quiet + 1 : 0
    if (quiet === 2) return []
  }
  return ["L6: it never comes to rest" as Violation]
})

// a life whose every point lets others move would never end
const MOST_MOVES = 24
