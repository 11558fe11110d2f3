// What the stores and locks of this package need of etcd, and nothing else: reads, guarded transactions, leases, watches.
// Every call has a deadline and changes the endpoint when one does not answer. Reads are repeated, and transactions
// that compare something; a repeated transaction says so in its answer, for its first try may have been applied.
// Keys and values are text; revisions are integers below 2^53; lease ids are 63 bits wide.
import { Context, type Effect, type Scope, type Stream } from "effect"
import type { EtcdError, LeaseLost } from "./EtcdError.ts"

/** One key as it was at a revision. */
export interface KeyValue {
  readonly key: string
  readonly value: string
  readonly createRevision: number
  readonly modRevision: number
  /** Writes since the key was created; 1 is the first. */
  readonly version: number
  /** The lease that takes the key away with it; undefined where there is none. */
  readonly lease: bigint | undefined
}

/** One key, or with `end` all keys from `key` up to but without `end`. */
export interface Keys {
  readonly key: string
  readonly end?: string
}

/** What is read; without a `limit` everything. */
export interface RangeRequest extends Keys {
  readonly limit?: number
  readonly sortBy?: "key" | "create" | "mod"
  readonly descending?: boolean
  /** Read as of this revision; fails with `Compacted` when etcd has forgotten it. */
  readonly revision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
  readonly countOnly?: boolean
  readonly keysOnly?: boolean
}

/** What was read, and the revision of the store it was read at. */
export interface RangeAnswer {
  readonly revision: number
  readonly kvs: ReadonlyArray<KeyValue>
  /** Keys in the range, also beyond `limit`. */
  readonly count: number
}

/** A condition on one key (or on all keys of a range); `create` 0 means that the key does not exist. */
export type Compare = Keys &
  (
    | {
        readonly target: "create" | "mod" | "version"
        readonly is: "=" | "!=" | "<" | ">"
        readonly value: number
      }
    | { readonly target: "value"; readonly is: "=" | "!="; readonly value: string }
    | { readonly target: "lease"; readonly is: "=" | "!="; readonly value: bigint }
  )

/** One operation of a transaction. */
export type Op =
  | { readonly op: "put"; readonly key: string; readonly value: string; readonly lease?: bigint }
  | ({ readonly op: "delete" } & Keys)
  | ({ readonly op: "range" } & RangeRequest)

/** Applies all of `then` if every condition holds, else all of `otherwise`, at one revision. */
export interface TxnRequest {
  readonly when: ReadonlyArray<Compare>
  readonly then: ReadonlyArray<Op>
  readonly otherwise?: ReadonlyArray<Op>
}

/** What a transaction came to; `ranges` are the answers of its range operations, in order. */
export interface TxnAnswer {
  readonly succeeded: boolean
  readonly revision: number
  readonly ranges: ReadonlyArray<RangeAnswer>
  /** Whether an earlier try got no answer and may have been applied: then `succeeded: false` may mean "by myself". */
  readonly repeated: boolean
}

/** A lease that is kept alive for as long as its scope is open. */
export interface Lease {
  readonly id: bigint
  readonly ttlSeconds: number
  /** The store's revision when it was granted: a clock that all participants share. */
  readonly revision: number
  /**
   * Fails when the lease can no longer be counted on, a margin before etcd may give it away: `TTL` after the last
   * acknowledged keep-alive was sent, by this machine's monotonic clock. Never succeeds.
   */
  readonly lost: Effect.Effect<never, LeaseLost>
  /** How long it can be counted on from now, in milliseconds; 0 when it is lost. */
  readonly remainingMillis: Effect.Effect<number>
}

/** One change of a key. */
export type WatchEvent =
  | { readonly type: "put"; readonly kv: KeyValue }
  | { readonly type: "delete"; readonly key: string; readonly modRevision: number }

/** The changes of one revision or more, in order; `resync` says that etcd forgot what came between: read again. */
export type WatchBatch =
  | {
      readonly _tag: "Events"
      readonly revision: number
      readonly events: ReadonlyArray<WatchEvent>
    }
  | { readonly _tag: "Resync"; readonly revision: number }

/** What is watched; without `after` from now on, and the first batch is then an empty one that says "from here". */
export interface WatchRequest extends Keys {
  /** Changes after this revision. */
  readonly after?: number
  readonly only?: "put" | "delete"
}

/** How many unary calls and stream messages went out, by name, for who counts. */
export type CallCounts = ReadonlyMap<string, number>

/** What a client of etcd gives. */
export interface EtcdShape {
  readonly range: (request: RangeRequest) => Effect.Effect<RangeAnswer, EtcdError>
  readonly txn: (request: TxnRequest) => Effect.Effect<TxnAnswer, EtcdError>
  /** A lease that nobody keeps alive: for entries that are to vanish by themselves. */
  readonly grant: (
    ttlSeconds: number
  ) => Effect.Effect<Pick<Lease, "id" | "ttlSeconds" | "revision">, EtcdError>
  readonly revoke: (lease: bigint) => Effect.Effect<void, EtcdError>
  /** A lease that is kept alive until its scope closes, and is revoked then. */
  readonly lease: (ttlSeconds: number) => Effect.Effect<Lease, EtcdError, Scope.Scope>
  /** Changes, without a gap or a repetition across reconnections. */
  readonly watch: (request: WatchRequest) => Stream.Stream<WatchBatch, EtcdError>
  readonly counts: Effect.Effect<CallCounts>
}

/** The layer over an etcd cluster. */
export class Etcd extends Context.Service<Etcd, EtcdShape>()("@rollcall/etcd-adapter/Etcd") {}

/** The end of the range of all keys that begin with `prefix`. */
export const prefixEnd = (prefix: string): string => {
  const last = prefix.charCodeAt(prefix.length - 1)
  return `${prefix.slice(0, -1)}${String.fromCharCode(last + 1)}`
}
