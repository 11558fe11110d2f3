// A real etcd for the tests of one file, and participants of a lock on it, each with its own lease and journal.
import { Journal } from "@rollcall/core"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import {
  Etcd,
  EtcdRollingLock,
  type EtcdRollingLockOptions,
  type EtcdRollingLockShape,
  type EtcdShape,
  etcdClient,
  etcdRollingLock
} from "../../src/index.ts"
import {
  type EtcdCluster,
  type EtcdClusterOptions,
  findEtcdPackage,
  makeEtcdCluster
} from "../../src/testbed/index.ts"

import { PREFIX } from "./Prefix.ts"

/** What the tests of a file share. */
export interface Bench {
  readonly cluster: () => EtcdCluster
  readonly etcd: () => EtcdShape
}

/** A cluster that is there as long as the tests of a file run. */
export const bench = (options: EtcdClusterOptions = {}, version = "3.4"): Bench => {
  const scope = Effect.runSync(Scope.make())
  let cluster: EtcdCluster | undefined
  let etcd: EtcdShape | undefined
  beforeAll(async () => {
    const found = findEtcdPackage(version)
    const open = Effect.gen(function* () {
      cluster = yield* makeEtcdCluster({
        ...(typeof found === "string" ? {} : { etcd: found }),
        ...options
      })
      etcd = yield* connect(cluster)
    })
    await Effect.runPromise(Scope.provide(open, scope))
  }, 60_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const there = <A>(value: A | undefined): A => {
    if (value === undefined) throw new Error("the cluster is not up")
    return value
  }
  return { cluster: () => there(cluster), etcd: () => there(etcd) }
}

/** A client of its own. */
export const connect = ({ endpoints }: EtcdCluster, deadlineMillis = 10_000) =>
  Effect.map(Layer.build(etcdClient({ endpoints, prefix: PREFIX, deadlineMillis })), (context) =>
    Context.get(context, Etcd)
  )

/** A participant, for as long as the scope is open. */
export const seat = (
  etcd: EtcdShape,
  options: EtcdRollingLockOptions,
  journal: Layer.Layer<Journal> = Layer.fresh(Journal.layerMemory)
): Effect.Effect<EtcdRollingLockShape, unknown, Scope.Scope> =>
  Effect.map(
    Layer.build(
      Layer.fresh(
        etcdRollingLock(options).pipe(
          Layer.provide(Layer.succeed(Etcd, etcd)),
          Layer.provide(journal)
        )
      )
    ),
    (context) => Context.get(context, EtcdRollingLock)
  )

let locks = 0

/** A lock's name that no other test has. */
export const lockName = (): string => `lock-${++locks}`

/** How many unary calls of `Txn` and `Range` a client has made. */
export const unaryCalls = (etcd: EtcdShape) =>
  Effect.map(etcd.counts, (counts) => (counts.get("Txn") ?? 0) + (counts.get("Range") ?? 0))

/** A journal that outlives the layers it is given to, as the disk of a machine does. */
export const keptJournal = (): Layer.Layer<Journal> => {
  let entries: ReadonlyMap<string, string> = new Map()
  return Layer.succeed(
    Journal,
    Journal.of({
      load: Effect.sync(() => entries),
      save: (next) =>
        Effect.sync(() => {
          entries = new Map(next)
        })
    })
  )
}
