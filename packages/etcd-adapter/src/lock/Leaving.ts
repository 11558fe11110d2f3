// Giving permits back: one transaction takes the own grant away, remembers what became of it, and grants the next in line.
// It is refused where the grant is not the one that is given back: whoever was overtaken changes nothing.
import type { PastEvent } from "@rollcall/core"
import { Clock, Deferred, Effect, Schedule } from "effect"
import { attempt, handOut } from "./Attempting.ts"
import { placeOf } from "./EtcdLockPolicy.ts"
import type { Change } from "./LockChange.ts"
import type { LockFailure } from "./LockErrors.ts"
import { type Grant, type LockProcess, sceneOf } from "./LockProcess.ts"
import type { WaiterRecord } from "./LockRecord.ts"

/** How a grant ends. */
export type End = Pick<PastEvent, "event" | "reason">

/** Gives `grant` back, and does what else is to be done only if it was still held. */
export const giveBack = Effect.fnUntraced(function* (
  process: LockProcess,
  grant: Grant,
  end: End,
  also: Change = {}
) {
  const { gate, limits, self } = process
  const atMillis = yield* Clock.currentTimeMillis
  const event: PastEvent = {
    ...end,
    atMillis,
    sinceMillis: grant.atMillis,
    token: grant.token,
    participant: self,
    operation: grant.operation
  }
  // a health check may take its time: the permits are back before it is asked
  const unhealthy = gate === undefined ? {} : { unhealthy: "the health check is asked" }
  process.grants.delete(grant.ticket)
  process.spent.add(grant.ticket)
  const change = {
    ...also,
    ...unhealthy,
    release: [{ key: grant.key, token: grant.token }],
    events: [event]
  }
  const hint = grant.hint()
  const known = hint !== undefined && (hint.waiters.length > 0 || hint.complete)
  const outcome = yield* attempt(process, change, known ? hint : undefined)
  if (outcome._tag !== "Done") return outcome
  if (gate !== undefined) yield* Effect.forkIn(Effect.ignore(handOut(process)), process.scope)
  if (limits.settleMillis > 0 && end.event === "done") {
    const rest = Effect.andThen(Effect.sleep(limits.settleMillis), handOut(process))
    yield* Effect.forkIn(Effect.ignore(rest), process.scope)
  }
  return outcome
})

/**
 * Gives `grant` back for as long as it can be: a lease that ends gives it back by itself. "Refused" means that it was not
 * held any more; not where an earlier try got no answer, for then it was given back by that one.
 */
export const giveBackAnyway = (
  process: LockProcess,
  grant: Grant,
  end: End
): Effect.Effect<"Done" | "Refused" | "Gone"> =>
  Effect.suspend(() => {
    process.leaving.add(grant)
    let unanswered = 0
    return Effect.suspend(() => giveBack(process, grant, end)).pipe(
      Effect.tapError(() => Effect.sync(() => unanswered++)),
      Effect.map((outcome) =>
        outcome._tag === "Refused" && !outcome.unsure && unanswered === 0 ? "Refused" : "Done"
      ),
      Effect.retry({
        schedule: Schedule.spaced("250 millis"),
        while: (error: LockFailure) => error._tag === "EtcdError"
      }),
      Effect.raceFirst(Deferred.await(grant.taken)),
      Effect.catch(() => Effect.succeed("Gone" as const)),
      Effect.ensuring(Effect.sync(() => process.leaving.delete(grant)))
    )
  })

/** Takes a waiter away; one that was granted meanwhile gives the permits back. No other waiter has a part in it. */
export const withdraw = (
  process: LockProcess,
  waiter: WaiterRecord
): Effect.Effect<void, LockFailure> =>
  process.leavingQueue.withPermit(
    Effect.gen(function* () {
      const { etcd, keys, self } = process
      const place = placeOf(waiter, yield* sceneOf(process))
      process.term?.queued.delete(place)
      const grant = keys.grant(self, waiter.ticket)
      const { ranges, succeeded } = yield* etcd.txn({
        when: [{ key: place, target: "version", is: ">", value: 0 }],
        then: [{ op: "delete", key: place }],
        otherwise: [{ op: "range", key: grant }]
      })
      const [held] = ranges[0]?.kvs ?? []
      if (!succeeded && held !== undefined && held.lease === process.term?.lease.id) {
        yield* attempt(process, { release: [{ key: grant, token: held.modRevision }] })
      }
      // it may have stood before others who need less
      if (succeeded && (waiter.permits ?? 1) > 1) yield* handOut(process)
    })
  )
