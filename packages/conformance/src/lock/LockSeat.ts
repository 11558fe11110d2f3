// One participant of a fleet: its machine with a journal and a clock of its own, and where its lock is found.
import type { Entries, ParticipantId, RollingLockShape, StoreShape, View } from "@rollcall/core"
import { type Clock, Effect } from "effect"
import type { LockHappening } from "./LockHistory.ts"
import type { StoreFault } from "./LockSurroundings.ts"

/** One participant's machine. */
export interface LockSeat {
  readonly id: ParticipantId
  readonly group: string | undefined
  skewMillis: number
  /** How much faster its clock goes. */
  readonly drift: number
  journal: Entries
  store: StoreShape
  /** The process of the last call. */
  lock: RollingLockShape
  /** Whether a call is under way. */
  busy: boolean
  gone: boolean
  /** Whether its register says what nobody can read. */
  broken: boolean
  /** How the store failed the call that is under way. */
  fault: StoreFault | undefined
}

/** The register key of the lock under test. */
export const LOCK_KEY = "rolling-lock.roll"

/** Which entries of a group a place names. */
export const GROUPED = { own: "own", to: "own", shared: "shared" } as const

/** The group in which a lock lives. */
export const lockGroup = (view: View): View["groups"][number] | undefined =>
  view.council ?? view.groups.find(({ symmetric }) => symmetric)

/** The death of a process. */
export const die = (
  { history }: { readonly history: Array<LockHappening> },
  seat: LockSeat,
  point: string
): Effect.Effect<never> =>
  Effect.suspend(() => {
    history.push({ _tag: "died", who: seat.id, point })
    return Effect.interrupt
  })

/** The seat's clock, when it is `nowMillis` for nobody in particular. */
export const clockOf = (seat: LockSeat, time: { readonly nowMillis: number }): Clock.Clock => {
  const now = () =>
    Math.round(time.nowMillis + seat.skewMillis + (time.nowMillis - EPOCH) * seat.drift)
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(time.nowMillis) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(time.nowMillis) * 1_000_000n),
    sleep: () => Effect.never
  }
}

const EPOCH = 1_800_000_000_000
