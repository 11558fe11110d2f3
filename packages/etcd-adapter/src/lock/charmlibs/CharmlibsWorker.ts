// Runs one unit's queue: pending -> inprogress under the lock -> done, or pending again. What a process left in progress
// or completed when it died is taken up again under the next lock, where the library gives up.
import { type FencingToken, type OperationResult, parsedJson } from "@rollcall/core"
import { Effect, Queue, Schedule, Schema, Stream } from "effect"
import type { Compare, EtcdShape, KeyValue, Op } from "../../client/Etcd.ts"
import { type HeldKey, holdKey } from "./CharmlibsLock.ts"
import {
  type CharmlibsKeys,
  type CharmlibsOperation,
  operationId,
  operationText,
  readOperation
} from "./CharmlibsRecord.ts"

/** What the code of an operation is given. */
export interface CharmlibsCall {
  readonly callback: string
  readonly kwargs: unknown
  /** Tries before this one. */
  readonly attempt: number
  readonly token: FencingToken
  /** Whether it was begun before and cut off. */
  readonly interrupted: boolean
}

/** The code of operations by their callback; a failure counts as `retry-release`, as an exception does in Python. */
export type CharmlibsCode = Readonly<
  Record<
    string,
    (
      call: CharmlibsCall
    ) => Effect.Effect<Exclude<OperationResult, "failed">, { readonly message: string }>
  >
>

/** One unit's queue and its code. */
export interface CharmlibsQueue {
  readonly etcd: EtcdShape
  readonly keys: CharmlibsKeys
  readonly owner: string
  readonly ttlSeconds: number
  readonly operations: CharmlibsCode
  readonly courtesyMillis: number
}

/** Runs the queue until it is interrupted; what fails is logged, and tried again. */
export const serveQueue = (queue: CharmlibsQueue): Effect.Effect<never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const woken = yield* Queue.sliding<void>(1)
      const watching = Stream.runForEach(
        queue.etcd.watch({ ...queue.keys.pending, only: "put" }),
        () => Queue.offer(woken, undefined)
      )
      yield* Effect.forkScoped(Effect.retry(watching, Schedule.spaced("5 seconds")))
      for (;;) {
        yield* Effect.catch(drain(queue), (error) => Effect.logWarning(error.message))
        yield* Effect.timeoutOption(Queue.take(woken), "30 seconds")
      }
    })
  )

/** Runs all that is asked for. */
const drain = Effect.fnUntraced(function* (queue: CharmlibsQueue) {
  while ((yield* next(queue)) !== undefined) {
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { etcd, keys, owner, ttlSeconds } = queue
        const held = yield* holdKey(etcd, keys.lock, owner, ttlSeconds)
        while (yield* runFirst(queue, held)) {}
      })
    )
    if (yield* othersHaveWork(queue)) yield* Effect.sleep(queue.courtesyMillis)
  }
})

/** What is to be run first, and where it is. */
const next = Effect.fnUntraced(function* ({ etcd, keys }: CharmlibsQueue) {
  const { ranges } = yield* etcd.txn({
    when: [],
    then: [keys.completed, keys.inprogress, keys.pending].map(
      (each): Op => ({ op: "range", ...each, limit: 1 })
    )
  })
  const [completed, inprogress, pending] = ranges.map(({ kvs }) => kvs[0])
  const found = completed ?? inprogress ?? pending
  return found && { kv: found, left: found !== pending, done: found === completed }
})

/** Runs the first operation under the lock; true where the lock is kept for its next try. */
const runFirst = Effect.fnUntraced(function* (queue: CharmlibsQueue, held: HeldKey) {
  const { keys, operations } = queue
  const first = yield* next(queue)
  if (first === undefined) return false
  const { done, kv, left } = first
  const read = readOperation(kv.value)
  if (read === undefined) {
    yield* Effect.logWarning(`${kv.key} is no operation and is taken away: ${kv.value}`)
    yield* commit(queue, held, kv, [])
    return false
  }
  const { operation } = read
  if (done) {
    yield* commit(queue, held, kv, again(queue, operation, read.result))
    return read.result === "retry-hold"
  }
  const at = `${keys.inprogress.key}${operationId(operation)}`
  let claimed = kv
  if (!left) {
    const put: Op = { op: "put", key: at, value: kv.value }
    const { revision } = yield* commit(queue, held, kv, [put])
    claimed = { ...kv, key: at, modRevision: revision }
  }
  const code = operations[operation.callback]
  const call = {
    callback: operation.callback,
    kwargs: parsedJson(operation.kwargs),
    attempt: operation.attempt,
    token: held.token,
    interrupted: left
  }
  const result =
    code === undefined
      ? "release"
      : yield* Effect.raceFirst(
          Effect.catch(
            Effect.suspend(() => code(call)),
            () => Effect.succeed("retry-release" as const)
          ),
          held.lease.lost
        )
  const tried = { ...operation, attempt: operation.attempt + 1 }
  const spent = operation.maxRetry !== undefined && tried.attempt > operation.maxRetry
  const outcome = spent ? "release" : result
  yield* commit(queue, held, claimed, again(queue, tried, outcome))
  return outcome === "retry-hold"
})

/** The writes that put an operation back where it is to be tried again: at the head, for its name is its time. */
const again = (
  { keys }: CharmlibsQueue,
  operation: CharmlibsOperation,
  result: string | undefined
): ReadonlyArray<Op> =>
  result === "retry-release" || result === "retry-hold"
    ? [
        {
          op: "put",
          key: `${keys.pending.key}${operationId(operation)}`,
          value: operationText(operation, result)
        }
      ]
    : []

/** Takes `kv` away and does `also`, if the lock is still the one that was taken. */
const commit = Effect.fnUntraced(function* (
  { etcd, keys }: CharmlibsQueue,
  held: HeldKey,
  kv: KeyValue,
  also: ReadonlyArray<Op>
) {
  const when: ReadonlyArray<Compare> = [
    { key: keys.lock, target: "mod", is: "=", value: held.token },
    { key: kv.key, target: "mod", is: "=", value: kv.modRevision }
  ]
  const answer = yield* etcd.txn({
    when,
    then: [
      ...also,
      ...(also.some((op) => op.op === "put" && op.key === kv.key)
        ? []
        : [{ op: "delete", key: kv.key } as const])
    ],
    otherwise: [{ op: "range", key: keys.lock }]
  })
  if (!answer.succeeded && !answer.repeated) {
    return yield* Effect.fail(new Overtaken({ lock: keys.lock, key: kv.key }))
  }
  return answer
})

class Overtaken extends Schema.TaggedError<Overtaken>()("Overtaken", {
  lock: Schema.String,
  key: Schema.String
}) {
  override get message(): string {
    return `${this.lock} or ${this.key} was changed by somebody else; nothing was written, it is looked at anew`
  }
}

const othersHaveWork = Effect.fnUntraced(function* ({ etcd, keys }: CharmlibsQueue) {
  const { kvs } = yield* etcd.range({ ...keys.cluster, keysOnly: true })
  return kvs.some(({ key }) => key.includes("/pending/") && !key.startsWith(keys.pending.key))
})
