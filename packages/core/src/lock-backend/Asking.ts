// What is wanted, asked of the backend in which the lock lives: once in a stay, in order, with what is left of its tries.
// What the backend has of another stay is taken back; what it ended without running it here has failed, and is told so.
import { Effect } from "effect"
import type { LockStatus } from "../rolling-lock/Explanation.ts"
import { parsedJson } from "../rolling-lock/Operation.ts"
import type { RequestOptions } from "../rolling-lock/RequestWish.ts"
import type { RollingLockShape } from "../rolling-lock/RollingLock.ts"
import type { Request } from "../rolling-lock/RollingLockRecord.ts"
import { SECTION } from "../rolling-lock/Trying.ts"
import type { BackendSession } from "./BackendSession.ts"
import { changeRequests, tellFailed } from "./Carrying.ts"
import { asUnavailable } from "./Leaving.ts"
import { type BackendRequests, readCarried } from "./LockBackendRecord.ts"

/** Asks `lock` for what is wanted and is not there, and gives up what it ended itself. */
export const askFor = Effect.fnUntraced(function* (
  session: BackendSession,
  lock: RollingLockShape,
  stay: number,
  requests: BackendRequests,
  status: LockStatus
) {
  const there = new Map<number, Request>()
  for (const each of status.queue) {
    // a section is its process's own affair
    if (each.operation === SECTION) continue
    const carried = readCarried(parsedJson(each.context))
    if (carried?.stay === stay && !there.has(carried.ticket)) there.set(carried.ticket, each)
    else yield* asUnavailable(lock.cancel(each.ticket))
  }
  const isEnded = ({ asked }: BackendRequests, { ticket }: Request) =>
    asked?.stay === stay && ticket <= asked.ticket && !there.has(ticket)
  const ended = requests.queue.filter((each) => isEnded(requests, each))
  const reason = status.problem ?? "the backend ended it"
  for (const each of ended) yield* tellFailed(session, each, reason)
  const wanted =
    ended.length === 0 ? requests : yield* changeRequests(session, without(ended, reason))
  const fresh = (wanted?.queue ?? []).filter(({ ticket }) => !there.has(ticket))
  const [first] = fresh
  const last = wanted?.queue.at(-1)
  if (wanted === undefined || first === undefined || last === undefined) return
  // what stands behind one that is missing is asked for again after it
  const behind = wanted.queue.filter(
    ({ ticket }) => ticket > first.ticket && isUntouched(there.get(ticket))
  )
  for (const { ticket } of behind) {
    yield* asUnavailable(lock.cancel((there.get(ticket) as Request).ticket))
  }
  for (const request of wanted.queue) {
    if (!fresh.includes(request) && !behind.includes(request)) continue
    yield* asUnavailable(lock.request(carriedOptions(request, stay)))
  }
  yield* changeRequests(session, (now) => {
    // somebody passed one over meanwhile: all are looked at again
    if (wanted.asked !== undefined && now.asked === undefined) return [undefined, now]
    const before = now.asked?.stay === stay ? now.asked.ticket : 0
    return [undefined, { ...now, asked: { stay, ticket: Math.max(last.ticket, before) } }]
  })
})

const without =
  (gone: ReadonlyArray<Request>, problem: string) =>
  (requests: BackendRequests): readonly [BackendRequests, BackendRequests] => {
    const tickets = new Set(gone.map(({ ticket }) => ticket))
    const queue = requests.queue.filter(({ ticket }) => !tickets.has(ticket))
    const next = { ...requests, queue, problem }
    return [next, next]
  }

const isUntouched = (request: Request | undefined): boolean =>
  request !== undefined && request.retry === undefined && (request.attempt ?? 0) === 0

/** A request as a backend is asked for it: what it has left of its tries. */
const carriedOptions = (request: Request, stay: number): RequestOptions => {
  const { attempt = 0, group, maxRetries, operation, permits, priority, ticket } = request
  const context = parsedJson(request.context)
  const given = parsedJson(request.arguments) as Readonly<Record<string, unknown>>
  return {
    operation,
    arguments: given,
    context: { stay, ticket, ...(context === undefined ? {} : { context }) },
    ...(maxRetries === undefined ? {} : { maxRetries: Math.max(0, maxRetries - attempt) }),
    ...(priority === undefined ? {} : { priority }),
    ...(permits === undefined ? {} : { permits }),
    ...(group === undefined ? {} : { group })
  }
}
