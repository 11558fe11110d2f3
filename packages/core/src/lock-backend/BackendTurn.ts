// One turn of a participant at a lock that may move: settle what ended, look at the backends, leave where the record says
// so, say what is to be said, decide where this participant leads, and ask the backend for what is wanted.
import { Effect } from "effect"
import type { LockStatus } from "../rolling-lock/Explanation.ts"
import type { RollingLockShape } from "../rolling-lock/RollingLock.ts"
import type { StoreError } from "../store/StoreError.ts"
import { askFor } from "./Asking.ts"
import { type Decided, decide, leaderInput } from "./BackendDecision.ts"
import { type BackendSession, type SeenBackend, seenBackend } from "./BackendSession.ts"
import { settleTry } from "./Carrying.ts"
import { leave, lookAt, opened } from "./Leaving.ts"
import type { BackendRecord } from "./LockBackendRecord.ts"
import { roleOf } from "./LockBackendState.ts"

/** What a turn came to. */
export interface BackendTurn {
  readonly seen: SeenBackend
  readonly record: BackendRecord | undefined
  /** The lock to step now; undefined where this participant has to wait. */
  readonly lock: RollingLockShape | undefined
  /** Why it waits. */
  readonly detail: string | undefined
  readonly wakeAtMillis: number | undefined
}

/** Takes one turn; undefined while there is no group. */
export const takeBackendTurn = (
  session: BackendSession
): Effect.Effect<BackendTurn | undefined, StoreError> =>
  session.turns.withPermit(turn(session)).pipe(Effect.withSpan("LockBackend.turn"))

const turn = Effect.fnUntraced(function* (session: BackendSession) {
  yield* settleTry(session)
  const seen = yield* session.store.step((view) =>
    Effect.succeed([seenBackend(session, view), []] as const)
  )
  if (seen === undefined) {
    session.acting = undefined
    return undefined
  }
  const { record } = seen
  // who departed is noted before the backends are looked at, for only then do they prove that it is gone
  if (seen.view.leader) yield* leaderInput(session, seen, undefined)
  const statuses = yield* look(session, seen)
  const current = record && statuses.get(record.backend)
  const role = roleOf(record, seen.view.self, seen.said)
  const leaves = role._tag === "Leaves" ? yield* leave(session, seen, role.record) : undefined
  if (role._tag === "Waits") {
    session.acting = undefined
    yield* takeBackGrants(session, seen, current)
  }
  const written = yield* decide(session, seen, current, leaves)
  const next = roleOf(written.record, seen.view.self, written.said)
  const wakeAtMillis = written.wakeAtMillis
  // what this very process wrote may yet be undone
  const unsure = session.commitsAtEnd && session.wrote === written.record?.epoch
  if (seen.problem !== undefined || next._tag !== "Acts" || unsure) {
    if (session.acting?.finishes === true) {
      const lock = yield* lockOf(session, session.acting.backend)
      return { seen, record: written.record, lock, detail: undefined, wakeAtMillis }
    }
    session.acting = undefined
    const detail = seen.problem ?? (next._tag === "Waits" ? next.detail : leaves?.bound)
    return { seen, record: written.record, lock: undefined, detail, wakeAtMillis }
  }
  return yield* actIn(session, seen, { ...written, record: next.record }, current)
})

/** Asks the backend for what is wanted; where it does not answer, or was not looked at, this participant waits. */
const actIn = Effect.fnUntraced(function* (
  session: BackendSession,
  seen: SeenBackend,
  { record, requests, wakeAtMillis }: Decided & { readonly record: BackendRecord },
  current: LockStatus | undefined
) {
  const { backend, floor, paused, stay } = record
  const waits = { seen, record, lock: undefined, wakeAtMillis }
  if (paused !== undefined) {
    session.acting = undefined
    return { ...waits, detail: `the roll is paused: ${paused}` }
  }
  const isPreferred = backend === session.names.preferred
  if (backend !== seen.record?.backend || current === undefined) {
    const away = isPreferred ? session.away : undefined
    return { ...waits, detail: away, wakeAtMillis: away === undefined ? 0 : wakeAtMillis }
  }
  session.acting = { ...record, finishes: false }
  session.token = Math.max(session.token, floor + current.token)
  const lock = yield* lockOf(session, backend)
  const asked = Effect.as(askFor(session, lock, stay, requests, current), lock)
  const missed = ({ message }: StoreError) =>
    Effect.sync(() => {
      session.away = message
    })
  const ready = yield* isPreferred ? Effect.catch(asked, missed) : asked
  return ready === undefined
    ? { ...waits, detail: session.away }
    : { ...waits, lock: ready, detail: undefined }
})

/** The backends as they answer: the preferred one always, the other one where the lock lives there. */
const look = Effect.fnUntraced(function* (session: BackendSession, { record }: SeenBackend) {
  const statuses = new Map<string, LockStatus>()
  session.proving = new Set(session.absent.keys())
  for (const backend of session.backends.values()) {
    const isPreferred = backend.name === session.names.preferred
    if (!isPreferred && backend.name !== record?.backend) continue
    const found = yield* isPreferred
      ? Effect.catch(lookAt(session, backend), () => Effect.succeed(undefined))
      : lookAt(session, backend)
    if (found !== undefined) statuses.set(backend.name, found)
  }
  return statuses
})

/** A leader that is out itself still takes back in the peers' lock what the others gave up there. */
const takeBackGrants = Effect.fnUntraced(function* (
  session: BackendSession,
  { record, view }: SeenBackend,
  current: LockStatus | undefined
) {
  const { other } = session.names
  if (!view.leader || record?.backend !== other || (current?.grants.length ?? 0) === 0) return
  yield* (yield* lockOf(session, other)).step
})

const lockOf = (session: BackendSession, name: string) => {
  const backend = session.backends.get(name)
  return backend === undefined ? Effect.die(`no backend ${name}`) : opened(backend)
}
