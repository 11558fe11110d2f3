// The one lock of a charmlibs-rollingops cluster: a key that exists while somebody holds it, with the holder's name.
// Python guards its writes by that name, which a later session of the same unit bears as well; here they are guarded by the
// revision at which the key was written, so that an overtaken session writes nothing.
import { FencingToken } from "@rollcall/core"
import { Deferred, Effect, type Scope, Stream } from "effect"
import type { EtcdShape, Lease } from "../../client/Etcd.ts"
import type { EtcdError, LeaseLost } from "../../client/EtcdError.ts"

/** The lock while it is held. */
export interface HeldKey {
  readonly lease: Lease
  readonly token: FencingToken
}

/** Holds the lock as `owner` until the scope closes; waits for it without asking again and again. */
export const holdKey = (
  etcd: EtcdShape,
  lock: string,
  owner: string,
  ttlSeconds: number
): Effect.Effect<HeldKey, EtcdError | LeaseLost, Scope.Scope> =>
  Effect.gen(function* () {
    const lease = yield* etcd.lease(ttlSeconds)
    const take = Effect.gen(function* () {
      for (;;) {
        const { ranges, repeated, revision, succeeded } = yield* etcd.txn({
          when: [{ key: lock, target: "version", is: "=", value: 0 }],
          then: [{ op: "put", key: lock, value: owner, lease: lease.id }],
          otherwise: [{ op: "range", key: lock }]
        })
        const [there] = ranges[0]?.kvs ?? []
        if (succeeded) return revision
        if (repeated && there?.lease === lease.id) return there.modRevision
        yield* freed(etcd, lock)
      }
    })
    const token = yield* Effect.raceFirst(take, lease.lost)
    yield* Effect.addFinalizer(() => Effect.ignore(letGo(etcd, lock, token)))
    return { lease, token: FencingToken.make(token) }
  })

/** Gives the lock back, if it is still the one that was taken then. */
export const letGo = (etcd: EtcdShape, lock: string, token: number) =>
  etcd.txn({
    when: [{ key: lock, target: "mod", is: "=", value: token }],
    then: [{ op: "delete", key: lock }],
    otherwise: []
  })

/** Waits until the key is not there: a watch from now on, then a look. */
const freed = (etcd: EtcdShape, key: string): Effect.Effect<void, EtcdError> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<void>()
    const watching = Stream.runForEach(etcd.watch({ key }), (batch) =>
      Effect.gen(function* () {
        const gone = batch._tag === "Events" && batch.events.some(({ type }) => type === "delete")
        if (gone || (yield* etcd.range({ key, keysOnly: true })).kvs.length === 0) {
          yield* Deferred.succeed(over, undefined)
        }
      })
    )
    yield* Effect.raceFirst(Deferred.await(over), watching)
  })
