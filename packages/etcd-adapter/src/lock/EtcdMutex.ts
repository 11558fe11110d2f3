// The dialect `etcd-mutex`: the lock of `etcdctl lock NAME` and of Go's concurrency.Mutex, so that shell scripts, Go
// programs and this one exclude each other. Layout of etcd's client/v3/concurrency/mutex.go: a key `NAME/<lease, hex>` for
// each that holds or waits; the oldest holds, each other one watches the one before it.
// One permit, first come, first served, nothing else; for more use the rolling lock. A lock's name must not be the
// beginning of another's path: `etcdctl lock a` waits for all holders below `a/`, and for any other key there for ever.
import { environmentOf, type Held } from "@rollcall/core"
import { Context, Effect, Layer, Schema, Semaphore } from "effect"
import { Etcd, type EtcdShape, type Lease, prefixEnd } from "../client/Etcd.ts"
import type { EtcdError, LeaseLost } from "../client/EtcdError.ts"
import { type CommandNotStarted, leashed } from "./Leash.ts"
import { NotGranted } from "./LockErrors.ts"
import { locking } from "./Mutual.ts"

/** Which lock. */
export interface EtcdMutexOptions {
  /** What `etcdctl lock` is given, without the prefix of the client. */
  readonly name: string
  /** After how many seconds without a sign of life a holder counts as dead; 10 unless set, as etcdctl has it. */
  readonly ttlSeconds?: number
}

/** One that holds or waits. */
export interface MutexEntry {
  readonly key: string
  readonly createRevision: number
  /** False for a key that no holder ever takes away: it has no lease, and blocks the lock until somebody deletes it. */
  readonly leased: boolean
}

/** The mutex's calls. */
export interface EtcdMutexShape {
  /** Runs an effect while nobody else holds; interrupts it before the lease can have passed on. The token is the revision of the own key. */
  readonly withLock: <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | EtcdError | LeaseLost, R>
  /** The same with a bounded wait: **Fails with** `NotGranted` then, and nothing is run. */
  readonly withLockWithin: (
    millis: number
  ) => <A, E, R>(
    body: (held: Held) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | EtcdError | LeaseLost | NotGranted, R>
  /** Runs a command under the lock that `held` is of; it is dead before the lease can have passed on. */
  readonly run: (
    held: Held,
    command: ReadonlyArray<string>
  ) => Effect.Effect<number, CommandNotStarted>
  /** Who holds, then who waits. */
  readonly entries: Effect.Effect<ReadonlyArray<MutexEntry>, EtcdError>
}

/** A lock in the layout of etcd's own. */
export class EtcdMutex extends Context.Service<EtcdMutex, EtcdMutexShape>()(
  "@rollcall/etcd-adapter/EtcdMutex"
) {}

/** The layer of a lock of that name. **Fails with** `MutexNameInvalid`. */
export const etcdMutex = (
  options: EtcdMutexOptions
): Layer.Layer<EtcdMutex, MutexNameInvalid, Etcd> =>
  Layer.effect(
    EtcdMutex,
    Effect.gen(function* () {
      const { name } = options
      if (name === "" || name.endsWith("/")) return yield* new MutexNameInvalid({ name })
      return shapeOf(yield* Etcd, name, options.ttlSeconds ?? 10, yield* Semaphore.make(1))
    })
  )

/** A name that cannot be a mutex's. */
export class MutexNameInvalid extends Schema.TaggedError<MutexNameInvalid>()("MutexNameInvalid", {
  name: Schema.String
}) {
  /** One line: which name, and what is allowed. */
  override get message(): string {
    return `"${this.name}" cannot be a mutex's name: it must not be empty nor end with a slash`
  }
}

const shapeOf = (
  etcd: EtcdShape,
  name: string,
  ttlSeconds: number,
  own: Semaphore.Semaphore
): EtcdMutexShape => {
  const leases = new Map<number, Lease>()
  const keys = { key: `${name}/`, end: prefixEnd(`${name}/`) }
  return {
    withLock: (body) =>
      Effect.catchIf(
        locking(etcd, name, ttlSeconds, own, leases, body),
        (error): error is NotGranted => error instanceof NotGranted,
        Effect.die
      ),
    withLockWithin: (millis) => (body) =>
      locking(etcd, name, ttlSeconds, own, leases, body, millis),
    run: (held, command) =>
      leashed(
        command,
        environmentOf(held),
        Effect.suspend(() => leases.get(held.token)?.remainingMillis ?? Effect.succeed(0))
      ),
    entries: Effect.map(etcd.range({ ...keys, sortBy: "create" }), ({ kvs }) =>
      kvs.map(({ createRevision, key, lease }) => ({
        key,
        createRevision,
        leased: lease !== undefined
      }))
    )
  }
}
