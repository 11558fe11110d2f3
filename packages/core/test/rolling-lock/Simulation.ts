// One random life of a fleet, replayed by its seed: participants ask, step, die, depart and arrive, leaders change,
// registers are corrupted, journals lost, clocks a day apart; then the trouble ends and what was promised is checked.
import { Data, Effect, Random } from "effect"
import type { GrantPolicy, OperationResult } from "../../src/index.ts"
import { type Chance, makeChance } from "./Chance.ts"
import { answers, exclusion, fencing, order, served, type Violation } from "./Checkers.ts"
import { die, Fleet, type Saboteur, type Seat } from "./Fleet.ts"

/** What can be replaced by something broken. */
export interface Subject {
  readonly policy?: GrantPolicy
  readonly store?: Saboteur
  readonly amnesia?: boolean
}

/** What one life came to. */
export interface Life {
  readonly fleet: Fleet
  readonly violations: ReadonlyArray<Violation>
}

/** Lives one life. */
export const live = Effect.fnUntraced(function* (seed: number, subject: Subject = {}) {
  const chance = makeChance(seed)
  const rates = drawRates(chance)
  const allowed = drawAllowed(chance)
  const fleet: Fleet = new Fleet({
    ...subject,
    limits: {
      ...allowed,
      ahead: allowed.perGroup === undefined ? chance.pick([0, 0, 2]) : 0,
      failures: chance.pick([1, 2, Number.POSITIVE_INFINITY]),
      settleMillis: chance.pick([0, 0, 60_000])
    },
    at: (seat, point) =>
      !fleet.calm || seat.gone ? befall(fleet, chance, rates, seat, point) : Effect.void,
    run: (seat, call) =>
      Effect.andThen(
        fleet.calm || !chance.happens(0.05) ? Effect.void : followUp(fleet, seat),
        operation(chance, !fleet.calm, call.attempt)
      )
  })
  const size = 2 + chance.below(4)
  for (let i = 0; i < size; i++) yield* arrive(fleet, chance)
  const script = Effect.gen(function* () {
    const length = 15 + chance.below(30)
    for (let i = 0; i < length; i++) yield* move(fleet, chance, rates)
    fleet.calm = true
    const quiet = yield* calm(fleet)
    return [...quiet, ...served(fleet.history)]
  })
  const ends = yield* Random.withSeed(script, seed)
  const violations = [
    ...exclusion(fleet.history, allowed),
    ...fencing(fleet.history),
    ...order(fleet.history, allowed),
    ...answers(fleet.history),
    ...ends
  ]
  return { fleet, violations } satisfies Life
})

interface Rates {
  readonly death: number
  readonly interleaving: number
  readonly departure: number
  readonly election: number
  readonly corruption: number
  readonly amnesia: number
  readonly force: number
}

const drawRates = (chance: Chance): Rates => ({
  death: chance.pick([0, 0.02, 0.1]),
  interleaving: chance.pick([0.1, 0.4]),
  departure: chance.pick([0, 0.02]),
  election: chance.pick([0, 0.03, 0.1]),
  corruption: chance.pick([0, 0, 0.03]),
  amnesia: chance.pick([0, 0, 0.03]),
  force: chance.pick([0, 0, 0.03])
})

const drawAllowed = (chance: Chance) => {
  const permits = chance.pick([1, 1, 2, 3])
  return { permits, perGroup: permits > 1 && chance.happens(0.4) ? 1 : undefined }
}

const arrive = (fleet: Fleet, chance: Chance): Effect.Effect<Seat> =>
  Effect.orDie(
    fleet.enter({
      group: chance.pick(["a", "b", "c"]),
      skewMillis: chance.below(172_800_000) - 86_400_000
    })
  )

/** What happens at a point inside a call: the others act, the process dies, or nothing. */
const befall = (
  fleet: Fleet,
  chance: Chance,
  rates: Rates,
  seat: Seat,
  point: string
): Effect.Effect<void> => {
  const often = chance.happens(rates.interleaving) ? 1 : 0
  const moves = point === "in the operation" ? chance.pick([0, 0, 1, 2, 8]) : often
  if (moves === 0 && !seat.gone && !chance.happens(rates.death)) return Effect.void
  return Effect.gen(function* () {
    for (let i = 0; i < moves; i++) yield* move(fleet, chance, rates)
    if (seat.gone || moves === 0 || chance.happens(rates.death)) {
      return yield* die(fleet, seat, point)
    }
  })
}

/** One move of somebody who is not busy. */
const move = (fleet: Fleet, chance: Chance, rates: Rates): Effect.Effect<void> =>
  Effect.gen(function* () {
    const free = fleet.present.filter(({ busy }) => !busy)
    if (free.length === 0) return
    const seat = chance.pick(free)
    fleet.nowMillis += chance.below(20_000)
    if (chance.happens(0.25)) {
      yield* fleet.ask(seat, {
        ...(chance.happens(0.7) ? { maxRetries: chance.below(3) } : {}),
        ...(chance.happens(0.25) ? { priority: chance.below(3) } : {}),
        ...(chance.happens(0.1) ? { deadlineMillis: 1 + chance.below(100_000) } : {})
      })
      return
    }
    if (chance.happens(0.04)) return yield* cancel(fleet, chance, seat)
    if (chance.happens(rates.election)) return fleet.lead(chance.pick(fleet.present))
    if (chance.happens(rates.departure) && fleet.present.length > 1) {
      fleet.depart(chance.pick(fleet.present))
      if (chance.happens(0.5)) yield* arrive(fleet, chance)
      return
    }
    if (chance.happens(rates.corruption)) {
      return fleet.corrupt(
        chance.pick(fleet.present),
        chance.pick(["{", "[]", '{"v":9}', "\u0000"])
      )
    }
    if (chance.happens(rates.amnesia)) return fleet.forget(chance.pick(fleet.present))
    if (chance.happens(rates.force)) return yield* force(fleet, chance, seat)
    yield* fleet.step(seat)
  })

const AUDIT = { by: "operator", reason: "test" }

const force = Effect.fnUntraced(function* (fleet: Fleet, chance: Chance, seat: Seat) {
  const target = chance.pick(fleet.present)
  yield* fleet.call(seat, (lock) => lock.forceRelease(target.id, AUDIT))
})

/** An operation that asks for another one: its own call is still under way. */
const followUp = (fleet: Fleet, seat: Seat) => {
  const n = ++fleet.asked
  const happening = { _tag: "asked" as const, who: seat.id, n, sure: false, ticket: 0 }
  fleet.history.push(happening)
  return Effect.ignore(
    Effect.map(seat.lock.request({ operation: "restart", arguments: { n } }), ({ ticket }) => {
      happening.sure = true
      happening.ticket = ticket
    })
  )
}

const cancel = Effect.fnUntraced(function* (fleet: Fleet, chance: Chance, seat: Seat) {
  // a ticket names its request for as long as the register lives
  const since = fleet.history.findLastIndex(
    (each) => each._tag === "corrupted" && each.who === seat.id
  )
  const own = fleet.history
    .slice(since + 1)
    .flatMap((each) =>
      each._tag === "asked" && each.who === seat.id && each.ticket > 0 ? [each] : []
    )
  if (own.length === 0) return
  const asked = chance.pick(own)
  const { sure } = asked
  asked.sure = false
  const exit = yield* fleet.call(seat, (lock) => lock.cancel(asked.ticket))
  if (exit._tag === "Failure") return
  // what was not there any more, or is being tried, is not taken back
  if (exit.value.length === 0) asked.sure = sure
  else fleet.history.push({ _tag: "cancelled", who: seat.id, n: asked.n })
})

const operation = (
  chance: Chance,
  trouble: boolean,
  attempt: number
): Effect.Effect<OperationResult, Error> => {
  if (!trouble || attempt > 4) return Effect.succeed("release")
  const result = chance.pick([
    "release",
    "release",
    "release",
    "retry-release",
    "retry-hold",
    "failed",
    "thrown"
  ] as const)
  return result === "thrown"
    ? Effect.fail(new Thrown({ message: "thrown" }))
    : Effect.succeed(result)
}

/** Time passes and everybody steps until nothing moves; then repeating a step must write nothing (L6). */
const calm = Effect.fnUntraced(function* (fleet: Fleet) {
  for (let round = 0; round < 400; round++) {
    const before = fleet.written
    fleet.nowMillis += 400_000
    for (const seat of fleet.present) yield* fleet.step(seat)
    if (fleet.shared?.includes('"pause"')) {
      for (const seat of fleet.present) yield* fleet.call(seat, (lock) => lock.resume(AUDIT))
    }
    if (fleet.written === before) return []
  }
  return ["L6: it never comes to rest" as Violation]
})

class Thrown extends Data.TaggedError("Thrown")<{ readonly message: string }> {}
