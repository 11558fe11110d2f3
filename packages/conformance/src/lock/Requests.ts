// L3, L4 and L7: what becomes of a request, and how often it runs.
import { Effect } from "effect"
import { unmet } from "../Check.ts"
import { answers, order } from "./LockCheckers.ts"
import type { LockFleet } from "./LockFleet.ts"
import { die } from "./LockSeat.ts"
import {
  askAll,
  detailsOf,
  dyingEverywhere,
  type LockStatement,
  rounds,
  seatOf,
  startsOf
} from "./LockStage.ts"

const ONE = { permits: 1, perGroup: undefined }

/** Statements about requests. **Guarantee** L3, L4, L7 */
export const requestStatements: ReadonlyArray<LockStatement> = [
  {
    guarantee: "L3",
    states:
      "what was cancelled does not run, before it is granted, granted, or ordered and not seen yet",
    run: (stage) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const moment of ["asked", "granted", "ordered"] as const) {
          const fleet = yield* stage.fleet(3)
          const [leader, seat] = [seatOf(fleet, 0), seatOf(fleet, 1)]
          if (moment === "ordered") yield* fleet.roll(leader)
          else yield* fleet.ask(seat)
          if (moment === "granted") yield* fleet.step(leader)
          const exit = yield* fleet.call(seat, (lock) => lock.cancel())
          yield* rounds(fleet)
          const ran = startsOf(fleet).filter((each) => each.startsWith(`${seat.id}:`))
          problems.push(
            ...unmet({
              [`one request is cancelled when ${moment}`]:
                exit._tag === "Success" && exit.value.length === 1,
              [`it does not run when it was cancelled ${moment}`]: ran.length === 0
            })
          )
        }
        return problems
      })
  },
  {
    guarantee: "L3",
    states: "a grant answers its participant's first request",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(3)
        for (let i = 0; i < 3; i++) yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        yield* rounds(fleet)
        return detailsOf("L3", order(fleet.history, ONE))
      })
  },
  {
    guarantee: "L4",
    states: "a request that was taken is answered or still there, wherever a process dies",
    run: (stage) => dyingEverywhere(stage, lost)
  },
  {
    guarantee: "L4",
    states: "a request that was taken is answered or still there, whoever leads",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(4)
        yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        for (const i of [1, 2, 3, 1]) {
          yield* fleet.lead(seatOf(fleet, i))
          for (const seat of fleet.present) yield* fleet.step(seat)
        }
        yield* fleet.depart(seatOf(fleet, 1))
        yield* rounds(fleet)
        return yield* lost(fleet)
      })
  },
  {
    guarantee: "L7",
    states: "nothing runs again that was answered, wherever a process dies",
    run: (stage) =>
      dyingEverywhere(stage, (fleet) => Effect.succeed(detailsOf("L7", answers(fleet.history))))
  },
  {
    guarantee: "L7",
    states: "nothing runs twice when a step is undone after its operation ran, again and again",
    needs: ["crashes"],
    run: (stage) =>
      Effect.gen(function* () {
        let deaths = 0
        const fleet: LockFleet = yield* stage.fleet(2, {
          at: (seat, point) => {
            const ran = fleet.history.some(({ _tag }) => _tag === "end")
            return ran && point === "before the commit" && deaths++ < 3
              ? die(fleet, seat, point)
              : Effect.void
          }
        })
        yield* fleet.ask(seatOf(fleet, 1))
        for (let i = 0; i < 6; i++) {
          yield* rounds(fleet, 1)
          for (const seat of fleet.present) {
            seat.skewMillis = -seat.skewMillis
          }
        }
        return unmet({
          "a step is undone after its operation ran": deaths > 0,
          [`it runs once, not ${startsOf(fleet).length} times`]: startsOf(fleet).length === 1
        })
      })
  },
  {
    guarantee: "L7",
    states: "no try under one grant is made again when the steps that told of two were undone",
    needs: ["crashes"],
    run: (stage) =>
      Effect.gen(function* () {
        const undone = new Set<number>()
        const fleet: LockFleet = yield* stage.fleet(2, {
          at: (seat, point) => {
            const ended = fleet.history.filter(({ _tag }) => _tag === "end").length
            if (ended === 0 || point !== "before the commit" || undone.has(ended)) {
              return Effect.void
            }
            undone.add(ended)
            return die(fleet, seat, point)
          },
          run: (_, { attempt }) => Effect.succeed(attempt === 0 ? "retry-hold" : "release")
        })
        yield* fleet.ask(seatOf(fleet, 1))
        for (let i = 0; i < 6; i++) yield* rounds(fleet, 1)
        const tries = startsOf(fleet).length
        return unmet({
          "the steps after both tries are undone": undone.size === 2,
          [`two tries are made, not ${tries}`]: tries === 2
        })
      })
  },
  {
    guarantee: "L7",
    states: "clocks a day apart, and set while a roll goes on, run everything once",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(4)
        yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        for (let i = 0; i < 12; i++) {
          for (const seat of fleet.present) {
            seat.skewMillis = -seat.skewMillis
            yield* fleet.step(seat)
          }
        }
        const ran = startsOf(fleet)
        return unmet({
          [`everything runs once: ${ran.join(" ")}`]: new Set(ran).size === ran.length
        })
      })
  }
]

/** Requests that were taken and are neither answered nor in their participant's queue. */
const lost = (fleet: LockFleet) =>
  Effect.gen(function* () {
    const problems: Array<string> = []
    const told = new Set(
      fleet.history.flatMap((each) => (each._tag === "told" ? [`${each.n} of ${each.who}`] : []))
    )
    for (const each of fleet.history) {
      if (each._tag !== "asked" || !each.sure || told.has(`${each.n} of ${each.who}`)) continue
      const seat = fleet.present.find(({ id }) => id === each.who)
      if (seat === undefined) continue
      const exit = yield* fleet.call(seat, (lock) => lock.status)
      const queue = exit._tag === "Success" ? exit.value.queue : []
      if (!queue.some((request) => request.arguments.includes(`"n":${each.n}}`))) {
        problems.push(`request ${each.n} of ${each.who} is gone without an answer`)
      }
    }
    return problems
  })
