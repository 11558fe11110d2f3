// What a participant's lock stands on in a fleet: a store and a journal that are watched, and an operation that marks its
// start and its end. Every point at which a process can die, or others can act meanwhile, is asked for.
import {
  Journal,
  NotLeader,
  type OperationCall,
  type OperationResult,
  type Operations,
  type Outcome,
  type StoreShape,
  StoreUnavailable,
  type View,
  type Write,
  withEntry
} from "@rollcall/core"
import { Effect, Stream } from "effect"
import type { LockFleet } from "./LockFleet.ts"
import { GROUPED, type LockSeat } from "./LockSeat.ts"

/** Points at which a process can die. A write to the journal that has returned is kept. */
export type LockPoint =
  | "before the journal"
  | "after the journal"
  | "in the operation"
  | "before the commit"
  | "after the commit"

/** How a store fails a call: it does not answer, or it did what it was asked and the answer is lost. */
export type StoreFault = "no answer" | "lost answer"

/** A store whose steps are watched: what it commits is recorded, and it can fail. */
export const watchedLockStore = (
  fleet: LockFleet,
  seat: LockSeat,
  inner: StoreShape
): StoreShape => ({
  ...inner,
  step: (body) =>
    Effect.gen(function* () {
      const fault = fleet.parts.fault?.(seat)
      if (fault === "no answer") return yield* failed(fleet, seat, fault)
      let wrote: ReadonlyArray<Write> = []
      let seen: View | undefined
      const result = yield* inner.step((view) =>
        Effect.gen(function* () {
          const shown = fleet.parts.shows?.(seat, view) ?? view
          const [value, writes] = yield* body(shown)
          if (writes.length > 0) yield* fleet.at(seat, "before the commit")
          if (seat.gone) return yield* Effect.interrupt
          wrote = writes
          seen = shown
          return [value, writes] as const
        })
      )
      if (seen !== undefined) fleet.committed(seat, seen, wrote)
      if (fault === "lost answer") return yield* failed(fleet, seat, fault)
      if (wrote.length > 0) yield* fleet.at(seat, "after the commit")
      return result
    })
})

/**
 * The store within a hook: it shows what was there when the hook began and what the hook has staged, and stages what it
 * is given; whoever runs the hook commits that at its end.
 */
export const hookStore = (outer: StoreShape, view: View, staged: Array<Write>): StoreShape => ({
  self: outer.self,
  census: outer.census,
  changes: Stream.empty,
  step: (body) =>
    Effect.gen(function* () {
      const [result, writes] = yield* body(staged.reduce(withWrite, view))
      const shared = writes.find(({ place }) => place._tag === "shared")
      if (shared?.place._tag === "shared" && !view.leader) {
        return yield* new NotLeader({ participant: outer.self, group: shared.place.group })
      }
      staged.push(...writes)
      return result
    })
})

/** A journal on the seat's machine: it outlives processes. */
export const watchedLockJournal = (fleet: LockFleet, seat: LockSeat): Journal["Service"] =>
  Journal.of({
    load: Effect.sync(() => seat.journal),
    save: (entries) =>
      Effect.gen(function* () {
        yield* fleet.at(seat, "before the journal")
        fleet.written++
        seat.journal = entries
        yield* fleet.at(seat, "after the journal")
      })
  })

/** The operation `restart`, which marks its start and its end. */
export const markedOperations = (fleet: LockFleet, seat: LockSeat): Operations => {
  const run = Effect.fnUntraced(function* (call: OperationCall) {
    const n = numberOf(call)
    const group = seat.group
    fleet.history.push({ _tag: "start", who: seat.id, n, token: call.token, group })
    yield* fleet.at(seat, "in the operation")
    const what: Effect.Effect<OperationResult, { readonly message: string }> =
      fleet.parts.run?.(seat, call) ?? Effect.succeed("release")
    const exit = yield* Effect.exit(what)
    const result = exit._tag === "Success" ? exit.value : "thrown"
    fleet.history.push({ _tag: "end", who: seat.id, n, result })
    return yield* exit
  })
  const after = (call: OperationCall, { outcome }: Outcome) =>
    Effect.sync(() => {
      fleet.history.push({ _tag: "told", who: seat.id, n: numberOf(call), outcome })
    })
  return { restart: { refuses: () => undefined, run, after } }
}

const numberOf = (call: OperationCall): number => (call.arguments as { readonly n?: number }).n ?? 0

const failed = (fleet: LockFleet, seat: LockSeat, fault: StoreFault) => {
  seat.fault = fault
  fleet.history.push({ _tag: "faulted", who: seat.id, fault })
  return new StoreUnavailable({ operation: "step", detail: fault })
}

const withWrite = (view: View, { key, place, value }: Write): View => {
  if (place._tag === "private") return { ...view, private: withEntry(view.private, key, value) }
  const field = GROUPED[place._tag]
  const written = <G extends View["groups"][number]>(group: G): G =>
    group.id === place.group
      ? { ...group, [field]: withEntry(group[field] ?? new Map(), key, value) }
      : group
  return {
    ...view,
    groups: view.groups.map(written),
    council: view.council && written(view.council)
  }
}
