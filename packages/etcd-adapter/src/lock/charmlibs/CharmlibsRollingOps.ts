// The dialect `charmlibs-rollingops`: a unit of a cluster whose other units run the Python library over the same etcd. The
// same keys and values, so that either can serve a unit's queue after the other; the same one lock, so that one unit of
// the whole cluster runs at a time. What the layout cannot say is not here: order across units, more than one permit,
// groups, priorities. A unit that finds others with work leaves them time to ask, for Python asks every 15 seconds only.
import { environmentOf, type Held } from "@rollcall/core"
import { Clock, Context, Effect, Layer, Schema, Scope } from "effect"
import { Etcd, type EtcdShape } from "../../client/Etcd.ts"
import type { EtcdError, LeaseLost } from "../../client/EtcdError.ts"
import { NotGranted } from "../LockErrors.ts"
import { holdKey } from "./CharmlibsLock.ts"
import {
  type CharmlibsKeys,
  type CharmlibsOperation,
  charmlibsKeys,
  isSameOperation,
  operationId,
  operationText,
  pythonTime,
  readOperation
} from "./CharmlibsRecord.ts"
import { type CharmlibsCode, serveQueue } from "./CharmlibsWorker.ts"

/** Which unit, of which cluster. */
export interface CharmlibsOptions {
  readonly cluster: string
  /** As `charmlibsOwner` makes it. */
  readonly owner: string
  /** The library knows no other lock than `default`; another one is shared with this package's units alone. */
  readonly lock?: string
  readonly operations: CharmlibsCode
  /** 60 unless set, as the library has it. */
  readonly ttlSeconds?: number
  /** How long the lock is left alone after an operation while other units have work, in millis; 16,000 unless set. */
  readonly courtesyMillis?: number
}

/** A request that the layout cannot carry; nothing was written. */
export class CharmlibsRequestInvalid extends Schema.TaggedError<CharmlibsRequestInvalid>()(
  "CharmlibsRequestInvalid",
  { field: Schema.String, allowed: Schema.String }
) {
  /** One line: which field, and what is allowed. */
  override get message(): string {
    return `the request's ${this.field} cannot be used: allowed is ${this.allowed}`
  }
}

/** The unit's calls. */
export interface CharmlibsRollingOpsShape {
  /** Asks for an operation; one that equals the last one and was not begun is asked for once. */
  readonly request: (wish: {
    readonly callback: string
    readonly kwargs?: Readonly<Record<string, unknown>>
    readonly maxRetry?: number
  }) => Effect.Effect<
    { readonly id: string; readonly merged: boolean },
    EtcdError | CharmlibsRequestInvalid
  >
  /** What is asked for and not done, in order; writes nothing. */
  readonly queue: Effect.Effect<ReadonlyArray<CharmlibsOperation>, EtcdError>
  /** Runs an effect under the lock; who stops waiting within `millis` is not let in. */
  readonly withLock: (
    millis?: number
  ) => <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | EtcdError | LeaseLost | NotGranted, R>
  /** Runs what is asked for until it is interrupted. */
  readonly serve: Effect.Effect<never>
}

/** A unit in a cluster of charmlibs-rollingops. */
export class CharmlibsRollingOps extends Context.Service<
  CharmlibsRollingOps,
  CharmlibsRollingOpsShape
>()("@rollcall/etcd-adapter/CharmlibsRollingOps") {}

/** The layer of one unit. The client's prefix has to be what the etcd charm gave, or none. */
export const charmlibsRollingOps = (
  options: CharmlibsOptions
): Layer.Layer<CharmlibsRollingOps, never, Etcd> =>
  Layer.effect(
    CharmlibsRollingOps,
    Effect.gen(function* () {
      const etcd = yield* Etcd
      const keys = charmlibsKeys(options.cluster, options.owner, options.lock)
      const ttlSeconds = options.ttlSeconds ?? 60
      return {
        request: (wish) => request(etcd, keys, options, wish),
        queue: queueOf(etcd, keys),
        withLock: (millis) => (body) => locked(etcd, keys, options, ttlSeconds, body, millis),
        serve: serveQueue({
          etcd,
          keys,
          owner: options.owner,
          ttlSeconds,
          operations: options.operations,
          courtesyMillis: options.courtesyMillis ?? 16_000
        })
      }
    })
  )

const request = Effect.fnUntraced(function* (
  etcd: EtcdShape,
  keys: CharmlibsKeys,
  { operations }: CharmlibsOptions,
  wish: Parameters<CharmlibsRollingOpsShape["request"]>[0]
) {
  const { callback, kwargs = {}, maxRetry } = wish
  const refuse = (field: string, allowed: string) => new CharmlibsRequestInvalid({ field, allowed })
  if (!Object.hasOwn(operations, callback)) {
    return yield* refuse("callback", `one of ${Object.keys(operations).join(", ")}`)
  }
  // the library takes what follows the last slash of a key for the operation's name
  if (callback.includes("/") || callback.trim() === "")
    return yield* refuse("callback", "a name without a slash")
  if (maxRetry !== undefined && !(Number.isSafeInteger(maxRetry) && maxRetry >= 0)) {
    return yield* refuse("maxRetry", "a whole number from 0")
  }
  const sorted = Object.fromEntries(Object.entries(kwargs).sort(([a], [b]) => (a < b ? -1 : 1)))
  for (;;) {
    const { ranges, revision } = yield* etcd.txn({
      when: [],
      then: [
        { op: "range", ...keys.pending, sortBy: "key", descending: true, limit: 1 },
        { op: "range", ...keys.inprogress, limit: 1 }
      ]
    })
    const last = ranges[0]?.kvs[0]
    const before = last && readOperation(last.value)?.operation
    const now = (yield* Clock.currentTimeMillis) * 1_000
    const latest = before === undefined ? 0 : Math.ceil(Number(before.requestedAt) * 1e6)
    const operation: CharmlibsOperation = {
      callback,
      // keys sort by time: a clock that was set back does not put it before what was asked for earlier
      requestedAt: pythonTime(Math.max(now, latest + 1)),
      maxRetry,
      attempt: 0,
      kwargs: JSON.stringify(sorted)
    }
    if (before !== undefined && before.attempt === 0 && isSameOperation(before, operation)) {
      return { id: operationId(before), merged: true }
    }
    const key = `${keys.pending.key}${operationId(operation)}`
    const { repeated, succeeded } = yield* etcd.txn({
      when: [{ ...keys.pending, target: "mod", is: "<", value: revision + 1 }],
      then: [{ op: "put", key, value: operationText(operation) }],
      otherwise: [{ op: "range", key }]
    })
    if (succeeded || repeated) return { id: operationId(operation), merged: false }
  }
})

const queueOf = (etcd: EtcdShape, { inprogress, pending }: CharmlibsKeys) =>
  Effect.map(
    etcd.txn({
      when: [],
      then: [
        { op: "range", ...inprogress },
        { op: "range", ...pending }
      ]
    }),
    ({ ranges }) =>
      ranges.flatMap(({ kvs }) => kvs.flatMap(({ value }) => readOperation(value)?.operation ?? []))
  )

const locked = <A, E, R>(
  etcd: EtcdShape,
  { lock }: CharmlibsKeys,
  { owner }: CharmlibsOptions,
  ttlSeconds: number,
  body: (held: Held) => Effect.Effect<A, E, R>,
  millis?: number
) =>
  Effect.scopedWith((scope) =>
    Effect.gen(function* () {
      const wait = Scope.provide(holdKey(etcd, lock, `${owner}:sync`, ttlSeconds), scope)
      const { lease, token } = yield* millis === undefined
        ? wait
        : Effect.timeoutOrElse(wait, {
            duration: millis,
            orElse: () => Effect.fail(new NotGranted({ lock, withinMillis: millis }))
          })
      const environment = environmentOf({ lock, token })
      return yield* Effect.raceFirst(body({ lock, token, environment }), lease.lost)
    })
  )
