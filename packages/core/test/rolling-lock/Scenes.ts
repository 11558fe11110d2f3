// The few moves that scenes of a lock are told with.
import { Effect } from "effect"
import type { LockStatus, OperationCall, OperationResult } from "../../src/index.ts"
import { Fleet, type FleetOptions, type Seat } from "./Fleet.ts"

/** An operator's word. */
export const AUDIT = { by: "ana", reason: "a test" }

/** A fleet of that many, whose tries follow each other without a rest. */
export const fleetOf = Effect.fnUntraced(function* (size: number, options: FleetOptions = {}) {
  const limits = { backoff: { baseMillis: 0, capMillis: 0 }, ...options.limits }
  const fleet = new Fleet({ ...options, limits })
  for (let i = 0; i < size; i++) yield* fleet.enter()
  return fleet
})

/** The seat of that number. */
export const seatOf = (fleet: Fleet, index: number): Seat => fleet.seats[index] as Seat

/** Everybody steps, in turn, until nothing is written any more. */
export const settle = Effect.fnUntraced(function* (fleet: Fleet, most = 100) {
  for (let round = 0; round < most; round++) {
    const { written } = fleet
    for (const seat of fleet.present) yield* fleet.step(seat)
    if (fleet.written === written) return
  }
})

/** Those of these numbers step, one after the other. */
export const steps = (fleet: Fleet, ...indices: ReadonlyArray<number>) =>
  Effect.forEach(indices, (i) => fleet.step(seatOf(fleet, i)), { discard: true })

/** Who began what, in order. */
export const starts = (fleet: Fleet): ReadonlyArray<string> =>
  fleet.history.flatMap((each) =>
    each._tag === "start" ? [`${each.who.slice("app/".length)}:${each.n}`] : []
  )

/** What a seat is shown. */
export const statusOf = (fleet: Fleet, index: number): Effect.Effect<LockStatus> =>
  Effect.map(
    fleet.call(seatOf(fleet, index), (lock) => lock.status),
    (exit) => {
      if (exit._tag === "Failure") throw new Error(`${exit.cause}`)
      return exit.value
    }
  )

/** Who holds now. */
export const holders = (fleet: Fleet): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(statusOf(fleet, 0), ({ grants }) =>
    grants.map(({ participant }) => participant.slice("app/".length))
  )

/** What the operations of one seat come to, one after the other; success when there is no more. */
export const coming = (
  results: Readonly<Record<string, ReadonlyArray<OperationResult>>>
): NonNullable<FleetOptions["run"]> => {
  const left = new Map(Object.entries(results).map(([who, all]) => [`app/${who}`, [...all]]))
  return (seat: Seat, _: OperationCall) => Effect.succeed(left.get(seat.id)?.shift() ?? "release")
}
