// One try of an operation, between two entries of the journal, so that a step that is tried again knows of both: what
// was begun and cut off, and what has ended and must not be run again (L7).
import { Cause, Clock, Effect, Random } from "effect"
import type { StoreUnavailable } from "../store/StoreError.ts"
import type { LockMemory } from "./LockJournal.ts"
import { backoffMillis } from "./LockLimits.ts"
import { keep, type LockSession } from "./LockSession.ts"
import type { Trial } from "./LockTurn.ts"
import { type Operation, type OperationCall, type Outcome, parsedJson } from "./Operation.ts"
import type { Ended } from "./RequestQueue.ts"
import type { Request } from "./RollingLockRecord.ts"

/** Operations that are sections of a process: they have no code in the registry. */
export const SECTION = "rollcall-section"

/** Runs the operation of `trial` and makes its end durable, then tells the requester's code; the ticket is free again after that. */
export const carryOut = (
  session: LockSession,
  trial: Trial
): Effect.Effect<Ended, StoreUnavailable> =>
  Effect.gen(function* () {
    const { memory, request } = trial
    const code = session.operations[request.operation]
    const call = callOf(session.lock, trial)
    const known = memory?.ended
    const tried =
      memory !== undefined && known !== undefined
        ? { ended: known, memory }
        : yield* tryOnce(session, trial, code, call)
    const { ended } = tried
    const outcome = outcomeOf(request, ended)
    if (outcome !== undefined && code?.after !== undefined) {
      yield* tell(code.after(call, outcome), request.operation)
      yield* keep(session, { ...tried.memory, told: true })
    } else if (tried.memory.told !== true) {
      yield* keep(session, { ...tried.memory, told: true })
    }
    return ended
  }).pipe(Effect.ensuring(Effect.sync(() => session.running.delete(trial.request.ticket))))

/** Writes down the end of a section, which its process ran itself. */
export const concludeSection = (session: LockSession, memory: LockMemory) =>
  Effect.flatMap(Clock.currentTimeMillis, (atMillis) =>
    keep(session, { ...memory, atMillis, ended: { result: "release" }, told: true })
  )

const tryOnce = Effect.fnUntraced(function* (
  session: LockSession,
  trial: Trial,
  code: Operation | undefined,
  call: OperationCall
) {
  const { grant, interrupted, memory, request } = trial
  const cutOff = interrupted ? (memory?.cutOff ?? 0) + 1 : 0
  const begun: LockMemory = {
    v: 1,
    ticket: request.ticket,
    attempt: request.attempt ?? 0,
    token: grant.token,
    sinceMillis: yield* Clock.currentTimeMillis,
    ...(cutOff === 0 ? {} : { cutOff })
  }
  yield* keep(session, begun)
  const ended = refusal(session, request, code, cutOff) ?? (yield* run(code, call))
  const again = ended.result === "retry-release" || ended.result === "retry-hold"
  const silent = code?.after === undefined || outcomeOf(request, ended) === undefined
  const after: LockMemory = {
    ...begun,
    atMillis: yield* Clock.currentTimeMillis,
    ended:
      ended.reason === undefined ? { result: ended.result } : { ...ended, reason: ended.reason },
    ...(again ? { retryAtMillis: yield* retryAt(session, request) } : {}),
    ...(silent ? { told: true } : {})
  }
  yield* keep(session, after)
  return { ended, memory: after }
})

/** Why an operation is not run at all, where it cannot be: it fails and never holds the lock. */
const refusal = (
  { operations }: LockSession,
  request: Request,
  code: Operation | undefined,
  cutOff: number
): Ended | undefined => {
  const failed = (reason: string): Ended => ({ result: "failed", reason })
  if (request.operation === SECTION) return failed("the process that held the section ended")
  if (code === undefined) {
    const known = Object.keys(operations).join(", ")
    return failed(`no code for ${request.operation}; there is ${known}`)
  }
  if (parsedJson(request.arguments) === undefined) return failed("its arguments are not JSON")
  if (cutOff > Math.max(1, request.maxRetries ?? Number.POSITIVE_INFINITY)) {
    return failed(`cut off ${cutOff} times`)
  }
  return undefined
}

const run = Effect.fnUntraced(function* (code: Operation | undefined, call: OperationCall) {
  if (code === undefined) return { result: "failed" } satisfies Ended as Ended
  const exit = yield* Effect.exit(Effect.suspend(() => code.run(call)))
  if (exit._tag === "Success") return { result: exit.value } as Ended
  // this process is asked to stop: the try is cut off, not ended
  if (Cause.hasInterrupts(exit.cause)) return yield* Effect.interrupt
  const said = Cause.squash(exit.cause)
  const reason =
    said instanceof Error ? said.message : String((said as { message?: unknown })?.message ?? said)
  return { result: "retry-release", reason } as Ended
})

const tell = (after: Effect.Effect<void, { readonly message: string }>, name: string) =>
  Effect.catchCause(after, (cause) =>
    Cause.hasInterrupts(cause)
      ? Effect.interrupt
      : Effect.logWarning(`what follows ${name} failed: ${Cause.pretty(cause)}`)
  )

const outcomeOf = (
  { attempt = 0, maxRetries }: Request,
  { reason, result }: Ended
): Outcome | undefined => {
  if (result === "release") return { outcome: "done", reason }
  const spent = maxRetries !== undefined && attempt + 1 > maxRetries
  return result === "failed" || spent ? { outcome: "failed", reason } : undefined
}

const callOf = (lock: string, { grant, interrupted, request }: Trial): OperationCall => ({
  operation: request.operation,
  arguments: parsedJson(request.arguments),
  token: grant.token,
  lock,
  attempt: request.attempt ?? 0,
  requestContext: parsedJson(request.context),
  interrupted
})

const retryAt = Effect.fnUntraced(function* ({ limits }: LockSession, { attempt = 0 }: Request) {
  const chance = yield* Random.next
  const nowMillis = yield* Clock.currentTimeMillis
  return nowMillis + backoffMillis(limits.backoff, attempt, chance)
})
