// A participant's side of a lock: its queue, and what becomes of its first request. Pure.
//   waiting -> granted -> trying -> done | failed | resting -> waiting ...
// Invariants: a request goes only when it was answered, cancelled, revoked or has expired (L4); a try that is in the
// journal as ended is never begun again (L7); nothing is tried under a grant that this step itself made.
import type { ParticipantId } from "../Participant.ts"
import type { LockMemory } from "./LockJournal.ts"
import type { Completion, Grant, GrantRecord, Request, RequestRecord } from "./RollingLockRecord.ts"
import { fateOf, isRevoked, type Registers, ticketsOf } from "./RollingLockState.ts"

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
  Math.max(
    own.lastTicket,
    memory?.ticket ?? 0,
    ...ticketsOf(registers),
    ...(grants?.grants ?? []).map(({ ticket }) => ticket)
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
  const last = begun === undefined ? undefined : record.queue.at(-1)
  if (
    last !== undefined &&
    isSame(last, wish) &&
    isFresh(last) &&
    begun?.has(last.ticket) !== true
  ) {
    const merged = merge(last, wish)
    const queue = [...record.queue.slice(0, -1), merged]
    return { record: { ...record, queue }, ticket: last.ticket, merged: true }
  }
  const queue = [...record.queue, { ticket, ...wish }]
  return { record: { ...record, queue, lastTicket: ticket }, ticket, merged: false }
}

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
}

/** The queue after what has happened since: a try that ended, a request that was revoked or expired, a rest that is over. */
export const settled = (input: QueueInput): RequestRecord => {
  const { grants, memory, nowMillis, running, self } = input
  let record = caughtUp(input)
  const [first] = record.queue
  if (
    first !== undefined &&
    memory?.ended !== undefined &&
    memory.told === true &&
    isOf(memory, first)
  ) {
    record = concluded(record, memory.token, memory.ended, isResting(input))
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

/** Whether the journal is about this try of this request. */
export const isOf = (memory: LockMemory | undefined, { attempt = 0, ticket }: Request): boolean =>
  memory !== undefined && memory.ticket === ticket && memory.attempt === attempt

/** The queue after a try that ended; a retry beyond the bound is a failure that is told. */
export const concluded = (
  record: RequestRecord,
  token: Completion["token"],
  { reason, result }: Ended,
  resting: boolean
): RequestRecord => {
  const [request, ...rest] = record.queue
  if (request === undefined) return record
  const { attempt = 0, maxRetries, ticket } = request
  const why = reason === undefined ? {} : { reason: reason.slice(0, 500) }
  const over = (outcome: Completion["outcome"], more = why): RequestRecord => {
    const completed = { token, ticket, outcome, ...more }
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
    completed: { token, ticket, outcome: "retry", ...why }
  }
}

/** A register that was begun anew may have forgotten tickets that a grant still names: they are not drawn again. */
const caughtUp = ({ grants, record, self }: QueueInput): RequestRecord => {
  const named = (grants?.grants ?? []).map((each) => (each.participant === self ? each.ticket : 0))
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
  request.group === wish.group

const merge = (request: Request, wish: Wish): Request => {
  const { expiresAtMillis: _, maxRetries: __, ...kept } = request
  const priority = Math.max(request.priority ?? 0, wish.priority ?? 0)
  const expires =
    request.expiresAtMillis === undefined || wish.expiresAtMillis === undefined
      ? {}
      : { expiresAtMillis: Math.max(request.expiresAtMillis, wish.expiresAtMillis) }
  const bound = wish.maxRetries === undefined ? {} : { maxRetries: wish.maxRetries }
  return { ...kept, ...(priority === 0 ? {} : { priority }), ...expires, ...bound }
}

/** Whether a grant's end can be seen by everybody; a failed holder is for the leader to judge. */
const isOver = (grant: Grant, registers: Registers): boolean => {
  const fate = fateOf(grant, registers.get(grant.participant))
  return fate._tag === "Over" && fate.completion.outcome !== "failed"
}
