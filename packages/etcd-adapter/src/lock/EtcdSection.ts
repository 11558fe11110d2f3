// Work of a living process under permits: wait for the grant, run, give back. The work is interrupted before its lease can
// have passed on, and its result is refused if it comes too late all the same. Who stops waiting in time is not let in:
// the place in the queue is taken away, and a grant that was under way is given back unused.
import { environmentOf, type Held, SECTION, type StoreUnavailable, type Wish } from "@rollcall/core"
import { Deferred, Effect, Exit, Schedule } from "effect"
import type { EtcdError, LeaseLost } from "../client/EtcdError.ts"
import { currentSnapshot } from "./Attempting.ts"
import { enter } from "./Entering.ts"
import { giveBackAnyway, withdraw } from "./Leaving.ts"
import { asLoss, asStoreError, type LockFailure, NotGranted } from "./LockErrors.ts"
import { type Grant, type LockProcess, lostFor } from "./LockProcess.ts"
import type { WaiterRecord } from "./LockRecord.ts"
import type { LockSnapshot } from "./LockSnapshot.ts"
import { currentTerm } from "./Term.ts"

/** Runs `body` under the permits of `wish`; `withinMillis` bounds the wait, and nothing else. */
export const section = <A, E, R>(
  process: LockProcess,
  wish: Wish,
  body: (held: Held) => Effect.Effect<A, E, R>,
  withinMillis?: number
) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const waits = waitFor(process, wish)
      const bounded =
        withinMillis === undefined
          ? waits
          : Effect.timeoutOrElse(waits, {
              duration: withinMillis,
              orElse: () => Effect.fail(new NotGranted({ lock: process.lock, withinMillis }))
            })
      const grant = yield* restore(bounded).pipe(asStoreError("wait for the lock"))
      const held: Held = {
        lock: process.lock,
        token: grant.token,
        environment: environmentOf({ lock: process.lock, token: grant.token })
      }
      const exit = yield* Effect.exit(restore(underGrant(process, grant, body(held))))
      const end = yield* giveBackAnyway(process, grant, { event: "done" })
      if (end === "Refused" && Exit.isSuccess(exit)) {
        return yield* Effect.fail(
          asLoss(process.lock, lostFor(grant.lease, "the grant was taken away"))
        )
      }
      return yield* exit
    })
  )

/** Runs `work` for as long as `grant` can be counted on. */
export const underGrant = <A, E, R>(
  { lock }: LockProcess,
  grant: Grant,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.raceFirst(
    work,
    Effect.catch(Deferred.await(grant.taken), (lost: LeaseLost) => Effect.fail(asLoss(lock, lost)))
  )

/** Waits for the grant, over as many leases as it takes; an etcd that is away at the very first is told at once. */
const waitFor = (process: LockProcess, wish: Wish): Effect.Effect<Grant, LockFailure> =>
  Effect.gen(function* () {
    yield* currentTerm(process)
    let start: LockSnapshot | undefined = yield* currentSnapshot(process)
    const ticket = Math.max(start.revision, process.lastTicket + 1)
    process.lastTicket = ticket
    const waiter: WaiterRecord = {
      v: 1,
      participant: process.self,
      ticket,
      operation: SECTION,
      ...(wish.priority === undefined ? {} : { priority: wish.priority }),
      ...(wish.permits === undefined ? {} : { permits: wish.permits }),
      ...(wish.group === undefined ? {} : { group: wish.group })
    }
    const told = yield* Deferred.make<Grant>()
    process.waiting.set(ticket, told)
    const once = Effect.gen(function* () {
      const term = yield* currentTerm(process)
      const entry = yield* enter(process, term, waiter, {}, start)
      start = undefined
      if (entry._tag === "Granted") return entry.grant
      return yield* Effect.raceFirst(Deferred.await(told), Deferred.await(term.lost))
    })
    const again = (error: LeaseLost | LockFailure) =>
      error._tag === "LeaseLost" || (error._tag === "EtcdError" && isPassing(error))
    return yield* Effect.retry(once, { schedule: patience, while: again }).pipe(
      Effect.catchTag("LeaseLost", Effect.die),
      Effect.onExit((exit) => {
        process.waiting.delete(ticket)
        return Exit.isSuccess(exit) ? Effect.void : giveUp(process, waiter)
      })
    )
  })

/** A grant that came while the wait was given up is given back; so is the place in the queue. */
const giveUp = (process: LockProcess, waiter: WaiterRecord) => {
  const grant = process.grants.get(waiter.ticket)
  const back =
    grant === undefined
      ? Effect.ignore(withdraw(process, waiter))
      : Effect.asVoid(giveBackAnyway(process, grant, { event: "withdrawn" }))
  return Effect.asVoid(Effect.timeoutOption(back, GIVE_UP_MILLIS))
}

const isPassing = ({ reason }: EtcdError): boolean =>
  reason === "unreachable" ||
  reason === "deadline" ||
  reason === "no-leader" ||
  reason === "lease-not-found" ||
  reason === "no-space"

const patience = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])
// what cannot be given up in time goes with the lease, or is given back when its grant comes
const GIVE_UP_MILLIS = 5_000
