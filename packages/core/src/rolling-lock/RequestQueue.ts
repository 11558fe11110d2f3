// A participant's side of a lock: its queue, and what becomes of its first request. Pure.
//   waiting -> granted -> trying -> done | failed | resting -> waiting ...
// Invariants: a request goes only when it was answered, cancelled, revoked or has expired (L4); a try that is in the
// journal as ended is never begun again (L7); nothing is tried under a grant that this step itself made.
import type { ParticipantId } from "../Participant.ts"
import { isOver, isRevoked, type Registers, ticketsOf } from "./Fate.ts"
import type { LockMemory } from "./LockJournal.ts"
import type { Completion, Grant, GrantRecord, Request, RequestRecord } from "./RollingLockRecord.ts"

/** What a participant asks for: a request without what the queue gives it. */
export type Wish = Pick<
  Request,
  | "operation"
  | "arguments"
  | "context"
  | "maxRetries"
  | "priority"
  | "permits"
  | "group"
  | "expiresAtMillis"
>

/** A try that ended, as the operation told it. */
export interface Ended {
  readonly result: "release" | "retry-release" | "retry-hold" | "failed"
  readonly reason?: string | undefined
}

/** A ticket greater than every one that is known of. */
export const drawTicket = (
  own: RequestRecord,
  registers: Registers,
  grants: GrantRecord | undefined,
  memory: LockMemory | undefined
): number =>
  1 +
  Math.ceil(
    Math.max(
      own.lastTicket,
      memory?.ticket ?? 0,
      ...ticketsOf(registers),
      ...(grants?.grants ?? []).map(({ ticket }) => ticket),
      ...(grants?.orders ?? []).map(({ ticket }) => ticket + 1)
    )
  )

/**
 * Appends `wish`, or merges it into the last request if that asks for the same and was not begun: then the higher
 * priority, the later deadline and the newer bound on retries hold, and the place in the queue stays. Nothing is merged
 * where `begun` is undefined.
 */
export const enqueued = (
  record: RequestRecord,
  wish: Wish,
  ticket: number,
  begun: ReadonlySet<number> | undefined
): { readonly record: RequestRecord; readonly ticket: number; readonly merged: boolean } => {
  const last = begun === undefined ? undefined : lastSame(record, wish)
  if (last !== undefined && begun?.has(last.ticket) !== true) {
    return { record: mergedInto(record, last.ticket, wish), ticket: last.ticket, merged: true }
  }
  return { record: withRequest(record, { ticket, ...wish }), ticket, merged: false }
}

/** The last request where it asks for the same and was never tried. */
export const lastSame = ({ queue }: RequestRecord, wish: Wish): Request | undefined => {
  const last = queue.at(-1)
  return last !== undefined && isSame(last, wish) && isFresh(last) ? last : undefined
}

/** The record with `wish` merged into the request of that ticket. */
export const mergedInto = (record: RequestRecord, ticket: number, wish: Wish): RequestRecord => ({
  ...record,
  queue: record.queue.map((each) => (each.ticket === ticket ? merge(each, wish) : each))
})

/** The record with one request more, at its end or, where it was granted unseen, at its front. */
export const withRequest = (
  record: RequestRecord,
  request: Request,
  first = false
): RequestRecord => ({
  ...record,
  queue: first ? [request, ...record.queue] : [...record.queue, request],
  lastTicket: Math.max(record.lastTicket, Math.ceil(request.ticket))
})

/** Takes away the requests that `chosen` accepts, but for those that are being tried now. */
export const cancelled = (
  record: RequestRecord,
  chosen: (request: Request) => boolean,
  begun: ReadonlyMap<number, Request>
): { readonly record: RequestRecord; readonly tickets: ReadonlyArray<number> } => {
  const gone = record.queue.filter((each) => chosen(each) && !begun.has(each.ticket))
  if (gone.length === 0) return { record, tickets: [] }
  const queue = record.queue.filter((each) => !gone.includes(each))
  return { record: { ...record, queue }, tickets: gone.map(({ ticket }) => ticket) }
}

/** What a participant knows when it looks at its queue. */
export interface QueueInput {
  readonly self: ParticipantId
  readonly nowMillis: number
  readonly record: RequestRecord
  readonly grants: GrantRecord | undefined
  readonly memory: LockMemory | undefined
  /** Tickets whose try is under way in this process. */
  readonly running: ReadonlyMap<number, Request>
  /** The longest rest there is: one that seems longer comes from a clock that was set, and is over. */
  readonly capMillis: number
  /** The group that its turns count against, empty for none; undefined where groups are not bounded. */
  readonly group: string | undefined
}

/** The queue after what has happened since: a try that ended, a request that was revoked or expired, a rest that is over. */
export const settled = (input: QueueInput): RequestRecord => {
  const { grants, memory, nowMillis, running, self } = input
  let record = inGroup(forwarded(caughtUp(input), memory), input.group)
  const [first] = record.queue
  if (
    first !== undefined &&
    memory?.ended !== undefined &&
    memory.told === true &&
    isOf(memory, first)
  ) {
    record = concluded(record, memory, memory.ended, isResting(input))
  }
  const lost = record.queue.filter((request) => {
    if (running.has(request.ticket)) return false
    if (grants !== undefined && isRevoked(grants, self, request.ticket)) return true
    const idle =
      isFresh(request) && !isOf(memory, request) && grantFor(grants, self, request) === undefined
    return idle && request.expiresAtMillis !== undefined && request.expiresAtMillis <= nowMillis
  })
  if (lost.length > 0) {
    const words = lost.map((request) =>
      grants !== undefined && isRevoked(grants, self, request.ticket)
        ? `${request.operation} was ended by force`
        : `${request.operation} was not granted before its deadline`
    )
    const queue = record.queue.filter((request) => !lost.includes(request))
    record = { ...record, queue, problem: words.join("; ") }
  }
  const [head, ...rest] = record.queue
  if (head?.resting === true && !isResting(input)) {
    const { resting: _, ...awake } = head
    record = { ...record, queue: [awake, ...rest] }
  }
  return record
}

/** The grant under which the first request may be tried now; undefined when it has to wait. */
export const runnable = (
  { grants, memory, running, ...input }: QueueInput,
  registers: Registers
):
  | { readonly request: Request; readonly grant: Grant; readonly interrupted: boolean }
  | undefined => {
  const [request] = input.record.queue
  if (request === undefined || grants === undefined || grants.pause !== undefined) return undefined
  const grant = grantFor(grants, input.self, request)
  if (grant === undefined || request.resting === true || running.has(request.ticket)) {
    return undefined
  }
  // its end was told in this very step, or in one that the leader has not seen
  if ((input.record.completed?.token ?? 0) >= grant.token) return undefined
  const begun = isOf(memory, request)
  if (request.retry === "hold" && !begun && isResting({ ...input, grants, memory, running })) {
    return undefined
  }
  if (!isItsTurn(grant, grants, registers)) return undefined
  return { request, grant, interrupted: begun }
}

/** Whether the permits are free that `grant` needs: all but those of grants before it that are not over. */
export const isItsTurn = (grant: Grant, record: GrantRecord, registers: Registers): boolean => {
  const before = record.grants.filter(
    (each) => each.token < grant.token && !isOver(each, registers)
  )
  const taken = before.reduce((total, { permits = 1 }) => total + permits, 0)
  return before.length === 0 || taken + (grant.permits ?? 1) <= record.permits
}

/** The grant of `participant` for this request. */
export const grantFor = (
  record: GrantRecord | undefined,
  participant: ParticipantId,
  { ticket }: Request
): Grant | undefined =>
  record?.grants.find((grant) => grant.participant === participant && grant.ticket === ticket)

/** Whether the journal is about this try of this request, or about one after it that the register does not know of. */
export const isOf = (memory: LockMemory | undefined, { attempt = 0, ticket }: Request): boolean =>
  memory !== undefined && memory.ticket === ticket && memory.attempt >= attempt

/** The queue after a try that ended; a retry beyond the bound is a failure that is told. */
export const concluded = (
  record: RequestRecord,
  { atMillis, sinceMillis, token }: LockMemory,
  { reason, result }: Ended,
  resting: boolean
): RequestRecord => {
  const [request, ...rest] = record.queue
  if (request === undefined) return record
  const { attempt = 0, maxRetries, ticket } = request
  const why = reason === undefined ? {} : { reason: reason.slice(0, 500) }
  const completion = (outcome: Completion["outcome"], more = why): Completion => ({
    token,
    ticket,
    outcome,
    ...more,
    ...(sinceMillis === undefined ? {} : { sinceMillis }),
    ...(atMillis === undefined ? {} : { atMillis })
  })
  const over = (outcome: Completion["outcome"], more = why): RequestRecord => {
    const completed = completion(outcome, more)
    return { ...record, queue: rest, completed, problem: undefined }
  }
  if (result === "release") return over("done", {})
  if (result === "failed") return over("failed")
  if (maxRetries !== undefined && attempt + 1 > maxRetries) {
    return over("failed", { reason: `given up after ${attempt + 1} tries: ${reason ?? result}` })
  }
  const { resting: _, ...awake } = request
  const next = { ...awake, attempt: attempt + 1 }
  if (result === "retry-hold") {
    return { ...record, queue: [{ ...next, retry: "hold" }, ...rest] }
  }
  const again: Request = { ...next, retry: "release", ...(resting ? { resting: true } : {}) }
  return {
    ...record,
    queue: [again, ...rest],
    completed: completion("retry")
  }
}

/** Tries under one grant, of which the register knows nothing because the step that told of them was undone, stay tried. */
const forwarded = (record: RequestRecord, memory: LockMemory | undefined): RequestRecord => {
  const [first, ...rest] = record.queue
  if (first === undefined || memory === undefined || !isOf(memory, first)) return record
  const { attempt } = memory
  if (attempt === (first.attempt ?? 0)) return record
  const { resting: _, ...awake } = first
  return { ...record, queue: [{ ...awake, attempt, retry: "hold" }, ...rest] }
}

/** The group is said once, so that the leader knows it of turns that nobody has written yet. */
const inGroup = (record: RequestRecord, group: string | undefined): RequestRecord => {
  if (group === undefined || record.group === group) return record
  const placed = (request: Request): Request =>
    group === "" || Number.isInteger(request.ticket) ? request : { ...request, group }
  return { ...record, group, queue: record.queue.map(placed) }
}

/** A register that was begun anew may have forgotten tickets that a grant still names: they are not drawn again. */
const caughtUp = ({ grants, record, self }: QueueInput): RequestRecord => {
  const named = (grants?.grants ?? []).map((each) =>
    each.participant === self ? Math.ceil(each.ticket) : 0
  )
  const lastTicket = Math.max(record.lastTicket, ...named)
  return lastTicket === record.lastTicket ? record : { ...record, lastTicket }
}

/** Whether the pause after the last try still lasts, by this participant's own clock. */
const isResting = ({ capMillis, memory, nowMillis }: QueueInput): boolean => {
  const left = (memory?.retryAtMillis ?? 0) - nowMillis
  return left > 0 && left <= capMillis
}

const isFresh = ({ attempt = 0, retry }: Request): boolean => attempt === 0 && retry === undefined

const isSame = (request: Request, wish: Wish): boolean =>
  request.operation === wish.operation &&
  request.arguments === wish.arguments &&
  request.context === wish.context &&
  request.permits === wish.permits &&
  // a turn whose participant has not said its group has none
  (request.group ?? wish.group) === (wish.group ?? request.group)

const merge = (request: Request, wish: Wish): Request => {
  const { expiresAtMillis: _, maxRetries: __, ...kept } = request
  const priority = Math.max(request.priority ?? 0, wish.priority ?? 0)
  const expires =
    request.expiresAtMillis === undefined || wish.expiresAtMillis === undefined
      ? {}
      : { expiresAtMillis: Math.max(request.expiresAtMillis, wish.expiresAtMillis) }
  const bound = wish.maxRetries === undefined ? {} : { maxRetries: wish.maxRetries }
  const group = kept.group ?? wish.group
  return {
    ...kept,
    ...(group === undefined ? {} : { group }),
    ...(priority === 0 ? {} : { priority }),
    ...expires,
    ...bound
  }
}
