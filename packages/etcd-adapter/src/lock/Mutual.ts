// One turn at a mutex in the layout of etcd's own: come, wait for the one before, run, go.
// Waiting is a watch from now on and then a look, not a watch from a revision: etcd serves those that begin in the past
// only ten times a second, and that may be all the time a hand-off takes.
import { environmentOf, FencingToken, type Held } from "@rollcall/core"
import { Deferred, Effect, type Scope, type Semaphore, Stream } from "effect"
import type { EtcdShape, KeyValue, Lease, Op } from "../client/Etcd.ts"
import { prefixEnd } from "../client/Etcd.ts"
import type { EtcdError, LeaseLost } from "../client/EtcdError.ts"
import { NotGranted } from "./LockErrors.ts"
import { lostFor } from "./LockProcess.ts"

/** Runs `body` while this process alone holds the mutex; `within` bounds the wait in milliseconds. */
export const locking = <A, E, R>(
  etcd: EtcdShape,
  name: string,
  ttlSeconds: number,
  own: Semaphore.Semaphore,
  leases: Map<number, Lease>,
  body: (held: Held) => Effect.Effect<A, E, R>,
  within?: number
): Effect.Effect<A, E | EtcdError | LeaseLost | NotGranted, Exclude<R, Scope.Scope>> => {
  const turn = Effect.scoped(
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        // the key goes with the lease, and the lease with the scope, however this ends
        const entry = yield* restore(bounded(acquired(etcd, name, ttlSeconds), name, within))
        const { createRevision, key, lease } = entry
        const token = FencingToken.make(createRevision)
        leases.set(token, lease)
        const held: Held = { lock: name, token, environment: environmentOf({ lock: name, token }) }
        const exit = yield* Effect.exit(restore(Effect.raceFirst(body(held), lease.lost)))
        leases.delete(token)
        const left = etcd.txn({
          when: [{ key, target: "create", is: "=", value: createRevision }],
          then: [{ op: "delete", key }],
          otherwise: []
        })
        const answer = yield* Effect.result(left)
        const overtaken =
          answer._tag === "Success" && !answer.success.succeeded && !answer.success.repeated
        if (overtaken && exit._tag === "Success") {
          return yield* Effect.fail(lostFor(lease.id, `its key ${key} was taken away`))
        }
        return yield* exit
      })
    )
  )
  return own.withPermit(turn)
}

interface Entry {
  readonly key: string
  readonly createRevision: number
  readonly lease: Lease
}

const bounded = <A, E, R>(
  wait: Effect.Effect<A, E, R>,
  lock: string,
  within: number | undefined
): Effect.Effect<A, E | NotGranted, R> =>
  within === undefined
    ? wait
    : Effect.timeoutOrElse(wait, {
        duration: within,
        orElse: () => Effect.fail(new NotGranted({ lock, withinMillis: within }))
      })

/** An entry that is the first. Who stops waiting takes its lease along, and with it its key. */
const acquired = (
  etcd: EtcdShape,
  name: string,
  ttlSeconds: number
): Effect.Effect<Entry, EtcdError | LeaseLost, Scope.Scope> =>
  Effect.gen(function* () {
    const lease = yield* etcd.lease(ttlSeconds)
    const key = `${name}/${lease.id.toString(16)}`
    const all = { key: `${name}/`, end: prefixEnd(`${name}/`) }
    const first: Op = { op: "range", ...all, sortBy: "create", limit: 1 }
    const mine: Op = { op: "range", key }
    const { ranges } = yield* etcd.txn({
      when: [{ key, target: "create", is: "=", value: 0 }],
      then: [{ op: "put", key, value: "", lease: lease.id }, mine, first],
      otherwise: [mine, first]
    })
    const createRevision = ranges[0]?.kvs[0]?.createRevision ?? 0
    const entry: Entry = { key, createRevision, lease }
    if (ranges[1]?.kvs[0]?.createRevision === createRevision) return entry
    const waiting = Effect.gen(function* () {
      for (;;) {
        const before = yield* predecessor(etcd, all, createRevision)
        if (before === undefined) return yield* stillThere(etcd, entry)
        yield* gone(etcd, before)
      }
    })
    return yield* Effect.raceFirst(waiting, lease.lost)
  })

const predecessor = (
  etcd: EtcdShape,
  all: { readonly key: string; readonly end: string },
  createRevision: number
): Effect.Effect<KeyValue | undefined, EtcdError> =>
  Effect.map(
    etcd.range({
      ...all,
      maxCreateRevision: createRevision - 1,
      sortBy: "create",
      descending: true,
      limit: 1
    }),
    ({ kvs }) => kvs[0]
  )

/** Etcd 3.4 grants its own lock to one whose key is gone; here that is the end of the lease. */
const stillThere = Effect.fnUntraced(function* (etcd: EtcdShape, entry: Entry) {
  const { kvs } = yield* etcd.range({ key: entry.key })
  if (kvs[0]?.createRevision === entry.createRevision) return entry
  return yield* Effect.fail(lostFor(entry.lease.id, "it ended while its owner waited"))
})

/** Waits until that key, as it was then, is no more. */
const gone = (etcd: EtcdShape, { createRevision, key }: KeyValue): Effect.Effect<void, EtcdError> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<void>()
    const watching = Stream.runForEach(etcd.watch({ key }), (batch) =>
      Effect.gen(function* () {
        const deleted =
          batch._tag === "Events" && batch.events.some(({ type }) => type === "delete")
        if (deleted) return yield* Deferred.succeed(over, undefined)
        const { kvs } = yield* etcd.range({ key })
        if (kvs[0]?.createRevision !== createRevision) yield* Deferred.succeed(over, undefined)
        return true
      })
    )
    yield* Effect.raceFirst(Deferred.await(over), watching)
  })
