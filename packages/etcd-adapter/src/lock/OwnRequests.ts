// What a participant wants, across its restarts: the requests it was asked for, in its order, at a key without a lease.
// Only the first of them waits in the queue of the lock; it waits again after a restart, at the place it had.
import {
  blankRequests,
  cancelled,
  enqueued,
  isOf,
  LockNotReady,
  nativeLockDialect,
  ParticipantId,
  type Request,
  type RequestRecord,
  readLockMemory,
  type Wish
} from "@rollcall/core"
import { Effect, Queue } from "effect"
import type { KeyValue, Op } from "../client/Etcd.ts"
import { attempt } from "./Attempting.ts"
import { enter } from "./Entering.ts"
import { placeOf } from "./EtcdLockPolicy.ts"
import type { Change } from "./LockChange.ts"
import { type LockProcess, type OwnRequests, sceneOf, type Term } from "./LockProcess.ts"
import type { WaiterRecord } from "./LockRecord.ts"
import { type LockSnapshot, readSnapshot, snapshotOf } from "./LockSnapshot.ts"
import { currentTerm } from "./Term.ts"

/** Asks for a turn. */
export const ask = (process: LockProcess, wish: Wish) =>
  process.turns.withPermit(
    Effect.gen(function* () {
      const term = yield* currentTerm(process)
      for (;;) {
        const { own, snapshot } = yield* look(process)
        const memory = readLockMemory(yield* process.journal.load, process.lock)
        const [first] = own.record.queue
        const begun = new Set(process.running.keys())
        if (first !== undefined && isOf(memory, first)) begun.add(first.ticket)
        const lowest = Math.max(
          snapshot.revision,
          process.lastTicket + 1,
          own.record.lastTicket + 1
        )
        const asked = enqueued(own.record, wish, lowest, begun)
        const done = yield* write(process, term, own, asked.record, snapshot)
        if (!done) continue
        process.lastTicket = asked.ticket
        yield* Queue.offer(process.woken, undefined)
        return { ticket: asked.ticket, merged: asked.merged }
      }
    })
  )

/** Takes requests back, but for those that are being tried; a grant that waits for its try is given back. */
export const takeBack = (process: LockProcess, ticket: number | undefined) =>
  process.turns.withPermit(
    Effect.gen(function* () {
      const term = yield* currentTerm(process)
      for (;;) {
        const { own, snapshot } = yield* look(process)
        const chosen = (each: Request) => ticket === undefined || each.ticket === ticket
        const gone = cancelled(own.record, chosen, process.running)
        if (gone.tickets.length === 0) return gone.tickets
        if (yield* write(process, term, own, gone.record, snapshot)) return gone.tickets
      }
    })
  )

/** Sees to it that the first request waits, or is granted. */
export const settle = (process: LockProcess, own: OwnRequests, record: RequestRecord) =>
  Effect.gen(function* () {
    const term = yield* currentTerm(process)
    return yield* write(process, term, own, record)
  })

/** The own register as it is now, and the lock with it. */
export const look = Effect.fnUntraced(function* (process: LockProcess) {
  const key = process.keys.requests(process.self)
  const range: Op = { op: "range", key }
  const answer = yield* process.etcd.txn(readSnapshot(process.keys, range))
  const own = yield* ownOf(process, answer.ranges[2]?.kvs[0])
  process.own = own
  const snapshot = snapshotOf(process.keys, answer.ranges, answer.revision)
  process.lastSeen = snapshot
  return { own, snapshot }
})

/** The own register, read if it was not. */
export const ownRequests = (process: LockProcess) =>
  Effect.suspend(() =>
    process.own === undefined || process.own.record.queue.length === 0
      ? Effect.map(look(process), ({ own }) => own)
      : Effect.succeed(process.own)
  )

/** The text of a register, and the change that writes it. */
export const registerOf = (process: LockProcess, own: OwnRequests, record: RequestRecord) => ({
  key: process.keys.requests(process.self),
  value: textOf(process.lock, record),
  revision: own.revision
})

/** The first request as it waits; undefined where there is none, or it rests. */
export const waiterOf = (
  { self }: Pick<LockProcess, "self">,
  { completed, queue: [first] }: RequestRecord
): WaiterRecord | undefined => {
  if (first === undefined || first.resting === true) return undefined
  const triedAt =
    first.retry !== "release" ? undefined : completed?.ticket === first.ticket ? completed.token : 0
  return {
    v: 1,
    participant: self,
    ticket: first.ticket,
    operation: first.operation,
    ...(first.priority === undefined ? {} : { priority: first.priority }),
    ...(first.permits === undefined ? {} : { permits: first.permits }),
    ...(first.group === undefined ? {} : { group: first.group }),
    ...(triedAt === undefined ? {} : { triedAt })
  }
}

/** A register's record, as a participant of the lock wrote it. */
export const readRequests = (lock: string, text: string | undefined) => {
  const dialect = nativeLockDialect(lock)
  const entries = text === undefined ? [] : [[entryOf(lock), text] as const]
  return dialect.decodeRequests(new Map(entries), new Map())
}

/** The text of a register. */
export const textOf = (lock: string, record: RequestRecord): string =>
  nativeLockDialect(lock)
    .encodeRequests(record, { self: NOBODY, nowMillis: 0, registers: new Map(), shared: new Map() })
    .get(entryOf(lock)) ?? ""

/** The native format does not ask who writes. */
const NOBODY = ParticipantId.make("nobody")

const entryOf = (lock: string): string => `rolling-lock.${lock}`

/** Writes the own register, and changes what waits for it; false where somebody else wrote it first. */
const write = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  own: OwnRequests,
  record: RequestRecord,
  start?: LockSnapshot
) {
  const scene = yield* sceneOf(process)
  const [before, after] = [waiterOf(process, own.record), waiterOf(process, record)]
  const [from, to] = [before && placeOf(before, scene), after && placeOf(after, scene)]
  const registers = record === own.record ? [] : [registerOf(process, own, record)]
  const moved = from !== undefined && from !== to
  const leave = moved ? [from] : []
  if (moved) term.queued.delete(from)
  const held = (waiter: WaiterRecord | undefined) =>
    waiter !== undefined && process.grants.has(waiter.ticket)
  const drops = held(before) && before?.ticket !== after?.ticket
  const comes = after !== undefined && to !== undefined && !held(after) && !term.queued.has(to)
  let also = { registers, leave }
  let revision = 0
  if (drops || (!comes && registers.length + leave.length > 0)) {
    const ticket = drops ? before?.ticket : undefined
    const outcome = yield* attempt(process, withdrawing(process, also, ticket), start)
    if (outcome._tag !== "Done") return yield* forget(process)
    revision = outcome.revision
    also = { registers: [], leave: [] }
  }
  if (comes) {
    const entry = yield* enter(process, term, after, also, drops ? undefined : start)
    if (entry._tag === "Stale") return yield* forget(process)
    if (also.registers.length > 0) revision = entry.revision
  }
  if (registers.length > 0) process.own = { record, revision }
  return true
})

/** A change that gives an own grant back which was not begun, as its request is no more. */
const withdrawing =
  (process: LockProcess, change: Change, ticket: number | undefined) =>
  (snapshot: LockSnapshot): Change => {
    const grant = snapshot.holders.find(
      ({ holder }) => holder.participant === process.self && holder.ticket === ticket
    )
    if (grant === undefined || ticket === undefined) return change
    process.grants.delete(ticket)
    return { ...change, release: [{ key: grant.key, token: grant.token }] }
  }

const forget = (process: LockProcess) =>
  Effect.sync(() => {
    process.own = undefined
    return false
  })

const ownOf = Effect.fnUntraced(function* (process: LockProcess, kv: KeyValue | undefined) {
  const read = readRequests(process.lock, kv?.value)
  if (read._tag === "Unreadable") {
    const detail = `${process.keys.requests(process.self)} is none of ours: ${read.detail}; delete it`
    return yield* new LockNotReady({ lock: process.lock, detail })
  }
  const own: OwnRequests = {
    record: kv === undefined ? blankRequests : read.record,
    revision: kv?.modRevision ?? 0
  }
  return own
})
