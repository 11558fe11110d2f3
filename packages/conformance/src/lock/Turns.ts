// L5, L6 and L8: that somebody is next, in which order, and when nothing is to be done.
import { Effect } from "effect"
import { unmet } from "../Check.ts"
import { order } from "./LockCheckers.ts"
import { LOCK_KEY, lockGroup } from "./LockSeat.ts"
import { askAll, detailsOf, type LockStatement, rounds, seatOf, startsOf } from "./LockStage.ts"

const ONE = { permits: 1, perGroup: undefined }

/** Statements about turns. **Guarantee** L5, L6, L8 */
export const turnStatements: ReadonlyArray<LockStatement> = [
  {
    guarantee: "L5",
    states: "everybody is served, by requests and by an order",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(4)
        yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        yield* rounds(fleet)
        const queues = yield* Effect.forEach(fleet.present, (seat) =>
          Effect.map(
            fleet.call(seat, (lock) => lock.status),
            (exit) => (exit._tag === "Success" ? exit.value.queue.length : -1)
          )
        )
        return unmet({
          [`nobody waits any more: ${queues.join(", ")}`]: queues.every((left) => left === 0),
          "everybody ran something": startsOf(fleet).length >= fleet.present.length
        })
      })
  },
  {
    guarantee: "L5",
    states: "somebody is next when the holder departs, and when it led",
    run: (stage) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const holder of [0, 1]) {
          for (const ordered of [false, true]) {
            const fleet = yield* stage.fleet(3)
            const [leader, gone] = [seatOf(fleet, 0), seatOf(fleet, holder)]
            const participants = [gone, seatOf(fleet, 2)].map(({ id }) => id)
            if (ordered) yield* fleet.roll(leader, { participants })
            else {
              yield* fleet.ask(gone)
              yield* fleet.ask(seatOf(fleet, 2))
              yield* fleet.step(leader)
            }
            yield* fleet.depart(gone)
            yield* fleet.parts.world.settle
            yield* rounds(fleet)
            const last = seatOf(fleet, 2).id
            const ran = startsOf(fleet).some((each) => each.startsWith(`${last}:`))
            const what = `${gone.id} departed, ${ordered ? "ordered" : "asked"}`
            problems.push(...unmet({ [`${last} runs after ${what}`]: ran }))
          }
        }
        return problems
      })
  },
  {
    guarantee: "L6",
    states: "steps change nothing when there is nothing to do",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(3)
        yield* askAll(fleet)
        yield* fleet.roll(seatOf(fleet, 0))
        yield* rounds(fleet)
        const before = fleet.written
        yield* rounds(fleet, 2)
        for (const seat of fleet.present) {
          for (const look of ["status", "history", "dryRun"] as const) {
            yield* fleet.call(seat, (lock) => Effect.asVoid<unknown, unknown, never>(lock[look]))
          }
          yield* fleet.call(seat, (lock) => lock.explain())
        }
        const entries = fleet.written - before
        return unmet({ [`${entries} entries are written at rest`]: entries === 0 })
      })
  },
  {
    guarantee: "L8",
    states: "first come, first served, whatever the clocks say and whoever steps when",
    run: (stage) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const line of [
          [3, 1, 2],
          [2, 3, 1],
          [1, 2, 3]
        ]) {
          const fleet = yield* stage.fleet(4)
          for (const i of line) {
            yield* fleet.ask(seatOf(fleet, i))
            yield* fleet.parts.world.settle
          }
          yield* rounds(fleet)
          const ran = startsOf(fleet).map((each) => each.slice(0, each.indexOf(":")))
          const asked = line.map((i) => seatOf(fleet, i).id)
          problems.push(
            ...unmet({
              [`${asked.join(", ")} asked, ${ran.join(", ")} ran`]: `${ran}` === `${asked}`
            }),
            ...detailsOf("L8", order(fleet.history, ONE))
          )
        }
        return problems
      })
  },
  {
    guarantee: "L8",
    states: "the line that everybody is shown is that of the registers (S8)",
    run: (stage) =>
      Effect.gen(function* () {
        const fleet = yield* stage.fleet(4)
        yield* fleet.call(seatOf(fleet, 0), (lock) => lock.pause({ by: "ana", reason: "a test" }))
        for (const i of [2, 0, 3]) {
          yield* fleet.ask(seatOf(fleet, i))
          yield* fleet.parts.world.settle
        }
        const problems: Array<string> = []
        for (const seat of fleet.present) {
          const exit = yield* fleet.call(seat, (lock) => lock.status)
          const shown = exit._tag === "Success" ? exit.value.waiters : []
          const asked = yield* seat.store.step((view) => {
            const group = lockGroup(view)
            const all = [[seat.id, group?.own] as const, ...(group?.peers ?? [])]
            const tickets = all.flatMap(([id, entries]) => {
              const text = entries?.get(LOCK_KEY)
              const [, ticket] = /"ticket":(\d+)/.exec(text ?? "") ?? []
              return ticket === undefined ? [] : [[Number(ticket), id] as const]
            })
            return Effect.succeed([tickets.sort(([a], [b]) => a - b).map(([, id]) => id), []])
          })
          const line = shown.map(({ participant }) => participant)
          problems.push(
            ...unmet({ [`${seat.id} is shown ${line.join(", ")}`]: `${line}` === `${asked}` })
          )
        }
        return problems
      })
  }
]
