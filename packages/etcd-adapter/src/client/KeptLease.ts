// Leases: granted, kept alive by a fiber of the scope, revoked when it closes.
// A lease is asked for by an id of our own, so that asking twice makes no second one. It is lost when etcd says so or when
// no keep-alive was acknowledged in time, whichever comes first, and stays lost.
import { randomBytes } from "node:crypto"
import { Clock, Deferred, Effect, type Scope } from "effect"
import { ATTEMPT_MILLIS, type Calls } from "./Calls.ts"
import type { Lease } from "./Etcd.ts"
import { type EtcdError, LeaseLost } from "./EtcdError.ts"
import {
  acknowledged,
  granted,
  type LeaseState,
  remainingAt,
  renewalMillis,
  seenAt
} from "./LeaseState.ts"

/** A lease as it was granted. */
export type Granted = Pick<Lease, "id" | "ttlSeconds" | "revision">

/** A lease that nobody keeps alive; `sentAt` is when the request was sent that it counts from, on the monotonic clock. */
export const grantLease = Effect.fnUntraced(function* (
  { call }: Calls,
  ttlSeconds: number
): Effect.fn.Return<Granted & { readonly sentAt: number }, EtcdError> {
  const clock = yield* Clock.Clock
  const ID = BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()) | 1n
  const TTL = BigInt(Math.ceil(ttlSeconds))
  let sentAt = 0
  const { value } = yield* call({
    operation: "grant a lease",
    name: "LeaseGrant",
    again: true,
    send: (rpc, options) => {
      sentAt = millisOf(clock.monotonicTimeNanosUnsafe())
      return rpc.lease.leaseGrant({ TTL, ID }, options).catch((cause) => {
        // an earlier try was applied after all; it counts from now again
        if (/lease already exists/.test(String(cause))) return rpc.keepAlive(ID, options)
        throw cause
      })
    }
  })
  return {
    id: ID,
    ttlSeconds: Number(value?.TTL ?? 0n),
    revision: Number(value?.header?.revision ?? 0n),
    sentAt
  }
})

/** Ends a lease and takes its keys away; one that is gone already is no failure. */
export const revokeLease = (
  { call }: Calls,
  lease: bigint,
  deadlineMillis?: number
): Effect.Effect<void, EtcdError> =>
  call({
    operation: "revoke a lease",
    name: "LeaseRevoke",
    again: true,
    urgent: true,
    send: (rpc, options) => rpc.lease.leaseRevoke({ ID: lease }, options),
    ...(deadlineMillis === undefined ? {} : { deadlineMillis })
  }).pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ reason }) => reason === "lease-not-found",
      () => Effect.void
    )
  )

/** A lease that is kept alive while the scope is open, and revoked then. */
export const keptLease = Effect.fnUntraced(function* (
  calls: Calls,
  ttlSeconds: number
): Effect.fn.Return<Lease, EtcdError, Scope.Scope> {
  const { sentAt, ...lease } = yield* Effect.acquireRelease(
    grantLease(calls, ttlSeconds),
    ({ id }) => Effect.ignore(revokeLease(calls, id, FAREWELL_MILLIS))
  )
  const lost = Deferred.makeUnsafe<never, LeaseLost>()
  let state = granted(lease.ttlSeconds, sentAt)
  const look = Effect.fnUntraced(function* (change: (now: number) => LeaseState, detail: string) {
    state = change(yield* nowMillis)
    if (state.lost) yield* Deferred.fail(lost, new LeaseLost({ lease: idText(lease.id), detail }))
    return state
  })
  const expire = look((now) => seenAt(state, now), "no keep-alive was acknowledged in time")

  yield* Effect.forkScoped(keepAlive(calls, lease, () => state, look))
  yield* Effect.forkScoped(
    Effect.gen(function* () {
      while (!(yield* expire).lost) {
        yield* Effect.sleep(Math.ceil(remainingAt(state, yield* nowMillis)))
      }
    })
  )
  return {
    ...lease,
    lost: Effect.andThen(expire, Deferred.await(lost)),
    remainingMillis: Effect.map(nowMillis, (now) => remainingAt(state, now))
  }
})

/** How long a closing scope waits for etcd to take a lease back; etcd ends it by itself otherwise. */
const FAREWELL_MILLIS = 1_000

type Look = (change: (now: number) => LeaseState, detail: string) => Effect.Effect<LeaseState>

/** Renews until the lease is lost; a renewal that fails altogether is begun again while there is time. */
const keepAlive = Effect.fnUntraced(function* (
  { call }: Calls,
  { id, ttlSeconds }: Granted,
  state: () => LeaseState,
  look: Look
) {
  const clock = yield* Clock.Clock
  const pause = renewalMillis(ttlSeconds)
  const attemptMillis = Math.min(ATTEMPT_MILLIS, Math.max(250, pause / 2))
  while (!state().lost) {
    yield* Effect.sleep(Math.min(pause, Math.max(remainingAt(state(), yield* nowMillis) / 2, 50)))
    let sentAt = 0
    const answer = yield* call({
      operation: "keep a lease alive",
      name: "LeaseKeepAlive",
      again: true,
      attemptMillis,
      urgent: true,
      deadlineMillis: remainingAt(state(), yield* nowMillis),
      send: (rpc, options) => {
        sentAt = millisOf(clock.monotonicTimeNanosUnsafe())
        return rpc.keepAlive(id, options)
      }
    }).pipe(
      Effect.map(({ value }) => ({ ttl: Number(value?.TTL ?? 0n) })),
      Effect.catch((error) =>
        Effect.succeed(error.reason === "lease-not-found" ? { ttl: 0 } : undefined)
      )
    )
    if (answer !== undefined) {
      yield* look((now) => acknowledged(state(), answer.ttl, sentAt, now), "etcd has ended it")
    }
  }
})

const millisOf = (nanos: bigint): number => Number(nanos) / 1e6
const nowMillis: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, millisOf)

/** As etcdctl prints it. */
const idText = (lease: bigint): string => lease.toString(16)
