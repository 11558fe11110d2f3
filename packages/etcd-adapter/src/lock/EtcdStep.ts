// One step of a participant: see to its first request, and run it where it is granted. A step never waits.
import {
  concluded,
  type Ended,
  isOf,
  type LockDecision,
  type LockMemory,
  type Request,
  type RequestRecord,
  type WaitReason
} from "@rollcall/core"
import { Clock, Effect, Queue } from "effect"
import { attempt, freshSnapshot } from "./Attempting.ts"
import { reasonsFor } from "./EtcdExplanation.ts"
import { placeOf } from "./EtcdLockPolicy.ts"
import { keep, recall, tellEnd, tryUnder } from "./EtcdTry.ts"
import { giveBack } from "./Leaving.ts"
import { type Grant, type LockProcess, type OwnRequests, sceneOf } from "./LockProcess.ts"
import { look, ownRequests, registerOf, settle, waiterOf } from "./OwnRequests.ts"
import { currentTerm } from "./Term.ts"

/** The step of a process. */
export const stepOf = Effect.fnUntraced(function* (process: LockProcess) {
  const turn = yield* process.turns.withPermit(begin(process))
  if (turn._tag === "Rest") return yield* resting(process, turn)
  const { grant, memory, request } = turn
  const tried = yield* Effect.ensuring(
    Effect.gen(function* () {
      const done = yield* tryUnder(process, grant, request, memory)
      if (done !== undefined) yield* tellEnd(process, request, done.memory)
      return done
    }),
    Effect.sync(() => process.running.delete(request.ticket))
  )
  const ended: Ended = tried?.ended ?? LOST
  const refused =
    tried !== undefined && !(yield* process.turns.withPermit(commit(process, turn, tried)))
  if (tried === undefined || refused) yield* forgetEnd(process, request)
  const { reason, result } = refused ? LOST : ended
  yield* Queue.offer(process.woken, undefined)
  const ran = {
    _tag: "Ran",
    operation: request.operation,
    token: grant.token,
    result,
    reason
  } as const
  return {
    activity: ran,
    wakeAtMillis: yield* Clock.currentTimeMillis,
    quarantined: new Map()
  } satisfies LockDecision as LockDecision
})

type Turn =
  | { readonly _tag: "Rest"; readonly own: OwnRequests; readonly memory: LockMemory | undefined }
  | {
      readonly _tag: "Try"
      readonly request: Request
      readonly grant: Grant
      readonly memory: LockMemory | undefined
    }

const LOST: Ended = {
  result: "retry-release",
  reason: "the grant was lost while it ran; it is tried again under the next one"
}

/** Brings the own register up to date, and says what may be tried. */
const begin = Effect.fnUntraced(function* (process: LockProcess) {
  const term = yield* currentTerm(process)
  const memory = yield* recall(process)
  const nowMillis = yield* Clock.currentTimeMillis
  let own = yield* ownRequests(process)
  for (;;) {
    const [first] = own.record.queue
    if (first !== undefined && memory?.ended !== undefined && isOf(memory, first)) {
      yield* conclude(process, first, memory)
    } else {
      const record = awake(process, own.record, memory, nowMillis)
      if (yield* settle(process, own, record)) break
    }
    own = (yield* look(process)).own
  }
  own = process.own ?? own
  const [request] = own.record.queue
  const grant = request && process.grants.get(request.ticket)
  const holds = request?.retry === "hold" && isResting(process, memory, nowMillis)
  const rest: Turn = { _tag: "Rest", own, memory }
  if (request === undefined || grant === undefined || holds || request.resting === true) return rest
  if (process.running.has(request.ticket)) return rest
  const begun = isOf(memory, request) ? memory : undefined
  if (grant.lease !== term.lease.id) {
    // of this machine's process before this one: its journal says so, else it is a twin's and left alone
    return begun?.token === grant.token
      ? yield* adopt(process, term.lease.id, request, grant, begun)
      : rest
  }
  process.running.set(request.ticket, request)
  return { _tag: "Try", request, grant, memory: begun } satisfies Turn as Turn
})

/** The own register without what nobody waits for any more, and with its first request awake if its rest is over. */
const awake = (
  process: LockProcess,
  record: RequestRecord,
  memory: LockMemory | undefined,
  nowMillis: number
): RequestRecord => {
  const late = record.queue.filter(
    (each) =>
      each.expiresAtMillis !== undefined &&
      each.expiresAtMillis <= nowMillis &&
      (each.attempt ?? 0) === 0 &&
      !process.grants.has(each.ticket) &&
      !process.running.has(each.ticket)
  )
  const words = late.map(({ operation }) => `${operation} was not granted before its deadline`)
  let { queue } = record
  if (late.length > 0) queue = queue.filter((each) => !late.includes(each))
  const [first, ...others] = queue
  if (first?.resting === true && !isResting(process, memory, nowMillis)) {
    const { resting: _, ...up } = first
    queue = [up, ...others]
  }
  if (queue === record.queue) return record
  return { ...record, queue, ...(late.length === 0 ? {} : { problem: words.join("; ") }) }
}

/** The queue after the end of a try, told to all in the transaction that gives the grant back; false where it is refused. */
const commit = Effect.fnUntraced(function* (
  process: LockProcess,
  { grant, request }: Extract<Turn, { _tag: "Try" }>,
  { ended, memory }: { readonly ended: Ended; readonly memory: LockMemory }
) {
  for (let own = yield* ownRequests(process); ; own = (yield* look(process)).own) {
    if (own.record.queue[0]?.ticket !== request.ticket) return false
    const record = after(
      process,
      own.record,
      grant.token,
      ended,
      memory,
      yield* Clock.currentTimeMillis
    )
    const registers = [registerOf(process, own, record)]
    const stays = ended.result === "retry-hold" && record.queue[0]?.ticket === request.ticket
    const next = stays ? undefined : waiterOf(process, record)
    const term = yield* currentTerm(process)
    const enter = next && { waiter: next, lease: term.lease.id }
    const event = record.completed?.outcome ?? "done"
    const { reason } = record.completed ?? {}
    const outcome = stays
      ? yield* attempt(process, { registers, holding: { key: grant.key, token: grant.token } })
      : yield* giveBack(
          process,
          grant,
          { event, ...(reason === undefined ? {} : { reason: reason.slice(0, 200) }) },
          { registers, enter }
        )
    if (outcome._tag === "Stale") {
      process.grants.set(grant.ticket, grant)
      continue
    }
    process.own = undefined
    if (outcome._tag === "Refused") return outcome.unsure && (yield* landed(process, grant, record))
    if (next !== undefined && !outcome.entered)
      term.queued.add(placeOf(next, yield* sceneOf(process)))
    process.own = { record, revision: outcome.revision }
    return true
  }
})

/** Whether a transaction that got no answer was applied after all. */
const landed = (process: LockProcess, grant: Grant, { queue }: RequestRecord) =>
  Effect.map(
    look(process),
    ({ own: { record } }) =>
      record.completed?.token === grant.token && record.queue.length === queue.length
  )

const after = (
  process: LockProcess,
  record: RequestRecord,
  token: Grant["token"],
  ended: Ended,
  memory: LockMemory | undefined,
  nowMillis: number
): RequestRecord => {
  const known = memory?.token === token ? memory : undefined
  const of: LockMemory = known ?? { v: 1, ticket: record.queue[0]?.ticket ?? 0, attempt: 0, token }
  return concluded(record, of, ended, isResting(process, memory, nowMillis))
}

/** The end of a try whose process ended before it could tell: it is told now, under whatever lease. */
const conclude = Effect.fnUntraced(function* (
  process: LockProcess,
  request: Request,
  memory: LockMemory
) {
  const { ended, token } = memory
  if (ended === undefined) return
  yield* tellEnd(process, request, memory)
  const told: Ended = { result: ended.result, reason: ended.reason }
  const { own, snapshot } = yield* look(process)
  const record = after(process, own.record, token, told, memory, yield* Clock.currentTimeMillis)
  const grant = snapshot.holders.find(
    ({ holder, token: each }) => holder.participant === process.self && each === token
  )
  const release = grant === undefined ? [] : [{ key: grant.key, token }]
  const registers = [registerOf(process, own, record)]
  process.grants.delete(request.ticket)
  yield* attempt(process, { registers, ...(told.result === "retry-hold" ? {} : { release }) })
  process.own = undefined
})

/** The grant of this machine's former process goes on under the lease of this one, with a new token. */
const adopt = Effect.fnUntraced(function* (
  process: LockProcess,
  lease: bigint,
  request: Request,
  grant: Grant,
  memory: LockMemory
) {
  const { etcd, keys } = process
  const value = JSON.stringify({
    v: 1,
    participant: process.self,
    ticket: request.ticket,
    operation: request.operation,
    ...(request.permits === undefined ? {} : { permits: request.permits }),
    ...(request.group === undefined ? {} : { group: request.group }),
    atMillis: grant.atMillis
  })
  const { revision, succeeded } = yield* etcd.txn({
    when: [{ key: grant.key, target: "mod", is: "=", value: grant.token }],
    then: [{ op: "put", key: grant.key, value, lease }],
    otherwise: [{ op: "range", key: keys.state }]
  })
  yield* keep(process, { ...memory, ...(succeeded ? { token: revision as Grant["token"] } : {}) })
  const { own } = yield* look(process)
  return { _tag: "Rest", own, memory } satisfies Turn as Turn
})

/** A try that was cut off, or whose end was refused, is no end. */
const forgetEnd = Effect.fnUntraced(function* (process: LockProcess, request: Request) {
  process.own = undefined
  const memory = yield* recall(process)
  if (memory === undefined || !isOf(memory, request)) return
  const { ended: _, retryAtMillis: __, told: ___, ...begun } = memory
  yield* keep(process, begun)
})

const resting = Effect.fnUntraced(function* (
  process: LockProcess,
  { memory, own }: Extract<Turn, { _tag: "Rest" }>
) {
  const [first] = own.record.queue
  const reasons: ReadonlyArray<WaitReason> =
    first === undefined
      ? []
      : reasonsFor(
          process,
          process.lastSeen ?? (yield* freshSnapshot(process)),
          process.self,
          own.record
        )
  const times = own.record.queue.flatMap(({ expiresAtMillis }) => expiresAtMillis ?? [])
  if (first?.resting === true || first?.retry === "hold") times.push(memory?.retryAtMillis ?? 0)
  return {
    activity: first === undefined ? { _tag: "Idle" } : { _tag: "Waiting", reasons },
    wakeAtMillis: times.length === 0 ? undefined : Math.min(...times),
    quarantined: new Map()
  } satisfies LockDecision as LockDecision
})

const isResting = (
  { limits }: LockProcess,
  memory: LockMemory | undefined,
  nowMillis: number
): boolean => {
  const left = (memory?.retryAtMillis ?? 0) - nowMillis
  return left > 0 && left <= limits.backoff.capMillis
}
