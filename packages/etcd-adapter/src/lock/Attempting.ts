// From a wish to the transaction that fulfils it: decide on what is there, apply it if that is still so, else decide anew
// on what the failed transaction saw. One call where nobody interferes; each further one means that somebody got further.
import { LockNotReady } from "@rollcall/core"
import { Effect } from "effect"
import type { Op, TxnRequest } from "../client/Etcd.ts"
import type { EtcdError } from "../client/EtcdError.ts"
import { type Transition, transition } from "./EtcdLockPolicy.ts"
import type { Change } from "./LockChange.ts"
import { type LockProcess, sceneOf } from "./LockProcess.ts"
import {
  extended,
  farDown,
  isLong,
  type LockSnapshot,
  nextPage,
  readSnapshot,
  snapshotOf,
  snapshotOps
} from "./LockSnapshot.ts"

/** What became of a wish. */
export type Attempt =
  | {
      readonly _tag: "Done"
      /** The revision of the transaction: the token of whoever it granted; 0 where none was needed. */
      readonly revision: number
      readonly granted: Transition["granted"]
      readonly entered: boolean
    }
  /** The own grant is gone: nothing was written. */
  | { readonly _tag: "Refused"; readonly unsure: boolean }
  /** The own register was written by somebody else: nothing was written. */
  | { readonly _tag: "Stale" }

/** A wish that may depend on what is there; undefined gives it up. */
export type Wanted = Change | ((snapshot: LockSnapshot) => Change | undefined)

/** The lock as it is now. All who ask before a read has begun share it. */
export const currentSnapshot = (process: LockProcess): Effect.Effect<LockSnapshot, EtcdError> =>
  Effect.suspend(() => {
    const asked = process.readsBegun
    return process.reading.withPermit(
      Effect.suspend(() => {
        const { lastRead } = process
        if (lastRead !== undefined && lastRead.number > asked)
          return Effect.succeed(lastRead.snapshot)
        const number = ++process.readsBegun
        return Effect.map(freshSnapshot(process), (snapshot) => {
          process.lastRead = { number, snapshot }
          return snapshot
        })
      })
    )
  })

/**
 * A read of its own. In a long queue it stops at a key that somebody found some hundreds down, as etcd walks over all
 * keys of a range even if it is to return a few; whoever comes near that key looks for the next one.
 */
export const freshSnapshot = Effect.fnUntraced(function* (process: LockProcess) {
  const { etcd, keys, until } = process
  if (until !== undefined) {
    const reads = snapshotOps(keys, until)
    const { ranges, revision } = yield* etcd.txn({
      ...readSnapshot(keys),
      then: reads,
      otherwise: reads
    })
    const near = snapshotOf(keys, ranges, revision)
    process.until = near.state.until
    if (near.waiters.length >= ENOUGH) return { ...near, complete: false }
  }
  const { ranges, revision } = yield* etcd.txn(readSnapshot(keys))
  const all = snapshotOf(keys, ranges, revision)
  const { until: _, ...state } = all.state
  const mark = isLong(all) ? (yield* etcd.range(farDown(keys))).kvs.at(-1)?.key : undefined
  process.until = mark
  if (mark === all.state.until) return all
  return { ...all, state: mark === undefined ? state : { ...state, until: mark } }
})

/** What would be done now, the health check asked where a grant depends on it. */
export const planned = Effect.fnUntraced(function* (
  process: LockProcess,
  snapshot: LockSnapshot,
  change: Change
) {
  if (snapshot.broken) {
    const detail = `the value of ${process.keys.state} is none of ours, force a release to write it anew`
    return yield* new LockNotReady({ lock: process.lock, detail })
  }
  const found = yield* paged(process, snapshot, change)
  const { gate } = process
  if (gate === undefined || found?.granted === undefined) return found
  const late = () => Effect.succeed("the health check did not answer in time")
  const unhealthy = yield* Effect.timeoutOrElse(gate, { duration: GATE_DEADLINE, orElse: late })
  return unhealthy === undefined ? found : yield* paged(process, snapshot, { ...change, unhealthy })
})

/** Carries a wish out. */
export const attempt = Effect.fnUntraced(function* (
  process: LockProcess,
  wanted: Wanted,
  start?: LockSnapshot
) {
  let snapshot = start ?? (yield* freshSnapshot(process))
  for (;;) {
    const change = typeof wanted === "function" ? wanted(snapshot) : wanted
    const plan = change && (yield* planned(process, snapshot, change))
    if (change === undefined || plan === undefined) {
      return {
        _tag: "Done",
        revision: 0,
        granted: undefined,
        entered: false
      } satisfies Attempt as Attempt
    }
    const answer = yield* process.etcd.txn(withRegisters(plan.txn, change))
    if (answer.succeeded) {
      if (plan.more) yield* handOut(process)
      const { entered, granted } = plan
      return {
        _tag: "Done",
        revision: answer.revision,
        granted,
        entered
      } satisfies Attempt as Attempt
    }
    snapshot = snapshotOf(process.keys, answer.ranges, answer.revision)
    if (!holdsAll(snapshot, change)) {
      return { _tag: "Refused", unsure: answer.repeated } satisfies Attempt as Attempt
    }
    const stale = (change.registers ?? []).some(({ revision }, i) => {
      const [register] = answer.ranges[i + SNAPSHOT_READS]?.kvs ?? []
      return (register?.modRevision ?? 0) !== revision
    })
    if (stale) return { _tag: "Stale" } satisfies Attempt as Attempt
  }
})

/** Grants whatever can be granted; the state that was found last. */
export const handOut = Effect.fnUntraced(function* (process: LockProcess, rested?: number) {
  const change: Change = rested === undefined ? {} : { rested }
  let snapshot = yield* freshSnapshot(process)
  for (;;) {
    const plan = yield* planned(process, snapshot, change)
    if (plan === undefined) return snapshot.state
    const answer = yield* process.etcd.txn(plan.txn)
    if (!answer.succeeded) snapshot = snapshotOf(process.keys, answer.ranges, answer.revision)
    else if (plan.more) snapshot = yield* freshSnapshot(process)
    else return plan.state
  }
})

const paged = Effect.fnUntraced(function* (
  process: LockProcess,
  first: LockSnapshot,
  change: Change
) {
  const scene = yield* sceneOf(process)
  let snapshot = first
  for (;;) {
    const found = transition(snapshot, change, scene)
    if (found !== "page") return found
    const last = snapshot.waiters.at(-1)?.key ?? process.keys.arrivals
    const page = yield* process.etcd.range(nextPage(process.keys, last))
    snapshot = extended(snapshot, page)
  }
})

const withRegisters = (txn: TxnRequest, { registers = [] }: Change): TxnRequest =>
  registers.length === 0
    ? txn
    : {
        ...txn,
        otherwise: [
          ...(txn.otherwise ?? []),
          ...registers.map(({ key }): Op => ({ op: "range", key }))
        ]
      }

const holdsAll = ({ holders }: LockSnapshot, { holding, release = [] }: Change): boolean =>
  [...release, ...(holding === undefined ? [] : [holding])].every(({ key, token }) =>
    holders.some((each) => each.key === key && each.token === token)
  )

const ENOUGH = 4
const GATE_DEADLINE = "30 seconds"
const SNAPSHOT_READS = 2
