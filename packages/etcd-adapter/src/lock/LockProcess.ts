// What one process keeps of a lock while it lives. Everything that must outlive it is in etcd or in the journal.
import type {
  FencingToken,
  GrantPolicy,
  HealthGate,
  JournalShape,
  LockLimits,
  Operations,
  Request,
  RequestRecord
} from "@rollcall/core"
import { Clock, type Deferred, Effect, type Queue, type Scope, type Semaphore } from "effect"
import type { EtcdShape, Lease } from "../client/Etcd.ts"
import { LeaseLost } from "../client/EtcdError.ts"
import type { Arrivals } from "./Arriving.ts"
import type { LockScene } from "./LockChange.ts"
import type { LockKeys } from "./LockKeys.ts"
import type { LockSnapshot } from "./LockSnapshot.ts"

/** A grant of this process. */
export interface Grant {
  readonly key: string
  readonly ticket: number
  readonly token: FencingToken
  readonly operation: string
  readonly atMillis: number
  /** The lease that holds it: not the own one after a restart that was quicker than its lease. */
  readonly lease: bigint | undefined
  /** What its process was told of the lock with it, or since; read when there is time. */
  hint: () => LockSnapshot | undefined
  /** Fails when the grant is no longer this process's, or cannot be counted on. */
  readonly taken: Deferred.Deferred<never, LeaseLost>
}

/** The time of one lease: all keys of a process go with it. */
export interface Term {
  readonly lease: Lease
  readonly lost: Deferred.Deferred<never, LeaseLost>
  readonly scope: Scope.Closeable
  /** Keys under which this process waits. */
  readonly queued: Set<string>
}

/** The own register of requests, as it was last seen. */
export interface OwnRequests {
  readonly record: RequestRecord
  readonly revision: number
}

/** One process at one lock. */
export interface LockProcess {
  readonly lock: string
  readonly self: string
  readonly keys: LockKeys
  readonly etcd: EtcdShape
  readonly journal: JournalShape
  readonly policy: GrantPolicy
  readonly limits: LockLimits
  readonly operations: Operations
  readonly group: string | undefined
  readonly gate: HealthGate | undefined
  readonly ttlSeconds: number
  readonly whenHolderDies: LockScene["whenHolderDies"]
  /** The scope of the layer. */
  readonly scope: Scope.Scope
  /** One lease is opened at a time. */
  readonly opening: Semaphore.Semaphore
  /** One read at a time, for all who asked before it began. */
  readonly reading: Semaphore.Semaphore
  /** One change of the own register at a time. */
  readonly turns: Semaphore.Semaphore
  /** Not all of a thousand leave the queue in the same moment. */
  readonly leavingQueue: Semaphore.Semaphore
  /** Offered to when another step is of use. */
  readonly woken: Queue.Queue<void>
  readonly arrivals: Arrivals
  /** Sections that wait, by ticket. */
  readonly waiting: Map<number, Deferred.Deferred<Grant>>
  /** Grants of this process, by ticket. */
  readonly grants: Map<number, Grant>
  /** Grants that are being given back. */
  readonly leaving: Set<Grant>
  /** Tickets of sections whose grant was given back, until etcd says so. */
  readonly spent: Set<number>
  /** Requests whose try is under way, by ticket. */
  readonly running: Map<number, Request>
  term: Term | undefined
  own: OwnRequests | undefined
  lastTicket: number
  /** Where reads of a long queue stop. */
  until: string | undefined
  /** For explanations that are worth no call. */
  lastSeen: LockSnapshot | undefined
  lastRead: { readonly number: number; readonly snapshot: LockSnapshot } | undefined
  readsBegun: number
}

/** What a transition of this process depends on, now. */
export const sceneOf = (process: LockProcess): Effect.Effect<LockScene> =>
  Effect.map(Clock.currentTimeMillis, (nowMillis) => ({
    keys: process.keys,
    self: process.self,
    nowMillis,
    limits: process.limits,
    policy: process.policy,
    whenHolderDies: process.whenHolderDies
  }))

/** That a grant or a lease is gone, in words. */
export const lostFor = (lease: bigint | undefined, detail: string): LeaseLost =>
  new LeaseLost({ lease: lease === undefined ? "none" : lease.toString(16), detail })
