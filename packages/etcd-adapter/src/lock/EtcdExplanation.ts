// Why a participant waits, and what a lock looks like to its operator: drawn from its keys, nothing written.
import {
  FencingToken,
  type Grant,
  type GrantPolicy,
  type LockStatus,
  type ParticipantId,
  type PastEvent,
  parsedJson,
  type RequestRecord,
  type Waiter,
  type WaitReason
} from "@rollcall/core"
import { Effect } from "effect"
import type { EtcdError } from "../client/EtcdError.ts"
import { dryRun } from "./EtcdDryRun.ts"
import { situationOf } from "./EtcdLockPolicy.ts"
import type { LockProcess } from "./LockProcess.ts"
import type { WaiterRecord } from "./LockRecord.ts"
import { type LockSnapshot, readSnapshot, snapshotOf } from "./LockSnapshot.ts"
import { readRequests, waiterOf } from "./OwnRequests.ts"

/** Why `participant` is not running: every reason that holds, the nearest first. */
export const explain = (
  process: LockProcess,
  participant: string
): Effect.Effect<ReadonlyArray<WaitReason>, EtcdError> =>
  Effect.map(wide(process, participant), ({ record, snapshot }) =>
    reasonsFor(process, snapshot, participant, record)
  )

/** The same, from what was seen last. */
export const reasonsFor = (
  process: LockProcess,
  snapshot: LockSnapshot,
  participant: string,
  record: RequestRecord | undefined
): ReadonlyArray<WaitReason> => {
  const { broken, unreadable } = snapshot
  if (broken) {
    const detail = `${process.keys.state} is none of ours; force a release to write it anew`
    return [{ _tag: "NotReady", detail }]
  }
  const others = unreadable.map(
    (key): WaitReason => ({
      _tag: "Unreadable",
      participant: key as ParticipantId,
      detail: "it is none of ours; delete it"
    })
  )
  const [first] = record?.queue ?? []
  const section = snapshot.waiters.find(({ waiter }) => waiter.participant === participant)?.waiter
  const wanted = (record && waiterOf({ self: participant }, record)) ?? section
  const held = snapshot.holders.filter(({ holder }) => holder.participant === participant)
  const reasons: Array<WaitReason> = held
    .filter(({ holder }) => wanted === undefined || holder.ticket === wanted.ticket)
    .map(({ token }) => ({ _tag: "Granted", token: FencingToken.make(token) }))
  if (first?.resting === true) reasons.push({ _tag: "Resting", attempt: first.attempt ?? 0 })
  if (wanted === undefined && reasons.length === 0) return [{ _tag: "NothingWanted" }, ...others]
  const granted = held.some(({ holder }) => holder.ticket === wanted?.ticket)
  const place = wanted === undefined || granted ? [] : placeReasons(process, snapshot, wanted)
  return [...reasons, ...stopReasons(snapshot), ...place, ...others]
}

/** What an operator sees. */
export const statusOf = Effect.fnUntraced(function* (process: LockProcess) {
  const { record, snapshot } = yield* wide(process, process.self)
  const { limits, lock, policy } = process
  const { state } = snapshot
  const waiters = snapshot.waiters.map(({ waiter }) => waiter)
  const problems = snapshot.unreadable.map(
    (key) => [key as ParticipantId, "this key is none of ours; delete it"] as const
  )
  const told = record?.problem
  return {
    lock,
    problem: snapshot.broken ? `${process.keys.state} is none of ours` : undefined,
    leader: true,
    token: FencingToken.make(
      Math.max(state.granted === true ? snapshot.stateRevision : state.token, 0)
    ),
    permits: limits.permits,
    grants: snapshot.holders.map(
      ({ holder: { v: _, ...holder }, token }): Grant => ({
        ...holder,
        participant: holder.participant as ParticipantId,
        token: FencingToken.make(token)
      })
    ),
    waiters: policy.ordered(situationOf(waiters, snapshot.holders, limits, horizonOf(waiters))),
    queue: record?.queue ?? [],
    pause: state.pause,
    blocked: state.blocked,
    failed: state.failed ?? [],
    problems: new Map([
      ...problems,
      ...(told === undefined ? [] : [[process.self as ParticipantId, told] as const])
    ])
  } satisfies LockStatus as LockStatus
})

/** The last events, oldest first. */
export const historyOf = ({ etcd, keys }: LockProcess) =>
  Effect.map(etcd.range(keys.allHistory), ({ kvs }) =>
    kvs
      .flatMap(({ value }) => {
        const event = parsedJson(value) as (PastEvent & { readonly at?: unknown }) | undefined
        return typeof event?.at === "number" ? [event] : []
      })
      .sort((left, right) => (left.at as number) - (right.at as number))
      .map(
        ({ at: _, v: __, ...event }: PastEvent & { at?: unknown; v?: unknown }) =>
          event as PastEvent
      )
  )

/** The order the roll would take if all went well. */
export const roundsOf = Effect.fnUntraced(function* (process: LockProcess) {
  const { etcd, keys, limits, lock, policy } = process
  const { snapshot } = yield* wide(process, process.self)
  const { kvs } = yield* etcd.range(keys.allRequests)
  const sections = snapshot.waiters.flatMap(({ waiter }) => waiter)
  const queues = new Map<ParticipantId, ReadonlyArray<Waiter>>()
  for (const kv of kvs) {
    const register = readRequests(lock, kv.value)
    const participant = decodeURIComponent(kv.key.slice(keys.allRequests.key.length))
    if (register._tag === "Unreadable") continue
    const { completed, queue } = register.record
    const wanted = queue.flatMap((request) => {
      const { resting: _, ...awake } = request
      return (
        waiterOf({ self: participant }, { ...register.record, completed, queue: [awake] }) ?? []
      )
    })
    queues.set(participant as ParticipantId, asWaiters(wanted, process))
  }
  for (const each of asWaiters(sections, process)) {
    const known = queues.get(each.participant) ?? []
    if (known.some(({ ticket }) => ticket === each.ticket)) continue
    queues.set(each.participant, [...known, each])
  }
  return dryRun(policy, situationOf(sections, [], limits, horizonOf(sections)), queues)
})

const asWaiters = (
  waiters: ReadonlyArray<WaiterRecord>,
  { limits }: LockProcess
): ReadonlyArray<Waiter> => situationOf(waiters, [], limits, 0).waiters

const horizonOf = (waiters: ReadonlyArray<WaiterRecord>): number =>
  waiters.reduce((most, { ticket }) => Math.max(most, ticket), 0)

const stopReasons = ({ state }: LockSnapshot): ReadonlyArray<WaitReason> => {
  if (state.pause !== undefined) {
    return [{ _tag: "Paused", reason: state.pause.reason, by: state.pause.by }]
  }
  return state.blocked === undefined ? [] : [{ _tag: "Blocked", detail: state.blocked }]
}

const placeReasons = (
  { limits, policy }: { readonly limits: LockProcess["limits"]; readonly policy: GrantPolicy },
  { holders, waiters }: LockSnapshot,
  wanted: WaiterRecord
): ReadonlyArray<WaitReason> => {
  const reasons: Array<WaitReason> = []
  const { group, permits = 1 } = wanted
  if (permits > limits.permits) {
    reasons.push({ _tag: "TooManyPermits", permits, limit: limits.permits })
  }
  const others = holders.map(({ holder }) => holder)
  if (others.length > 0) {
    const by = others.map(({ participant }) => participant as ParticipantId)
    reasons.push({ _tag: "Held", by })
  }
  const taken = others
    .filter((each) => group !== undefined && each.group === group)
    .reduce((sum, each) => sum + (each.permits ?? 1), 0)
  if (group !== undefined && limits.perGroup !== undefined && taken + permits > limits.perGroup) {
    reasons.push({ _tag: "GroupFull", group })
  }
  const all = waiters.map(({ waiter }) => waiter)
  const line = policy.ordered(situationOf(all, holders, limits, horizonOf(all)))
  const at = line.findIndex((each) => each.ticket === wanted.ticket)
  const before = at < 0 ? line : line.slice(0, at)
  if (before.length > 0) {
    reasons.push({ _tag: "Behind", waiters: before.map(({ participant }) => participant) })
  }
  return reasons.length === 0 ? [{ _tag: "LeaderToDecide" }] : reasons
}

/** The lock with the first thousand of its waiters, and one participant's register. */
const wide = Effect.fnUntraced(function* (process: LockProcess, participant: string) {
  const { etcd, keys, lock } = process
  const reads = readSnapshot(keys, { op: "range", key: keys.requests(participant) })
  const many = reads.then.map((each) =>
    each.op === "range" && each.key === keys.queue.key ? { ...each, limit: MANY } : each
  )
  const answer = yield* etcd.txn({ when: reads.when, then: many, otherwise: many })
  const register = readRequests(lock, answer.ranges[2]?.kvs[0]?.value)
  const record = register._tag === "Readable" ? register.record : undefined
  return { snapshot: snapshotOf(keys, answer.ranges, answer.revision), record }
})

const MANY = 1_001
