// One of the two places a lock may live in, opened when it is needed and closed when it is left. Closing it ends the
// session there (a lease is given back, or passes); each backend has a part of the journal of its own.
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import type { Operations } from "../rolling-lock/Operation.ts"
import { RollingLock, type RollingLockShape } from "../rolling-lock/RollingLock.ts"
import type { LimitInvalid } from "../rolling-lock/RollingLockError.ts"
import { Journal, type JournalShape } from "../store/Journal.ts"
import { backendKey } from "./LockBackendRecord.ts"

/** A place a lock may live in. */
export interface LockBackend<R = never> {
  /** What operators call it: part of the record, so it stays what it is. */
  readonly name: string
  /** A rolling lock there that runs these operations; `Journal` is the part of the journal that belongs to it. */
  readonly layer: (operations: Operations) => Layer.Layer<RollingLock, LimitInvalid, R | Journal>
  /**
   * How long what a grant's operation has begun may go on after the process that ran it was killed: a lease's time where
   * children are only bound to the lease. 0 unless set: it dies with its process.
   */
  readonly outlivesMillis?: number
}

/** A backend that this process can open and close. */
export interface OpenableBackend {
  readonly name: string
  readonly outlivesMillis: number
  /** The lock there; opened where it is not. */
  readonly open: Effect.Effect<RollingLockShape, LimitInvalid>
  readonly isOpen: () => boolean
  /** Ends the session there; false while that is under way. */
  readonly close: Effect.Effect<boolean>
}

/** The backend with what it needs from its composition. */
export const openable = <R>(
  { layer, name, outlivesMillis = 0 }: LockBackend<R>,
  context: Context.Context<R>,
  parts: {
    readonly lock: string
    readonly journal: JournalShape
    readonly operations: Operations
    /** The scope of the whole. */
    readonly scope: Scope.Scope
  }
): OpenableBackend => {
  let opened: { readonly lock: RollingLockShape; readonly scope: Scope.Closeable } | undefined
  let closing: Fiber.Fiber<void> | undefined
  const journal = journalPart(parts.journal, `${backendKey(parts.lock)}/${name}/`)
  const open = Effect.gen(function* () {
    if (opened !== undefined) return opened.lock
    const scope = yield* Scope.fork(parts.scope)
    const built = yield* Layer.buildWithScope(layer(parts.operations), scope).pipe(
      Effect.provideContext(Context.add(context, Journal, journal)),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    const lock = Context.get(built, RollingLock)
    opened = { lock, scope }
    return lock
  })
  const close = Effect.gen(function* () {
    if (opened !== undefined) {
      const { scope } = opened
      opened = undefined
      // giving a lease back may take a while where nobody answers
      closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    }
    if (closing === undefined) return true
    const ended = yield* Effect.timeoutOption(Fiber.await(closing), CLOSE_MILLIS)
    if (ended._tag === "None") return false
    closing = undefined
    return true
  })
  return { name, outlivesMillis, open, isOpen: () => opened !== undefined, close }
}

/** The entries of a journal under a prefix, as a journal. */
const journalPart = ({ load, save }: JournalShape, prefix: string): JournalShape => ({
  load: Effect.map(
    load,
    (entries) =>
      new Map(
        [...entries].flatMap(([key, value]) =>
          key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : []
        )
      )
  ),
  save: (next) =>
    Effect.flatMap(load, (entries) =>
      save(
        new Map([
          ...[...entries].filter(([key]) => !key.startsWith(prefix)),
          ...[...next].map(([key, value]) => [prefix + key, value] as const)
        ])
      )
    )
})

const CLOSE_MILLIS = 5_000
