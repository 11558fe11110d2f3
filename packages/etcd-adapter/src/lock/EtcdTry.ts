// One try of an operation under its grant, between two entries of the journal, so that a process that begins again knows of
// both: what was begun and cut off, and what has ended and is not run again (L7). What ends after its lease could no
// longer be counted on counts as cut off: its result is nobody's any more.
import {
  backoffMillis,
  type Ended,
  type LockMemory,
  type Operation,
  type OperationCall,
  type Outcome,
  parsedJson,
  type Request,
  readLockMemory,
  type StoreUnavailable,
  writeLockMemory
} from "@rollcall/core"
import { Cause, Clock, Effect, Random } from "effect"
import { underGrant } from "./EtcdSection.ts"
import type { Grant, LockProcess } from "./LockProcess.ts"

/** What the machine remembers of this lock. */
export const recall = ({
  journal,
  lock
}: LockProcess): Effect.Effect<LockMemory | undefined, StoreUnavailable> =>
  Effect.map(journal.load, (entries) => readLockMemory(entries, lock))

/** Makes `memory` durable; other services' entries stay. */
export const keep = (
  { journal, lock }: LockProcess,
  memory: LockMemory
): Effect.Effect<void, StoreUnavailable> =>
  Effect.flatMap(journal.load, (entries) => journal.save(writeLockMemory(entries, lock, memory)))

/** Runs the try, and makes its end durable; undefined where the grant was lost meanwhile, so that it is no end. */
export const tryUnder = Effect.fnUntraced(function* (
  process: LockProcess,
  grant: Grant,
  request: Request,
  memory: LockMemory | undefined
) {
  const { operation: name, attempt = 0, ticket } = request
  const code = process.operations[name]
  const cutOff = memory === undefined ? 0 : (memory.cutOff ?? 0) + 1
  const begun: LockMemory = {
    v: 1,
    ticket,
    attempt,
    token: grant.token,
    ...(cutOff === 0 ? {} : { cutOff })
  }
  yield* keep(process, begun)
  const ended =
    refusal(process, request, cutOff) ?? (yield* run(process, grant, request, code, cutOff > 0))
  if (ended === undefined) return undefined
  const again = ended.result === "retry-release" || ended.result === "retry-hold"
  const memoryAfter: LockMemory = {
    ...begun,
    ended:
      ended.reason === undefined ? { result: ended.result } : { ...ended, reason: ended.reason },
    ...(again ? { retryAtMillis: yield* retryAt(process, attempt) } : {})
  }
  yield* keep(process, memoryAfter)
  return { ended, memory: memoryAfter }
})

/** Tells the requester's code of the end, where there is one to tell. */
export const tellEnd = Effect.fnUntraced(function* (
  process: LockProcess,
  request: Request,
  memory: LockMemory
) {
  const { ended } = memory
  if (ended === undefined || memory.told === true) return
  const outcome = outcomeOf(request, { result: ended.result, reason: ended.reason })
  const after = process.operations[request.operation]?.after
  if (outcome !== undefined && after !== undefined) {
    const told = after(callOf(process, request, memory.token, (memory.cutOff ?? 0) > 0), outcome)
    yield* Effect.catchCause(told, (cause) =>
      Cause.hasInterrupts(cause)
        ? Effect.interrupt
        : Effect.logWarning(`what follows ${request.operation} failed: ${Cause.pretty(cause)}`)
    )
  }
  yield* keep(process, { ...memory, told: true })
})

const run = Effect.fnUntraced(function* (
  process: LockProcess,
  grant: Grant,
  request: Request,
  code: Operation | undefined,
  interrupted: boolean
) {
  if (code === undefined) return { result: "failed" } satisfies Ended as Ended
  const call = callOf(process, request, grant.token, interrupted)
  const exit = yield* Effect.exit(
    underGrant(process, grant, Effect.exit(Effect.suspend(() => code.run(call))))
  )
  if (exit._tag === "Failure") return undefined
  const left = process.term === undefined ? 0 : yield* process.term.lease.remainingMillis
  if (left <= 0) return undefined
  const told = exit.value
  if (told._tag === "Success") return { result: told.value } satisfies Ended as Ended
  if (Cause.hasInterrupts(told.cause)) return yield* Effect.interrupt
  const said = Cause.squash(told.cause)
  const reason =
    said instanceof Error ? said.message : String((said as { message?: unknown })?.message ?? said)
  return { result: "retry-release", reason } satisfies Ended as Ended
})

/** Why an operation is not run at all, where it cannot be: it fails and never holds the lock. */
const refusal = (
  { operations }: LockProcess,
  request: Request,
  cutOff: number
): Ended | undefined => {
  const failed = (reason: string): Ended => ({ result: "failed", reason })
  if (operations[request.operation] === undefined) {
    return failed(
      `no code for ${request.operation}; there is ${Object.keys(operations).join(", ")}`
    )
  }
  if (parsedJson(request.arguments) === undefined) return failed("its arguments are not JSON")
  const most = Math.max(1, request.maxRetries ?? Number.POSITIVE_INFINITY)
  return cutOff > most ? failed(`cut off ${cutOff} times`) : undefined
}

const callOf = (
  { lock }: LockProcess,
  request: Request,
  token: Grant["token"],
  interrupted: boolean
): OperationCall => ({
  operation: request.operation,
  arguments: parsedJson(request.arguments),
  token,
  lock,
  attempt: request.attempt ?? 0,
  requestContext: parsedJson(request.context),
  interrupted
})

const outcomeOf = (
  { attempt = 0, maxRetries }: Request,
  { reason, result }: Ended
): Outcome | undefined => {
  if (result === "release") return { outcome: "done", reason }
  const spent = maxRetries !== undefined && attempt + 1 > maxRetries
  return result === "failed" || spent ? { outcome: "failed", reason } : undefined
}

const retryAt = Effect.fnUntraced(function* ({ limits }: LockProcess, attempt: number) {
  const chance = yield* Random.next
  const nowMillis = yield* Clock.currentTimeMillis
  return nowMillis + backoffMillis(limits.backoff, attempt, chance)
})
