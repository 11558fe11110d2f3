// `Etcd` over a real cluster, by gRPC. Nothing is connected to before the first call, so a program starts while etcd is
// away, and its calls say so; the layer fails only where its options can never work.
import { Effect, Layer } from "effect"
import { attempt, isOfEndpoint } from "./Attempt.ts"
import type { EtcdUser } from "./Authentication.ts"
import { type Calls, makeCalls } from "./Calls.ts"
import { type Encoding, encodingFor } from "./Encoding.ts"
import { type EtcdTls, makeEndpoints } from "./Endpoints.ts"
import { Etcd, type EtcdShape, type TxnRequest } from "./Etcd.ts"
import type { EtcdError } from "./EtcdError.ts"
import { grantLease, keptLease, revokeLease } from "./KeptLease.ts"
import { type Ask, makeWatches } from "./Watches.ts"
import { WatchHub } from "./WatchHub.ts"

/** Which cluster, and as whom. */
export interface EtcdOptions {
  /** `host:port`, or with http:// or https:// before it; https is meant where there is `tls`. */
  readonly endpoints: ReadonlyArray<string>
  /** Put before every key and taken off again: what other clients see, this one's users do not. */
  readonly prefix?: string
  /** A function is asked for each connection: certificates are then renewed without a restart. */
  readonly tls?: EtcdTls | (() => EtcdTls)
  readonly user?: EtcdUser
  /** How long a call may take with all its tries, in milliseconds; 10,000 where it is not said. */
  readonly deadlineMillis?: number
}

/** The layer over a cluster; **Fails with** `EtcdError` `invalid` or `tls` when the options cannot be used. */
export const etcdClient = (options: EtcdOptions): Layer.Layer<Etcd, EtcdError> =>
  Layer.effect(
    Etcd,
    Effect.gen(function* () {
      const endpoints = yield* makeEndpoints(options.endpoints, options.tls)
      const calls = makeCalls(endpoints, options.user, options.deadlineMillis ?? DEADLINE_MILLIS)
      const encoding = encodingFor(options.prefix ?? "")
      const hub = new WatchHub(calls, encoding)
      const watch = yield* makeWatches(endpoints, calls, hub, askOf(calls, encoding))
      return Etcd.of({
        ...keyOperations(calls, encoding),
        grant: (ttlSeconds) =>
          Effect.map(grantLease(calls, ttlSeconds), ({ sentAt: _, ...lease }) => lease),
        revoke: (lease) => revokeLease(calls, lease),
        lease: (ttlSeconds) => keptLease(calls, ttlSeconds),
        watch,
        counts: Effect.sync(calls.counts)
      })
    })
  )

const DEADLINE_MILLIS = 10_000

const keyOperations = ({ call }: Calls, encoding: Encoding): Pick<EtcdShape, "range" | "txn"> => ({
  range: (request) =>
    call({
      operation: "read",
      name: "Range",
      again: true,
      send: ({ kv }, options) => kv.range(encoding.range(request), options)
    }).pipe(Effect.map(({ value }) => encoding.rangeAnswer(value))),
  txn: (request) =>
    call({
      operation: "commit a transaction",
      name: "Txn",
      again: isRepeatable(request),
      send: ({ kv }, options) => kv.txn(encoding.txn(request), options)
    }).pipe(Effect.map(({ value, repeated }) => encoding.txnAnswer(value, repeated)))
})

/**
 * Doing it twice must not do something else the second time: it compares, or only reads, and where the comparison fails,
 * as it does once its own first try was applied, it writes nothing.
 */
const isRepeatable = ({ when, then, otherwise = [] }: TxnRequest): boolean =>
  otherwise.every(({ op }) => op === "range") &&
  (when.length > 0 || then.every(({ op }) => op === "range"))

/** Any answer will do, also a refusal: it took an agreement with the others to find it. */
const askOf =
  (calls: Calls, encoding: Encoding): Ask =>
  (rpc) =>
    calls.headers(rpc).pipe(
      Effect.flatMap((headers) =>
        attempt(rpc, QUESTION_MILLIS, headers, (options) => {
          calls.count("Range")
          return rpc.kv.range({ ...encoding.range({ key: "\0", countOnly: true }) }, options)
        })
      ),
      Effect.as(true),
      Effect.catch((failed) => Effect.succeed(!isOfEndpoint(failed)))
    )

const QUESTION_MILLIS = 500
