// Those who come to the queue of one process while a write is under way share the next one: a thousand that come at once
// cost a dozen transactions, and each hears what the lock was like when it had come.
import { Deferred, Effect } from "effect"
import type { Op, TxnAnswer } from "../client/Etcd.ts"
import type { EtcdError } from "../client/EtcdError.ts"
import type { LockProcess } from "./LockProcess.ts"

/** One that comes: its key, and what is written there. */
export interface Arrival {
  readonly key: string
  readonly value: string
  readonly lease: bigint
}

/** Arrivals that wait for the next write. */
export interface Arrivals {
  pending: Array<{
    readonly arrival: Arrival
    readonly done: Deferred.Deferred<TxnAnswer, EtcdError>
  }>
  writing: boolean
}

/** Writes `arrival`; the answer has the lock's grants as they were at that revision. */
export const arrive = (
  process: LockProcess,
  arrival: Arrival
): Effect.Effect<TxnAnswer, EtcdError> =>
  Effect.suspend(() => {
    const { arrivals } = process
    const done = Deferred.makeUnsafe<TxnAnswer, EtcdError>()
    arrivals.pending.push({ arrival, done })
    const begun = arrivals.writing ? Effect.void : Effect.forkIn(writeAll(process), process.scope)
    return Effect.andThen(begun, Deferred.await(done))
  })

const writeAll = ({ arrivals, etcd, keys }: LockProcess) =>
  Effect.gen(function* () {
    arrivals.writing = true
    // those who come in this very moment come along
    yield* Effect.yieldNow
    while (arrivals.pending.length > 0) {
      const batch = arrivals.pending.splice(0, MOST)
      const puts = batch.map(
        ({ arrival: { key, lease, value } }): Op => ({ op: "put", key, value, lease })
      )
      const reads: Op = { op: "range", ...keys.grants }
      const exit = yield* Effect.exit(
        etcd.txn({
          // always so: it may be repeated, for it says the same however often it is said
          when: [{ key: keys.state, target: "version", is: ">", value: -1 }],
          then: [...puts, { op: "put", key: keys.arrivals, value: "" }, reads],
          otherwise: [reads]
        })
      )
      for (const { done } of batch) yield* Deferred.done(done, exit)
    }
  }).pipe(Effect.ensuring(Effect.sync(() => (arrivals.writing = false))))

// etcd takes 128 operations in one transaction unless it is told otherwise
const MOST = 100
