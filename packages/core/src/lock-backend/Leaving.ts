// How a participant leaves a backend: what runs there is waited for, what is held between two tries is finished, requests
// are taken back, the session is closed. Only then does it say that it is out. It leaves a backend that does not answer,
// too: then its session is closed, and with it everything under it; what the backend still has of it is passed over later.
import { Clock, Effect } from "effect"
import type { LockStatus } from "../rolling-lock/Explanation.ts"
import type { RollingLockShape } from "../rolling-lock/RollingLock.ts"
import type { LimitInvalid } from "../rolling-lock/RollingLockError.ts"
import { type StoreError, StoreUnavailable } from "../store/StoreError.ts"
import type { OpenableBackend } from "./Backend.ts"
import { type BackendSession, recallTry, type SeenBackend } from "./BackendSession.ts"
import { changeRequests } from "./Carrying.ts"
import type { BackendRecord, BackendRequests } from "./LockBackendRecord.ts"

/** What leaving came to. */
export interface Left {
  /** Why this participant is not out yet. */
  readonly bound: string | undefined
  readonly token: number
  readonly paused: string | undefined
}

/** Leaves both backends, as far as it can now; the session begins nothing until it acts again. */
export const leave = (
  session: BackendSession,
  seen: SeenBackend,
  record: BackendRecord
): Effect.Effect<Left, StoreError> =>
  Effect.gen(function* () {
    session.acting = undefined
    // before anything is taken back: what is not there any more is to be asked for again
    if (seen.requests.asked !== undefined) yield* changeRequests(session, forgotten)
    const bound =
      running(session) ??
      (yield* cutOff(session, record)) ??
      (yield* withdraw(session, seen, record))
    const memory = yield* recallTry(session)
    const token = Math.max(record.floor, session.token, memory?.token ?? 0)
    return { bound, token, paused: session.paused }
  })

/** A backend's status within a deadline, as it is remembered. */
export const lookAt = (
  session: BackendSession,
  backend: OpenableBackend
): Effect.Effect<LockStatus, StoreError> =>
  Effect.flatMap(opened(backend), (lock) => within(backend, lock.status)).pipe(
    Effect.tap(() =>
      Effect.sync(() => {
        if (backend.name === session.names.preferred) session.away = undefined
      })
    ),
    Effect.tapError(({ message }) =>
      Effect.sync(() => {
        if (backend.name === session.names.preferred) session.away = message
      })
    )
  )

/** The backend's lock; one whose composition refuses to build it does not answer. */
export const opened = (
  backend: OpenableBackend
): Effect.Effect<RollingLockShape, StoreUnavailable> =>
  Effect.mapError(backend.open, ({ message }: LimitInvalid) => silent(backend, message))

/** A call that must answer within its deadline. */
export const within = <A>(
  backend: OpenableBackend,
  call: Effect.Effect<A, StoreError>
): Effect.Effect<A, StoreError> =>
  Effect.timeoutOrElse(call, {
    duration: ANSWER_MILLIS,
    orElse: () => Effect.fail(silent(backend, `no answer within ${ANSWER_MILLIS} ms`))
  })

const silent = ({ name }: OpenableBackend, detail: string) =>
  new StoreUnavailable({ operation: `use the lock in ${name}`, detail })

const running = (session: BackendSession): string | undefined =>
  session.running.size === 0
    ? undefined
    : [...session.running.values()].map(({ words }) => words).join(", ")

const forgotten = ({ asked: _, ...requests }: BackendRequests) => [undefined, requests] as const

/** What a killed process of this machine began may go on for a while after it. */
const cutOff = Effect.fnUntraced(function* (session: BackendSession, record: BackendRecord) {
  const outlives = session.backends.get(record.backend)?.outlivesMillis ?? 0
  if (outlives === 0) return undefined
  const memory = yield* recallTry(session)
  if (memory === undefined || memory.ended !== undefined) return undefined
  const left = session.startedMillis + outlives - (yield* monotonicMillis)
  return left <= 0
    ? undefined
    : `what was cut off under token ${memory.token} may go on for ${Math.ceil(left)} ms more`
})

const withdraw = (session: BackendSession, seen: SeenBackend, record: BackendRecord) =>
  Effect.gen(function* () {
    const why: Array<string> = []
    for (const backend of session.backends.values()) {
      const isPreferred = backend.name === session.names.preferred
      const one = yield* isPreferred
        ? Effect.catch(withdrawFrom(session, seen, record, backend), () =>
            Effect.succeed(undefined)
          )
        : withdrawFrom(session, seen, record, backend)
      if (one !== undefined) why.push(one)
      else if (isPreferred && !(yield* backend.close))
        why.push(`its session in ${backend.name} is being closed`)
    }
    return why.length === 0 ? undefined : why.join(", ")
  })

/** Takes back what is asked for in one backend; why something is still held there. */
const withdrawFrom = Effect.fnUntraced(function* (
  session: BackendSession,
  { said, view }: SeenBackend,
  record: BackendRecord,
  backend: OpenableBackend
) {
  let status = yield* lookAt(session, backend)
  const isHere = backend.name === record.backend
  if (isHere) {
    session.token = Math.max(session.token, record.floor + status.token)
    session.paused = status.pause?.reason
  }
  const own = () => status.grants.filter(({ participant }) => participant === view.self)
  const lock = yield* opened(backend)
  const [first, ...others] = status.queue
  const inStay = said !== undefined && said.epoch >= record.stay
  if (isHere && inStay && first?.retry === "hold" && own().length > 0) {
    for (const { ticket } of others) yield* mended(lock.cancel(ticket))
    session.acting = { ...record, finishes: true }
    return `${first.operation} keeps its permit between two tries`
  }
  if (first !== undefined) yield* within(backend, mended(lock.cancel()))
  // of the peers' lock the leader takes back what the others gave up
  const leads = view.leader && backend.name !== session.names.preferred && status.grants.length > 0
  if (first === undefined && own().length === 0 && !leads) return undefined
  yield* within(backend, lock.step)
  status = yield* lookAt(session, backend)
  return own().length > 0 ? `its grant in ${backend.name} is to be taken back` : undefined
})

/** What a lock refuses to say or to take, as a backend that does not answer. */
export const asUnavailable = <A>(
  call: Effect.Effect<A, { readonly _tag: string; readonly message: string }>
): Effect.Effect<A, StoreUnavailable> =>
  Effect.mapError(
    call,
    ({ message }) => new StoreUnavailable({ operation: "use a backend", detail: message })
  )

/** A lock that is not ready has nothing of ours. */
const mended = <A>(
  call: Effect.Effect<A, StoreError | { readonly _tag: "LockNotReady"; readonly message: string }>
): Effect.Effect<A | undefined, StoreError> =>
  Effect.catch(call, (error) =>
    error._tag === "LockNotReady" ? Effect.succeed(undefined) : Effect.fail(error)
  )

/** This process's monotonic clock. */
export const monotonicMillis: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)

const ANSWER_MILLIS = 10_000
