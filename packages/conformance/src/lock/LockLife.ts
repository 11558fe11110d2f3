// One random life of a fleet that takes turns, replayed by its seed: participants ask, order, step, die, depart and
// arrive, leaders change, also within a step, stores fail, show what is old, or lose an answer, hooks are rolled back after
// the operation ran, registers are corrupted, journals lost, clocks a day apart and drifting; then the trouble ends, and
// what was promised is checked.
import type { GrantPolicy, LockLimits, OperationResult } from "@rollcall/core"
import { Data, Effect, Random } from "effect"
import { type Chance, makeChance } from "../Chance.ts"
import type { Violation } from "../Check.ts"
import type { WorldFactory } from "../World.ts"
import { oneSided } from "../World.ts"
import { answers, exclusion, fencing, order, outspoken, served } from "./LockCheckers.ts"
import { LockFleet, type LockFleetParts } from "./LockFleet.ts"
import { type LockHistory, tellLock } from "./LockHistory.ts"
import { drawRates, type LockRates, staleView } from "./LockMisfortune.ts"
import { die, type LockSeat } from "./LockSeat.ts"

/** What is simulated, over what. */
export interface LockSimulationOptions {
  readonly seed: number
  readonly world: WorldFactory
  /** Whether others can act while a step of the world is under way; they can unless told otherwise. */
  readonly overlaps?: boolean
  readonly policy?: GrantPolicy
  readonly amnesia?: boolean
  readonly lock?: LockFleetParts["lock"]
}

/** What one life came to. */
export interface LockLife {
  readonly history: LockHistory
  readonly violations: ReadonlyArray<Violation>
  /** The history in words, with the violations at its end. */
  readonly told: () => string
}

/** Lives one life. */
export const simulateLock = Effect.fnUntraced(function* (options: LockSimulationOptions) {
  const { amnesia = false, lock, overlaps = true, policy, seed } = options
  const chance = makeChance(seed)
  const world = yield* options.world(oneSided)
  const rates = drawRates(chance)
  const limits = drawLimits(chance)
  const hooks = chance.happens(0.5)
  const fleet: LockFleet = new LockFleet({
    world,
    side: oneSided.mirrorSide,
    hooks,
    limits,
    amnesia,
    ...(policy === undefined ? {} : { policy }),
    ...(lock === undefined ? {} : { lock }),
    at: (seat, point) => {
      if (fleet.calm && !seat.gone) return Effect.void
      const open = hooks ? point !== "after the commit" : point === "before the commit"
      return overlaps || !open
        ? befall(fleet, chance, rates, seat, point)
        : befallStep(fleet, chance, rates, seat, point)
    },
    fault: () => {
      if (fleet.calm || !chance.happens(rates.storeFault)) return undefined
      return chance.pick(["no answer", "lost answer"] as const)
    },
    ...(rates.staleness === 0
      ? {}
      : { shows: staleView(() => !fleet.calm && chance.happens(rates.staleness)) }),
    run: (seat, { attempt }) =>
      Effect.andThen(
        fleet.calm || !chance.happens(0.05) ? Effect.void : followUp(fleet, seat),
        operation(chance, !fleet.calm, attempt)
      )
  })
  const size = 2 + chance.below(4)
  for (let i = 0; i < size; i++) yield* arrive(fleet, chance)
  const script = Effect.gen(function* () {
    const length = 10 + chance.below(20)
    for (let i = 0; i < length; i++) yield* move(fleet, chance, rates)
    fleet.calm = true
    return [...(yield* calm(fleet)), ...served(fleet.history)]
  })
  const ends = yield* Random.withSeed(script, seed)
  const { history } = fleet
  const violations = [
    ...exclusion(history, limits),
    ...fencing(history),
    ...order(history, limits),
    ...answers(history),
    ...outspoken(history),
    ...ends
  ]
  const told = () =>
    [tellLock(history), ...violations.map((each) => `${each.guarantee}: ${each.detail}`)].join("\n")
  return { history, violations, told } satisfies LockLife
})

const drawLimits = (chance: Chance) => {
  const permits = chance.pick([1, 1, 2, 3])
  const perGroup = permits > 1 && chance.happens(0.4) ? 1 : undefined
  return {
    permits,
    perGroup,
    ahead: perGroup === undefined ? chance.pick([0, 0, 2]) : 0,
    failures: chance.pick([1, 2, Number.POSITIVE_INFINITY]),
    settleMillis: chance.pick([0, 0, 60_000])
  } satisfies Partial<LockLimits>
}

const arrive = (fleet: LockFleet, chance: Chance): Effect.Effect<LockSeat> =>
  fleet.enter({
    group: chance.pick(["a", "b", "c"]),
    skewMillis: chance.below(172_800_000) - 86_400_000,
    drift: chance.pick([0, 0, 0.1, -0.1])
  })

/** What happens at a point inside a call: the others act, the process dies, or nothing. */
const befall = (
  fleet: LockFleet,
  chance: Chance,
  rates: LockRates,
  seat: LockSeat,
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

/** What happens within a step that lets nobody else act: the process dies, or another one leads. */
const befallStep = (
  fleet: LockFleet,
  chance: Chance,
  rates: LockRates,
  seat: LockSeat,
  point: string
): Effect.Effect<void> => {
  if (chance.happens(rates.death)) return die(fleet, seat, point)
  return chance.happens(rates.election) ? fleet.lead(chance.pick(fleet.present)) : Effect.void
}

/** One move of somebody who is not busy. */
const move = (fleet: LockFleet, chance: Chance, rates: LockRates): Effect.Effect<void> =>
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
    if (chance.happens(rates.order)) {
      yield* fleet.roll(seat, chance.happens(0.7) ? { maxRetries: chance.below(3) } : {})
      return
    }
    if (chance.happens(rates.election)) return yield* elect(fleet, chance)
    if (chance.happens(rates.departure) && fleet.present.length > 1) {
      yield* fleet.depart(chance.pick(fleet.present))
      if (chance.happens(0.5)) yield* arrive(fleet, chance)
      return
    }
    if (chance.happens(rates.corruption)) {
      return yield* fleet.corrupt(
        chance.pick(fleet.present),
        chance.pick(["{", "[]", '{"v":9}', "\u0000"])
      )
    }
    if (chance.happens(rates.amnesia)) return fleet.forget(chance.pick(fleet.present))
    if (chance.happens(rates.force)) {
      const target = chance.pick(fleet.present)
      yield* fleet.call(seat, (lock) => lock.forceRelease(target.id, AUDIT))
      return
    }
    yield* fleet.step(seat)
  })

/** Another one leads; now and then the old one again right after it. */
const elect = Effect.fnUntraced(function* (fleet: LockFleet, chance: Chance) {
  yield* fleet.lead(chance.pick(fleet.present))
  if (chance.happens(0.3)) yield* fleet.lead(chance.pick(fleet.present))
})

const AUDIT = { by: "operator", reason: "test" }

/** An operation that asks for another one: its own call is still under way. */
const followUp = (fleet: LockFleet, seat: LockSeat) => {
  const n = ++fleet.asked
  const happening = { _tag: "asked" as const, who: seat.id, n, sure: false, ticket: 0 }
  fleet.history.push(happening)
  const asked = seat.lock.request({ operation: "restart", arguments: { n } })
  return Effect.ignore(
    Effect.tap(asked, ({ ticket }) =>
      Effect.sync(() => {
        // in a hook it is written when the hook ends well, and it may not
        happening.sure = fleet.parts.hooks !== true
        happening.ticket = ticket
      })
    ).pipe(
      Effect.tapError(() =>
        Effect.sync(() => {
          seat.fault = undefined
        })
      )
    )
  )
}

const cancel = Effect.fnUntraced(function* (fleet: LockFleet, chance: Chance, seat: LockSeat) {
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
): Effect.Effect<OperationResult, Thrown> => {
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
const calm = Effect.fnUntraced(function* (fleet: LockFleet) {
  for (let round = 0; round < 400; round++) {
    const before = fleet.written
    fleet.nowMillis += 400_000
    for (const seat of fleet.present) yield* fleet.step(seat)
    if (fleet.shared?.includes('"pause"')) {
      for (const seat of fleet.present) yield* fleet.call(seat, (lock) => lock.resume(AUDIT))
    }
    if (fleet.written === before) return []
  }
  return [{ guarantee: "L6", detail: "it never comes to rest" } as const]
})

class Thrown extends Data.TaggedError("Thrown")<{ readonly message: string }> {}
