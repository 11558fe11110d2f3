// A lock as it was at one revision: its state, who holds, and the head of its queue. Pure.
// A key that cannot be read is none of ours: it is named to the operator; among the grants it counts as one holder, for
// nobody can know that it is none.
import type { KeyValue, Op, RangeAnswer, TxnRequest } from "../client/Etcd.ts"
import type { LockKeys } from "./LockKeys.ts"
import {
  blankState,
  type HolderRecord,
  type LockState,
  readHolder,
  readState,
  readWaiter,
  type WaiterRecord
} from "./LockRecord.ts"

/** A grant's key. */
export interface Outstanding {
  readonly key: string
  /** The revision at which it was written: its fencing token. */
  readonly token: number
  readonly lease: bigint | undefined
  readonly holder: HolderRecord
}

/** A waiter's key. */
export interface Queued {
  readonly key: string
  readonly created: number
  readonly lease: bigint | undefined
  readonly waiter: WaiterRecord
}

/** A lock at one revision. */
export interface LockSnapshot {
  readonly revision: number
  readonly state: LockState
  /** The revision of the state's key; 0 where there is none yet. */
  readonly stateRevision: number
  readonly holders: ReadonlyArray<Outstanding>
  /** Whose session watches for dead holders, and under which lease. */
  readonly guard: { readonly key: string; readonly participant: string } | undefined
  /** The revision of the last arrival's mark. */
  readonly arrivals: number
  /** The first waiters, in order. */
  readonly waiters: ReadonlyArray<Queued>
  /** Whether there are no others. */
  readonly complete: boolean
  /** How many wait, as far as was read. */
  readonly count: number
  /** Keys that cannot be read. */
  readonly unreadable: ReadonlyArray<string>
  /** Whether the state itself is among them: then nothing is granted. */
  readonly broken: boolean
}

/** How many waiters are read at first; a queue is read on only where permits are free and none of these may have them. */
export const HEAD = 16

const FAR = 256

/** The reads that make a snapshot, within a transaction. */
export const snapshotOps = (
  keys: LockKeys,
  until = keys.queue.end as string
): ReadonlyArray<Op> => [
  { op: "range", ...keys.grants },
  { op: "range", key: keys.queue.key, end: until, limit: HEAD + 1 }
]

/** The same reads on their own; the condition makes them repeatable. */
export const readSnapshot = (keys: LockKeys, ...more: ReadonlyArray<Op>): TxnRequest => {
  const reads = [...snapshotOps(keys), ...more]
  const when = [{ key: keys.state, target: "create", is: "=", value: 0 }] as const
  return { when, then: reads, otherwise: reads }
}

/** The snapshot in the answers of `snapshotOps`. */
export const snapshotOf = (
  keys: LockKeys,
  [grants, queue]: ReadonlyArray<RangeAnswer>,
  revision: number
): LockSnapshot => {
  const unreadable: Array<string> = []
  const state = grants?.kvs.find(({ key }) => key === keys.state)
  const readable = state === undefined ? blankState : readState(state.value)
  if (readable === undefined) unreadable.push(keys.state)
  const holders: Array<Outstanding> = []
  let guard: LockSnapshot["guard"]
  for (const kv of grants?.kvs ?? []) {
    if (kv.key === keys.state || /\/(?:hint|asked)$/.test(kv.key)) continue
    if (kv.key.endsWith("/guard")) guard = { key: kv.key, participant: kv.value }
    else holders.push(outstandingOf(kv, unreadable))
  }
  const marks = queue?.kvs.find(({ key }) => key === keys.arrivals)
  const waiting = (queue?.kvs ?? []).filter(({ key }) => key !== keys.arrivals)
  return {
    revision,
    state: readable ?? blankState,
    stateRevision: state?.modRevision ?? 0,
    holders,
    guard,
    arrivals: marks?.modRevision ?? 0,
    waiters: waiting.flatMap((kv) => queuedOf(kv, unreadable)),
    complete: (queue?.kvs.length ?? 0) >= (queue?.count ?? 0),
    count: queue?.count ?? 0,
    unreadable,
    broken: readable === undefined
  }
}

/** A read of keys far down a long queue: the last of them is where later reads stop. */
export const farDown = (keys: LockKeys) =>
  ({ key: keys.queue.key, end: keys.queue.end as string, limit: FAR, keysOnly: true }) as const

/** Whether a queue is so long that it is worth it. */
export const isLong = ({ count }: LockSnapshot): boolean => count > 2 * FAR

/** The snapshot with the next waiters, read at its own revision. */
export const extended = (snapshot: LockSnapshot, { count, kvs }: RangeAnswer): LockSnapshot => {
  const unreadable = [...snapshot.unreadable]
  const waiters = [...snapshot.waiters, ...kvs.flatMap((kv) => queuedOf(kv, unreadable))]
  return { ...snapshot, waiters, unreadable, complete: kvs.length >= count }
}

/** What is read to extend a snapshot whose waiters end with `last`. */
export const nextPage = (keys: LockKeys, last: string) => ({
  key: `${last}\0`,
  end: keys.queue.end as string,
  limit: 8 * HEAD
})

/** The permits that nobody holds; less than none where the limit was lowered. */
export const freePermits = (
  holders: ReadonlyArray<{ readonly holder: HolderRecord }>,
  permits: number
): number => holders.reduce((left, { holder }) => left - (holder.permits ?? 1), permits)

const queuedOf = (kv: KeyValue, unreadable: Array<string>): ReadonlyArray<Queued> => {
  const waiter = readWaiter(kv.value)
  if (waiter === undefined) unreadable.push(kv.key)
  return waiter === undefined
    ? []
    : [{ key: kv.key, created: kv.createRevision, lease: kv.lease, waiter }]
}

const outstandingOf = (kv: KeyValue, unreadable: Array<string>): Outstanding => {
  const holder = readHolder(kv.value)
  if (holder === undefined) unreadable.push(kv.key)
  return {
    key: kv.key,
    token: kv.modRevision,
    lease: kv.lease,
    holder: holder ?? {
      v: 1,
      participant: kv.key,
      ticket: 0,
      operation: "unreadable",
      atMillis: 0
    }
  }
}
