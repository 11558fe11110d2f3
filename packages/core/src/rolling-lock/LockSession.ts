// What one process keeps of a lock while it lives: its layers, and which tries are under way. Everything that must
// outlive the process is in the registers or in the journal.
import { type Deferred, Effect, type Semaphore } from "effect"
import type { JournalShape } from "../store/Journal.ts"
import type { StoreShape } from "../store/Store.ts"
import type { StoreUnavailable } from "../store/StoreError.ts"
import type { FencingToken } from "./FencingToken.ts"
import { type LockMemory, readLockMemory, writeLockMemory } from "./LockJournal.ts"
import type { LockLimits } from "./LockLimits.ts"
import type { Operations } from "./Operation.ts"
import type { GrantPolicy } from "./RollingLockPolicy.ts"
import type { LockDialect, Request } from "./RollingLockRecord.ts"

/** Asked before every grant: why it must not be given, in words, or undefined. It must answer within 30 s. */
export type HealthGate = Effect.Effect<string | undefined>

/** One process's hold on one lock. */
export interface LockSession {
  readonly lock: string
  readonly store: StoreShape
  readonly journal: JournalShape
  readonly dialect: LockDialect
  readonly policy: GrantPolicy
  readonly limits: LockLimits
  readonly operations: Operations
  /** The zone or rack of this participant. */
  readonly group: string | undefined
  readonly gate: HealthGate | undefined
  /** Whether what a step writes becomes visible only when this process ends, as in a Juju hook. */
  readonly commitsAtEnd: boolean
  /** One read-modify-write of the own register at a time. */
  readonly turns: Semaphore.Semaphore
  /** Requests whose try is under way in this process, by ticket. */
  readonly running: Map<number, Request>
  /** Tokens that this process granted. */
  readonly granted: Set<FencingToken>
  /** Sections of this process that wait for their grant, by ticket. */
  readonly sections: Map<number, Deferred.Deferred<FencingToken>>
}

/** What this machine remembers of the lock. */
export const recall = (
  session: LockSession
): Effect.Effect<LockMemory | undefined, StoreUnavailable> =>
  Effect.map(session.journal.load, (entries) => readLockMemory(entries, session.lock))

/** Makes `memory` durable; other services' entries stay. */
export const keep = (
  session: LockSession,
  memory: LockMemory
): Effect.Effect<void, StoreUnavailable> =>
  Effect.flatMap(session.journal.load, (entries) =>
    session.journal.save(writeLockMemory(entries, session.lock, memory))
  )
