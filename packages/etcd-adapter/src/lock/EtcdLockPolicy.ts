// One transition of a lock: from a snapshot and what somebody wants changed to the one transaction that does it, and hands
// free permits to who is next. Pure. Who is next is core's policy over the head of the queue.
//   L1 permits are counted over all keys of grants at the state's revision, which the transaction compares;
//   L2 a transaction grants once at most, so that its revision is a token nobody else has;
//   L3 it compares the creation of the waiter's key: who left is not granted anything;
//   L5 permits that stay free while nobody fits are left only if nobody has arrived meanwhile;
//   L8 it compares that nobody arrived before the waiter it grants.
import type { LockLimits, ParticipantId, PastEvent, Situation } from "@rollcall/core"
import type { Op, TxnRequest } from "../client/Etcd.ts"
import { type HandOverHint, hintOf } from "./HandOverHint.ts"
import type { Candidate, Change, LockScene } from "./LockChange.ts"
import { blockedBy, concluded, holderOf, stateAfter } from "./LockConclusion.ts"
import { conditions } from "./LockConditions.ts"
import type { LockKeys } from "./LockKeys.ts"
import { type LockState, nameOf, type WaiterRecord } from "./LockRecord.ts"
import {
  freePermits,
  type LockSnapshot,
  type Outstanding,
  type Queued,
  snapshotOps
} from "./LockSnapshot.ts"

/** A transaction, and what it comes to if it succeeds. */
export interface Transition {
  readonly txn: TxnRequest
  readonly state: LockState
  /** Who is granted: by the key of the grant. */
  readonly granted: { readonly key: string; readonly waiter: WaiterRecord } | undefined
  /** Whether the waiter that came is the one that is granted. */
  readonly entered: boolean
  /** Whether somebody else became the guard. */
  readonly guarded: boolean
  /** Whether permits stay free although there may be more who can have them. */
  readonly more: boolean
}

/** The transition, or undefined where nothing is to be done; "page" where more of the queue must be known. */
export const transition = (
  snapshot: LockSnapshot,
  change: Change,
  scene: LockScene
): Transition | "page" | undefined => {
  const { keys, limits } = scene
  const ended = new Set((change.release ?? []).map(({ key }) => key))
  const holders = snapshot.holders.filter(({ key }) => !ended.has(key))
  const { events, state: settled } = concluded(snapshot, change, scene)
  const entering = change.enter && { ...change.enter, key: placeOf(change.enter.waiter, scene) }
  const waiters = waitersOf(snapshot, change, holders, entering)
  const held = blockedBy(settled, change, scene)
  const chosen = held === undefined ? chosenOf(waiters, holders, scene) : undefined
  if (held === undefined && chosen === undefined && !snapshot.complete) {
    if (freePermits(holders, limits.permits) > 0) return "page"
  }
  const free = freePermits(holders, limits.permits) - (chosen?.waiter.permits ?? (chosen ? 1 : 0))
  const guard = guardOf(snapshot, waiters, holders, chosen)
  const blocked = held !== undefined && waiters.length > 0 ? held : undefined
  const nothing = chosen === undefined && entering === undefined && guard === undefined
  if (nothing && isIdle(change) && settled === snapshot.state && settled.blocked === blocked) {
    return undefined
  }
  const state = stateAfter(settled, holders, chosen, blocked, events.length, snapshot, scene)
  const grant = chosen && { ...chosen, key: grantKey(chosen.waiter, scene) }
  const waits = entering !== undefined && chosen?.key !== entering.key
  const hint = hintFor(snapshot, state, waiters, chosen, guard, scene)
  const when = conditions(snapshot, change, keys, { chosen, idle: held === undefined && free > 0 })
  const then: Array<Op> = [
    { op: "put", key: keys.state, value: JSON.stringify(state) },
    ...[...ended].map((key) => ({ op: "delete", key }) as const),
    ...leaving(change, entering?.key, chosen?.key).map((key) => ({ op: "delete", key }) as const),
    ...(change.registers ?? []).map(({ key, value }) => ({ op: "put", key, value }) as const),
    ...events.map((event, i) => remembered(event, snapshot.state.events + i, scene)),
    ...(grant === undefined ? [] : [granting(grant, scene, hint)]),
    ...(chosen === undefined ? [] : [{ op: "delete", key: chosen.key } as const]),
    ...(waits ? entryOps(keys, entering) : []),
    ...(guard === undefined ? [] : guardOps(snapshot, guard, scene)),
    ...tellingOps(holders, guard, grant === undefined ? hint : undefined, ended.size > 0, scene)
  ]
  return {
    txn: { when, then, otherwise: snapshotOps(keys) },
    state,
    granted: grant && { key: grant.key, waiter: grant.waiter },
    entered: entering !== undefined && !waits,
    guarded: guard !== undefined,
    more: chosen !== undefined && free > 0 && (waiters.length > 1 || !snapshot.complete)
  }
}

/** The writes with which a waiter comes. */
export const entryOps = (
  keys: LockKeys,
  entry: { readonly key: string; readonly waiter: WaiterRecord; readonly lease: bigint }
): ReadonlyArray<Op> => [
  { op: "put", key: entry.key, value: JSON.stringify(entry.waiter), lease: entry.lease },
  { op: "put", key: keys.arrivals, value: "" }
]

/** The key at which `waiter` waits. */
export const placeOf = (waiter: WaiterRecord, { keys, limits }: LockScene): string =>
  keys.waiter(
    {
      participant: waiter.participant,
      ticket: waiter.ticket,
      priority: waiter.priority ?? 0,
      triedAt: waiter.triedAt
    },
    limits.ageing
  )

/** What core's policy is asked. */
export const situationOf = (
  waiters: ReadonlyArray<WaiterRecord>,
  holders: ReadonlyArray<Outstanding>,
  limits: LockLimits,
  horizon: number
): Situation => ({
  waiters: waiters.map((each) => ({
    participant: each.participant as ParticipantId,
    ticket: each.ticket,
    operation: each.operation,
    priority: each.priority ?? 0,
    permits: each.permits ?? 1,
    group: each.group,
    triedAt: each.triedAt
  })),
  holders: holders.map(({ holder: { group, participant, permits = 1 } }) => ({
    participant: participant as ParticipantId,
    permits,
    group
  })),
  horizon,
  limits: { ...limits, ahead: 0 }
})

const isIdle = ({ leave = [], registers = [], release = [] }: Change): boolean =>
  leave.length + registers.length + release.length === 0

const grantKey = ({ participant, ticket }: WaiterRecord, { keys }: LockScene): string =>
  keys.grant(participant, ticket)

const waitersOf = (
  { waiters }: LockSnapshot,
  { leave = [] }: Change,
  holders: ReadonlyArray<Outstanding>,
  entering: (Pick<Candidate, "waiter" | "key"> & { readonly lease: bigint }) | undefined
): ReadonlyArray<Candidate> => {
  const gone = new Set(leave)
  const held = new Set(holders.map(({ holder }) => nameOf(holder)))
  const waiting = waiters.filter(
    ({ key, waiter }: Queued) =>
      !gone.has(key) && key !== entering?.key && !held.has(nameOf(waiter))
  )
  return entering === undefined ? waiting : [...waiting, { ...entering, created: undefined }]
}

const chosenOf = (
  waiters: ReadonlyArray<Candidate>,
  holders: ReadonlyArray<Outstanding>,
  { limits, policy }: LockScene
): Candidate | undefined => {
  const horizon = Math.max(0, ...waiters.map(({ waiter }) => waiter.ticket))
  const [first] = policy.chosen(
    situationOf(
      waiters.map(({ waiter }) => waiter),
      holders,
      limits,
      horizon
    )
  )
  return (
    first &&
    waiters.find(
      ({ waiter }) => waiter.participant === first.participant && waiter.ticket === first.ticket
    )
  )
}

/** Who is to watch for dead holders from now on; undefined where the guard can stay, or nobody is there to do it. */
const guardOf = (
  { guard }: LockSnapshot,
  waiters: ReadonlyArray<Candidate>,
  holders: ReadonlyArray<Outstanding>,
  chosen: Candidate | undefined
): Candidate | undefined => {
  const holding = new Set(holders.map(({ holder }) => holder.participant))
  if (chosen !== undefined) holding.add(chosen.waiter.participant)
  if (guard !== undefined && !holding.has(guard.participant)) return undefined
  return waiters.findLast(
    ({ lease, waiter }) => lease !== undefined && !holding.has(waiter.participant)
  )
}

/** What the one that holds after a transition is to know; of use where one holds at a time. */
const hintFor = (
  snapshot: LockSnapshot,
  state: LockState,
  waiters: ReadonlyArray<Candidate>,
  chosen: Candidate | undefined,
  guard: Candidate | undefined,
  { keys, limits }: LockScene
): HandOverHint | undefined => {
  if (limits.permits > 1 || state.holders.length !== 1) return undefined
  const left = waiters.filter((each) => each !== chosen)
  const { participant } = guard?.waiter ?? {}
  return hintOf({
    ...snapshot,
    state,
    guard:
      participant === undefined ? snapshot.guard : { key: keys.guard(participant), participant },
    // who comes with this transition was created by it, and left its mark in it
    waiters: left.map((each) => ({ ...each, created: each.created ?? 0 })),
    arrivals: left.some(({ created }) => created === undefined) ? 0 : snapshot.arrivals
  })
}

/** Who holds hears of the first that waits, so that it need not look for it; and forgets it with the grant. */
const tellingOps = (
  [holder]: ReadonlyArray<Outstanding>,
  guard: Candidate | undefined,
  hint: HandOverHint | undefined,
  releases: boolean,
  { keys, limits, self }: LockScene
): ReadonlyArray<Op> => {
  if (limits.permits > 1) return []
  if (releases) return [{ op: "delete", key: keys.hint(self) }]
  if (holder === undefined || guard?.lease === undefined || hint === undefined) return []
  const key = keys.hint(holder.holder.participant)
  return [{ op: "put", key, value: JSON.stringify({ hint }), lease: guard.lease }]
}

const guardOps = (
  { guard }: LockSnapshot,
  { lease, waiter }: Candidate,
  { keys }: LockScene
): ReadonlyArray<Op> => [
  ...(guard === undefined ? [] : [{ op: "delete", key: guard.key } as const]),
  {
    op: "put",
    key: keys.guard(waiter.participant),
    value: waiter.participant,
    ...(lease === undefined ? {} : { lease })
  }
]

const granting = (
  { key, lease, waiter }: Candidate,
  scene: LockScene,
  hint: HandOverHint | undefined
): Op => ({
  op: "put",
  key,
  value: JSON.stringify({ ...holderOf(waiter, scene), hint }),
  ...(lease === undefined ? {} : { lease })
})

const remembered = (event: PastEvent, at: number, { keys, limits }: LockScene): Op => ({
  op: "put",
  key: keys.history(at % limits.history),
  value: JSON.stringify({ v: 1, at, ...event })
})

/** Waiters' keys that go; not the one that is written or granted in the same transaction. */
const leaving = (
  { leave = [] }: Change,
  entering: string | undefined,
  chosen: string | undefined
): ReadonlyArray<string> => leave.filter((key) => key !== entering && key !== chosen)
