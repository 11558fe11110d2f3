// What a participant asks for at a lock that may move: kept in its private register, for whichever backend serves it next.
import { Clock, Effect } from "effect"
import { parsedJson } from "../rolling-lock/Operation.ts"
import { enqueued } from "../rolling-lock/RequestQueue.ts"
import { type RequestOptions, wishOf } from "../rolling-lock/RequestWish.ts"
import { LockNotReady } from "../rolling-lock/RollingLockError.ts"
import { type BackendSession, keepTry, nudge, recallTry, seenBackend } from "./BackendSession.ts"
import { changeRequests, requestWrites } from "./Carrying.ts"
import { asUnavailable, opened } from "./Leaving.ts"
import { type BackendMemory, readCarried } from "./LockBackendRecord.ts"

/** Asks for a turn; the same operation asked for last and not begun is asked for once. */
export const ask = Effect.fnUntraced(function* (session: BackendSession, options: RequestOptions) {
  const nowMillis = yield* Clock.currentTimeMillis
  const wish = yield* wishOf(options, { ...session, nowMillis })
  const memory = yield* recallTry(session)
  const begun = new Set([...session.running.values()].flatMap(({ ticket }) => ticket ?? []))
  if (memory !== undefined && memory.ended === undefined) begun.add(memory.ticket)
  const asked = yield* session.store.step((view) =>
    Effect.gen(function* () {
      const seen = seenBackend(session, view)
      if (seen === undefined) return yield* notReady(session)
      const { requests } = seen
      // a ticket is not drawn again, also where the step that drew it was undone
      const ticket = 1 + Math.max(requests.lastTicket, memory?.lastTicket ?? 0)
      const record = { ...requests, completed: undefined, problem: requests.problem }
      const merged = enqueued(record, wish, ticket, begun)
      if (!merged.merged) yield* keepTry(session, { ...(memory ?? NO_TRY), lastTicket: ticket })
      const { lastTicket, queue } = merged.record
      const after = { ...requests, lastTicket, queue }
      session.wanted = new Map(queue.map((each) => [each.ticket, each]))
      return [merged, requestWrites(session.lock, after)] as const
    })
  )
  yield* nudge(session)
  return { ticket: asked.ticket, merged: asked.merged }
})

/** Takes back own requests, all or one, but for the one that is being run. */
export const withdrawn = Effect.fnUntraced(function* (
  session: BackendSession,
  ticket: number | undefined
) {
  const running = new Set([...session.running.values()].map((each) => each.ticket))
  const gone = yield* changeRequests(session, (requests) => {
    const taken = requests.queue.filter(
      (each) => (ticket === undefined || each.ticket === ticket) && !running.has(each.ticket)
    )
    if (taken.length === 0) return [[] as ReadonlyArray<number>, requests] as const
    const queue = requests.queue.filter((each) => !taken.includes(each))
    return [taken.map((each) => each.ticket), { ...requests, queue }] as const
  })
  // the backend is told where it can be; what it still grants is passed over
  if (gone !== undefined && gone.length > 0) yield* Effect.ignore(inBackend(session, gone))
  return gone ?? []
})

const inBackend = Effect.fnUntraced(function* (
  { acting, backends }: BackendSession,
  gone: ReadonlyArray<number>
) {
  const backend = acting && backends.get(acting.backend)
  if (backend === undefined) return
  const lock = yield* opened(backend)
  const { queue } = yield* lock.status
  for (const { context, ticket } of queue) {
    const carried = readCarried(parsedJson(context))
    if (carried !== undefined && gone.includes(carried.ticket)) {
      yield* asUnavailable(lock.cancel(ticket))
    }
  }
})

const notReady = ({ lock }: BackendSession) =>
  new LockNotReady({ lock, detail: "this participant is in no group of its own side yet" })

const NO_TRY: BackendMemory = {
  v: 1,
  lastTicket: 0,
  ticket: 0,
  attempt: 0,
  token: 0,
  ended: { result: "release" },
  told: true
}
