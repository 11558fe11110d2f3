// Where the checks of a lock play: a fleet over the world under test, as processes that live or in hooks, and the moves
// that checks share.
import type { GrantPolicy } from "@rollcall/core"
import { Effect, Random, type Scope } from "effect"
import type { Capability } from "../Capability.ts"
import type { Check, GuaranteeId, Violation } from "../Check.ts"
import { oneSided, type WorldFactory } from "../World.ts"
import { LockFleet, type LockFleetParts } from "./LockFleet.ts"
import { die, type LockSeat } from "./LockSeat.ts"

/** Everything the suite of a lock is run on. */
export interface LockTrial {
  readonly world: WorldFactory
  readonly policy?: GrantPolicy
  readonly amnesia?: boolean
  readonly lock?: LockFleetParts["lock"]
}

/** One statement about a lock, to be checked with processes that live and with hooks. */
export interface LockStatement {
  readonly guarantee: GuaranteeId
  readonly states: string
  readonly needs?: ReadonlyArray<Capability>
  /** Whether others act while an operation runs: in a hook, while its step is under way. */
  readonly overlaps?: boolean
  readonly run: (stage: LockStage) => Effect.Effect<ReadonlyArray<string>, unknown, Scope.Scope>
}

/** Makes fleets for one check. */
export interface LockStage {
  /** A fleet of that many, with a day between the clocks of each two, none of them woken yet. */
  readonly fleet: (
    size: number,
    parts?: Partial<Omit<LockFleetParts, "world" | "side" | "hooks">>
  ) => Effect.Effect<LockFleet, never, Scope.Scope>
}

/** The checks of statements, each in both manners. */
export const lockChecksOf = (
  statements: ReadonlyArray<LockStatement>
): ReadonlyArray<Check<LockTrial>> =>
  statements.flatMap(({ guarantee, needs = [], overlaps = false, run, states }) =>
    ([false, true] as const).map((hooks) => ({
      guarantee,
      states: `${states}, ${hooks ? "in hooks" : "in processes that live"}`,
      needs: ["one-sided", ...(overlaps && hooks ? (["steps-overlap"] as const) : []), ...needs],
      run: (trial: LockTrial) => run(stageOf(trial, hooks)).pipe(Random.withSeed(1))
    }))
  )

const stageOf = (trial: LockTrial, hooks: boolean): LockStage => ({
  fleet: (size, parts = {}) =>
    Effect.gen(function* () {
      const { amnesia = false, lock, policy } = trial
      const world = yield* trial.world(oneSided)
      const limits = { backoff: { baseMillis: 0, capMillis: 0 }, ...parts.limits }
      const fleet = new LockFleet({
        ...(policy === undefined ? {} : { policy }),
        ...(lock === undefined ? {} : { lock }),
        amnesia,
        ...parts,
        limits,
        world,
        hooks,
        side: oneSided.mirrorSide
      })
      for (let i = 0; i < size; i++) {
        yield* fleet.enter({ group: i % 2 === 0 ? "a" : "b", skewMillis: (i % 3) * DAY - DAY })
      }
      yield* world.settle
      return fleet
    })
})

const DAY = 86_400_000

/** The seat of that number. */
export const seatOf = (fleet: LockFleet, index: number): LockSeat => {
  const seat = fleet.seats[index]
  if (seat === undefined) throw new RangeError(`there is no seat ${index}`)
  return seat
}

/** Everybody asks for one restart. */
export const askAll = (fleet: LockFleet) =>
  Effect.forEach(fleet.present, (seat) => fleet.ask(seat), { discard: true })

/** Everybody who is free steps, in turn, for so many rounds or until a whole round writes nothing. */
export const rounds = Effect.fnUntraced(function* (fleet: LockFleet, most = 60) {
  for (let round = 0; round < most; round++) {
    const before = fleet.written
    for (const seat of fleet.present) {
      if (seat.busy) continue
      yield* fleet.step(seat)
      yield* fleet.parts.world.settle
    }
    if (fleet.written === before) return
  }
})

/** Who began, in order, and what. */
export const startsOf = (fleet: LockFleet): ReadonlyArray<string> =>
  fleet.history.flatMap((each) => (each._tag === "start" ? [`${each.who}:${each.n}`] : []))

/** The details of violations of one guarantee. */
export const detailsOf = (
  guarantee: GuaranteeId,
  violations: ReadonlyArray<Violation>
): ReadonlyArray<string> =>
  violations.flatMap((each) => (each.guarantee === guarantee ? [each.detail] : []))

/** An operator's word. */
export const AUDIT = { by: "ana", reason: "a test" }

/**
 * Lives one roll of three once for every point at which a process can die, dying there once, and returns what `check`
 * finds in these lives; in the last of them nobody dies.
 */
export const dyingEverywhere = (
  stage: LockStage,
  check: (fleet: LockFleet) => Effect.Effect<ReadonlyArray<string>, unknown>
) =>
  Effect.gen(function* () {
    const problems: Array<string> = []
    for (let n = 0; n < MOST_POINTS; n++) {
      let left = n
      let where: string | undefined
      const fleet: LockFleet = yield* stage.fleet(3, {
        at: (seat, point) => {
          if (left-- !== 0) return Effect.void
          where = `${seat.id} died ${point}`
          return die(fleet, seat, point)
        }
      })
      yield* fleet.ask(seatOf(fleet, 1))
      yield* fleet.roll(seatOf(fleet, 0))
      yield* fleet.ask(seatOf(fleet, 2))
      yield* rounds(fleet, 15)
      const found = yield* check(fleet)
      problems.push(...found.map((each) => `${where ?? "nobody died"}: ${each}`))
      if (where === undefined) return problems
    }
    return [...problems, `it passes more than ${MOST_POINTS} points before it comes to rest`]
  })

const MOST_POINTS = 200
