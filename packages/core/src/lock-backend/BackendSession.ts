// What one process keeps of a lock that may move, while it lives. What must outlive it is in the registers and the journal.
import { Effect, Queue, type Semaphore } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { LockLimits } from "../rolling-lock/LockLimits.ts"
import type { Operations } from "../rolling-lock/Operation.ts"
import type { Request } from "../rolling-lock/RollingLockRecord.ts"
import type { JournalShape } from "../store/Journal.ts"
import type { Entries } from "../store/Register.ts"
import type { GroupView, StoreShape, View } from "../store/Store.ts"
import type { StoreUnavailable } from "../store/StoreError.ts"
import type { OpenableBackend } from "./Backend.ts"
import type { BackendLimits, BackendNames } from "./LockBackendPolicy.ts"
import {
  type BackendMemory,
  type BackendRecord,
  type BackendRequests,
  type BackendStatement,
  backendKey,
  noRequests,
  readBackend,
  readBackendMemory,
  readRequests,
  readStatement
} from "./LockBackendRecord.ts"

/** Where a process may begin work. */
export interface Acting extends Pick<BackendRecord, "backend" | "stay" | "floor"> {
  /** Set where it may only finish what it keeps between two tries. */
  readonly finishes: boolean
}

/** One process at one lock that may move. */
export interface BackendSession {
  readonly lock: string
  readonly store: StoreShape
  readonly journal: JournalShape
  readonly operations: Operations
  readonly limits: LockLimits
  readonly group: string | undefined
  readonly policy: BackendLimits
  readonly names: BackendNames
  readonly backends: ReadonlyMap<string, OpenableBackend>
  readonly commitsAtEnd: boolean
  /** One turn at a time. */
  readonly turns: Semaphore.Semaphore
  /** All are offered to when another turn is of use. */
  readonly woken: Set<Queue.Queue<void>>
  /** When this process began, by its monotonic clock. */
  readonly startedMillis: number
  /** The stay in which this process may begin work now. */
  acting: Acting | undefined
  /** Tries and sections that are under way in this process, in words. */
  readonly running: Map<symbol, { readonly words: string; readonly ticket: number | undefined }>
  /** The requests as they were last seen, by ticket. */
  wanted: ReadonlyMap<number, Request>
  /** The last try whose end the registers tell of. */
  settled: string | undefined
  /** The highest epoch that this process wrote. */
  wrote: number
  /** The highest token it knows of in the epoch it acts in. */
  token: number
  /** Why the roll was paused when it last looked. */
  paused: string | undefined
  /** Since when this process sees somebody departed, by its monotonic clock. */
  readonly absent: Map<ParticipantId, number>
  /** Who was seen departed before the backends were looked at: only of these they prove anything. */
  proving: ReadonlySet<ParticipantId>
  /** What the preferred backend said last, where it did not answer. */
  away: string | undefined
  /** For whom a move waits, as far as this process knows. */
  waits: ReadonlyArray<{ readonly participant: ParticipantId; readonly why: string }>
}

/** The lock's registers as one participant sees them. */
export interface SeenBackend {
  readonly view: View
  readonly group: GroupView
  /** What the shared register says; undefined where nobody wrote one. */
  readonly record: BackendRecord | undefined
  /** Why it cannot be used, where it cannot. */
  readonly problem: string | undefined
  /** All statements that can be read, the own one included. */
  readonly statements: ReadonlyMap<ParticipantId, BackendStatement>
  readonly said: BackendStatement | undefined
  readonly requests: BackendRequests
}

/** What `view` shows of the lock; undefined while there is no group. */
export const seenBackend = (
  { lock, names }: Pick<BackendSession, "lock" | "names">,
  view: View
): SeenBackend | undefined => {
  const group = view.council ?? view.groups.find(({ symmetric }) => symmetric)
  if (group === undefined) return undefined
  const found = readBackend(group.shared, lock)
  const record = found._tag === "Readable" ? found.value : undefined
  const statements = new Map(
    [...group.peers, [view.self, group.own] as const].flatMap(([id, entries]) => {
      const said = readStatement(entries, lock)
      return said._tag === "Readable" ? [[id, said.value] as const] : []
    })
  )
  const own = readRequests(view.private, lock)
  const known = record === undefined || [names.preferred, names.other].includes(record.backend)
  const problem =
    found._tag === "Unreadable"
      ? "where it lives cannot be read; move it by hand to have the leader write it anew"
      : known
        ? undefined
        : `it lives in ${record.backend}, which this composition does not have`
  return {
    view,
    group,
    record: known ? record : undefined,
    problem,
    statements,
    said: statements.get(view.self),
    requests: own._tag === "Readable" ? own.value : noRequests
  }
}

/** Wakes whoever takes turns in this process. */
export const nudge = ({ woken }: Pick<BackendSession, "woken">): Effect.Effect<void> =>
  Effect.forEach(woken, (queue) => Queue.offer(queue, undefined), { discard: true })

/** What this machine remembers of its last try. */
export const recallTry = ({
  journal,
  lock
}: Pick<BackendSession, "journal" | "lock">): Effect.Effect<
  BackendMemory | undefined,
  StoreUnavailable
> =>
  Effect.map(journal.load, (entries: Entries) => {
    const found = readBackendMemory(entries, lock)
    return found._tag === "Readable" ? found.value : undefined
  })

/** Makes `memory` durable; other services' entries stay. */
export const keepTry = (
  { journal, lock }: Pick<BackendSession, "journal" | "lock">,
  memory: BackendMemory
): Effect.Effect<void, StoreUnavailable> =>
  Effect.flatMap(journal.load, (entries) =>
    journal.save(new Map([...entries, [backendKey(lock), JSON.stringify(memory)]]))
  )
