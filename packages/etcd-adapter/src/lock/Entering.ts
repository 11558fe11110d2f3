// Coming to a lock: granted at once where permits are free and nobody waits, else one write to the queue. That write does
// not depend on the state, so that thousands can come while others hand over; who gave permits back meanwhile without
// seeing it is caught by a look at the state in the same transaction.
import { Effect } from "effect"
import type { Compare, Op, TxnAnswer } from "../client/Etcd.ts"
import { arrive } from "./Arriving.ts"
import { currentSnapshot, handOut, planned } from "./Attempting.ts"
import { entryOps, placeOf } from "./EtcdLockPolicy.ts"
import type { Change } from "./LockChange.ts"
import { type Grant, type LockProcess, sceneOf, type Term } from "./LockProcess.ts"
import type { WaiterRecord } from "./LockRecord.ts"
import { freePermits, type LockSnapshot, snapshotOf } from "./LockSnapshot.ts"
import { granted } from "./Term.ts"

/** What became of an entry; a stale one was not made, for the own register was written by somebody else. */
export type Entry =
  | { readonly _tag: "Granted"; readonly grant: Grant; readonly revision: number }
  | { readonly _tag: "Queued"; readonly revision: number }
  | { readonly _tag: "Stale" }

/** Makes `waiter` wait, with the registers that are to say so, and without the waiters' keys that are not to be any more. */
export const enter = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  waiter: WaiterRecord,
  also: Pick<Change, "registers" | "leave"> = {},
  start?: LockSnapshot
) {
  const lease = term.lease.id
  let snapshot = start ?? (yield* currentSnapshot(process))
  for (;;) {
    const own = snapshot.holders.find(
      (each) =>
        each.lease === lease &&
        each.holder.participant === process.self &&
        each.holder.ticket === waiter.ticket
    )
    if (own !== undefined) {
      const grant = granted(process, own.holder, own.token, lease)
      return { _tag: "Granted", grant, revision: own.token } satisfies Entry as Entry
    }
    // the usual case of a busy lock: there is nothing to decide
    if (!snapshot.broken && !needsHand(snapshot, process.limits.permits, process.self)) {
      return yield* queue(process, term, waiter, also)
    }
    const plan = yield* planned(process, snapshot, { ...also, enter: { waiter, lease } })
    if (plan === undefined || !(plan.entered || plan.guarded)) {
      return yield* queue(process, term, waiter, also)
    }
    const answer = yield* process.etcd.txn(plan.txn)
    if (answer.succeeded) {
      if (plan.more) yield* handOut(process)
      if (!plan.entered) {
        return queued(term, yield* keyOf(process, waiter), answer.revision)
      }
      const { nowMillis } = yield* sceneOf(process)
      const holder = { ...waiter, atMillis: nowMillis }
      const grant = granted(process, holder, answer.revision, lease)
      return { _tag: "Granted", grant, revision: answer.revision } satisfies Entry as Entry
    }
    snapshot = snapshotOf(process.keys, answer.ranges, answer.revision)
    if ((also.registers ?? []).length > 0 && !answer.repeated) {
      // whether the own register has changed is told by the entry that does not depend on the state
      return yield* queue(process, term, waiter, also)
    }
  }
})

const keyOf = (process: LockProcess, waiter: WaiterRecord) =>
  Effect.map(sceneOf(process), (scene) => placeOf(waiter, scene))

const queued = (term: Term, key: string, revision: number): Entry => {
  term.queued.add(key)
  return { _tag: "Queued", revision }
}

const queue = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  waiter: WaiterRecord,
  { leave = [], registers = [] }: Pick<Change, "registers" | "leave">
) {
  const { etcd, keys } = process
  const key = yield* keyOf(process, waiter)
  const entry = { key, waiter, lease: term.lease.id }
  if (leave.length === 0 && registers.length === 0) {
    const answer = yield* arrive(process, {
      key,
      value: JSON.stringify(waiter),
      lease: entry.lease
    })
    return yield* come(process, term, key, answer, answer.revision)
  }
  const grants: Op = { op: "range", ...keys.grants }
  const when = registers.map(
    ({ key: each, revision }): Compare => ({ key: each, target: "mod", is: "=", value: revision })
  )
  const answer = yield* etcd.txn({
    when: when.length > 0 ? when : [{ key: keys.state, target: "version", is: ">", value: -1 }],
    then: [
      ...entryOps(keys, entry),
      ...registers.map(({ key, value }): Op => ({ op: "put", key, value })),
      ...leave.filter((each) => each !== key).map((each): Op => ({ op: "delete", key: each })),
      grants
    ],
    otherwise: [grants, ...registers.map(({ key }): Op => ({ op: "range", key }))]
  })
  let { revision } = answer
  if (!answer.succeeded && registers.length > 0) {
    const found = answer.ranges.slice(1).map(({ kvs: [kv] }) => kv)
    const landed = answer.repeated && registers.every(({ value }, i) => found[i]?.value === value)
    if (!landed) return { _tag: "Stale" } satisfies Entry as Entry
    revision = found[0]?.modRevision ?? revision
  }
  return yield* come(process, term, key, answer, revision)
})

/** What follows for one that has come: who gave permits back meanwhile did not see it. */
const come = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  key: string,
  answer: TxnAnswer,
  revision: number
) {
  const after = snapshotOf(process.keys, answer.ranges.slice(0, 1), answer.revision)
  const done = queued(term, key, revision)
  if (needsHand(after, process.limits.permits, process.self)) yield* handOut(process)
  return done
})

/** Whether something is to be done that those who hold did not see: permits are free, a holder is dead, nobody watches. */
const needsHand = (after: LockSnapshot, permits: number, self: string): boolean => {
  const { guard, holders, state } = after
  if (state.holders.length > holders.length) return true
  const holding = (participant: string) =>
    holders.some(({ holder }) => holder.participant === participant)
  if (guard === undefined || holding(guard.participant)) if (!holding(self)) return true
  return state.pause === undefined && freePermits(holders, permits) > 0
}
