// A request on its way through backends: what is run for it is run here, whichever backend granted it, and what became of
// it is kept here, so that it is run as often as it was asked for and no more (L7). A grant for what is not wanted, or not
// in this epoch, is given back at once.
import { Cause, Effect } from "effect"
import type { FencingToken } from "../rolling-lock/FencingToken.ts"
import {
  type Operation,
  type OperationCall,
  type Operations,
  type Outcome,
  parsedJson
} from "../rolling-lock/Operation.ts"
import type { Request } from "../rolling-lock/RollingLockRecord.ts"
import type { Write } from "../store/Register.ts"
import type { StoreError } from "../store/StoreError.ts"
import {
  type Acting,
  type BackendSession,
  keepTry,
  nudge,
  recallTry,
  seenBackend
} from "./BackendSession.ts"
import {
  type BackendMemory,
  type BackendRequests,
  backendKey,
  readCarried
} from "./LockBackendRecord.ts"
import { roleOf } from "./LockBackendState.ts"

/** The operations as a backend runs them for the session. */
export const carriedOperations = (
  session: () => BackendSession,
  operations: Operations
): Operations =>
  Object.fromEntries(
    Object.entries(operations).map(([name, { refuses }]): [string, Operation] => [
      name,
      { refuses, run: (call) => tryCarried(session(), call) }
    ])
  )

/** Tells what the last try came to, where it ended, and takes its request off the queue or counts the try. */
export const settleTry = (session: BackendSession): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const memory = yield* recallTry(session)
    const name = `${memory?.ticket}/${memory?.attempt}`
    if (memory?.ended === undefined || session.settled === name) return
    const seen = yield* session.store.step((view) =>
      Effect.succeed([seenBackend(session, view), []] as const)
    )
    const request = seen?.requests.queue.find(({ ticket }) => ticket === memory.ticket)
    if (request === undefined || memory.attempt < (request.attempt ?? 0)) {
      if (seen !== undefined) session.settled = name
      return
    }
    const outcome = outcomeOf(request, memory)
    if (outcome !== undefined && memory.told !== true) {
      yield* tell(session, request, memory, outcome)
      yield* keepTry(session, { ...memory, told: true })
    }
    yield* changeRequests(session, (requests) => [undefined, counted(requests, memory)])
    session.settled = session.commitsAtEnd ? undefined : name
  })

/** Changes the own requests. */
export const changeRequests = <A>(
  session: BackendSession,
  next: (requests: BackendRequests) => readonly [A, BackendRequests]
): Effect.Effect<A, StoreError> =>
  session.store.step((view) =>
    Effect.sync(() => {
      const before = seenBackend(session, view)?.requests
      if (before === undefined) return [undefined as A, []]
      const [result, after] = next(before)
      session.wanted = new Map(after.queue.map((each) => [each.ticket, each]))
      return [result, after === before ? [] : requestWrites(session.lock, after)] as const
    })
  )

/** Tells that a backend ended a request without running it here: it was cut off too often, or ended by force. */
export const tellFailed = (session: BackendSession, request: Request, reason: string) =>
  tell(
    session,
    request,
    { attempt: request.attempt ?? 0, token: session.token },
    {
      outcome: "failed",
      reason
    }
  )

/** The write that says `requests`. */
export const requestWrites = (lock: string, requests: BackendRequests): ReadonlyArray<Write> => [
  { place: { _tag: "private" }, key: backendKey(lock), value: JSON.stringify(requests) }
]

/** The queue after a try that ended: gone, or waiting for the next try with one more counted. */
export const counted = (requests: BackendRequests, memory: BackendMemory): BackendRequests => {
  const { attempt, ended, ticket } = memory
  const request = requests.queue.find((each) => each.ticket === ticket)
  if (request === undefined || ended === undefined || attempt < (request.attempt ?? 0)) {
    return requests
  }
  const outcome = outcomeOf(request, memory)
  if (outcome === undefined) {
    const queue = requests.queue.map((each) =>
      each === request ? { ...each, attempt: attempt + 1 } : each
    )
    return { ...requests, queue }
  }
  const queue = requests.queue.filter((each) => each !== request)
  const { problem: _, ...rest } = requests
  const why = outcome.outcome === "failed" ? { problem: `${request.operation} failed` } : {}
  return { ...rest, queue, ...why }
}

const tryCarried = Effect.fnUntraced(function* (session: BackendSession, call: OperationCall) {
  const carried = readCarried(call.requestContext)
  const { acting } = session
  if (carried === undefined) return "release" as const
  if (acting === undefined || acting.stay !== carried.stay) {
    return yield* passedOver(session, carried.ticket)
  }
  // from here on nobody is told that this participant is out
  const token = (acting.floor + call.token) as FencingToken
  const end = begin(session, call.operation, token, carried.ticket)
  return yield* Effect.ensuring(
    Effect.gen(function* () {
      yield* settleTry(session)
      const request = session.wanted.get(carried.ticket)
      if (request === undefined) return "release" as const
      if (!(yield* mayBegin(session, acting))) return yield* passedOver(session, carried.ticket)
      return yield* tryOnce(session, request, { ...call, token, requestContext: carried.context })
    }),
    end
  )
})

/** Notes that something runs under a token; the effect notes its end. */
export const begin = (
  session: BackendSession,
  operation: string,
  token: FencingToken,
  ticket?: number
): Effect.Effect<void> => {
  const key = Symbol(operation)
  session.running.set(key, { words: `${operation} runs under token ${token}`, ticket })
  session.token = Math.max(session.token, token)
  return Effect.suspend(() => {
    session.running.delete(key)
    return nudge(session)
  })
}

/** A grant that cannot be used: its request is asked for again when this participant acts. */
const passedOver = (session: BackendSession, ticket: number) =>
  Effect.as(
    session.wanted.has(ticket)
      ? changeRequests(session, ({ asked: _, ...requests }) => [undefined, requests])
      : Effect.void,
    "release" as const
  )

const tryOnce = Effect.fnUntraced(function* (
  session: BackendSession,
  request: Request,
  call: OperationCall
) {
  const { attempt = 0, ticket } = request
  const { token } = call
  const before = yield* recallTry(session)
  const begun = before?.ticket === ticket && before.attempt === attempt
  const lastTicket = Math.max(before?.lastTicket ?? 0, ticket)
  const memory: BackendMemory = { v: 1, lastTicket, ticket, attempt, token }
  yield* keepTry(session, memory)
  const code = session.operations[request.operation] as Operation
  const interrupted = call.interrupted || (begun && before.ended === undefined)
  const exit = yield* Effect.exit(
    Effect.suspend(() =>
      code.run({
        ...call,
        operation: request.operation,
        arguments: parsedJson(request.arguments),
        attempt,
        interrupted
      })
    )
  )
  if (exit._tag === "Failure" && Cause.hasInterrupts(exit.cause)) return yield* Effect.interrupt
  const ended =
    exit._tag === "Success"
      ? { result: exit.value }
      : { result: "retry-release" as const, reason: `${messageOf(Cause.squash(exit.cause))}` }
  yield* keepTry(session, { ...memory, ended })
  // a store that fails now is told at the next turn
  yield* Effect.ignore(settleTry(session))
  return yield* exit
})

/** Whether the registers still say that this participant acts: one that departed sees that it did. */
const mayBegin = (session: BackendSession, { finishes, stay }: Acting) =>
  session.store.step((view) => {
    const seen = seenBackend(session, view)
    const role = roleOf(seen?.record, view.self, seen?.said)
    const acts = role._tag === "Acts" || (finishes && role._tag === "Leaves")
    return Effect.succeed([acts && role.record.stay === stay, []] as const)
  })

const outcomeOf = (
  { maxRetries }: Request,
  { attempt, ended }: BackendMemory
): Outcome | undefined => {
  if (ended === undefined) return undefined
  const { reason, result } = ended
  if (result === "release") return { outcome: "done", reason }
  const spent = maxRetries !== undefined && attempt + 1 > maxRetries
  return result === "failed" || spent ? { outcome: "failed", reason } : undefined
}

const tell = (
  { lock, operations }: BackendSession,
  request: Request,
  { attempt, token }: Pick<BackendMemory, "attempt" | "token">,
  outcome: Outcome
) => {
  const after = operations[request.operation]?.after
  if (after === undefined) return Effect.void
  const call: OperationCall = {
    operation: request.operation,
    arguments: parsedJson(request.arguments),
    token: token as FencingToken,
    lock,
    attempt,
    requestContext: parsedJson(request.context),
    interrupted: false
  }
  return Effect.catchCause(after(call, outcome), (cause) =>
    Cause.hasInterrupts(cause)
      ? Effect.interrupt
      : Effect.logWarning(`what follows ${request.operation} failed: ${Cause.pretty(cause)}`)
  )
}

const messageOf = (said: unknown): string =>
  said instanceof Error ? said.message : String((said as { message?: unknown })?.message ?? said)
