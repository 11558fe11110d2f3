// How long it takes to hand a lock on: Rollcall over etcd beside `etcdctl lock`, in turns, on one etcd.
//   npm run bench etcd-lock -- --rounds 60
// A hand-off is the time from the holder's wish to release until the next one, which has waited, has the lock; for etcdctl
// from its SIGINT until the waiting etcdctl prints its key. Own operations are one participant's, one after the other.
import { parseArgs } from "node:util"
import { Journal } from "@rollcall/core"
import {
  Etcd,
  EtcdRollingLock,
  type EtcdRollingLockShape,
  etcdClient,
  etcdRollingLock
} from "@rollcall/etcd-adapter"
import { type EtcdCluster, makeEtcdCluster } from "@rollcall/etcd-adapter/testbed"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { HOLD_MILLIS, holdWithEtcdctl, queueWithEtcdctl } from "./etcd-lock-etcdctl.ts"
import { line, median, quantile } from "./etcd-lock-figures.ts"

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "60" }, members: { type: "string", default: "1" } }
})
const rounds = Number(values.rounds)

const seat = Effect.fnUntraced(function* (cluster: EtcdCluster, participant: string) {
  const etcd = yield* Effect.map(
    Layer.build(etcdClient({ endpoints: cluster.endpoints, prefix: "bench/" })),
    (context) => Context.get(context, Etcd)
  )
  const layer = etcdRollingLock({ lock: "bench", participant }).pipe(
    Layer.provide(Journal.layerMemory),
    Layer.provide(Layer.succeed(Etcd, etcd))
  )
  const lock = Context.get(yield* Layer.build(Layer.fresh(layer)), EtcdRollingLock)
  return { lock, calls: callsOf(etcd) }
})

const callsOf = (etcd: (typeof Etcd)["Service"]) =>
  Effect.map(etcd.counts, (counts) => (counts.get("Txn") ?? 0) + (counts.get("Range") ?? 0))

/** One hand-off from `from` to `to`, in milliseconds. */
const handOff = Effect.fnUntraced(function* (from: EtcdRollingLockShape, to: EtcdRollingLockShape) {
  const held = yield* Deferred.make<void>()
  const open = yield* Deferred.make<void>()
  let released = 0
  let taken = 0
  const holder = yield* Effect.forkChild(
    from.withPermits(1)(() =>
      Effect.andThen(
        Deferred.succeed(held, undefined),
        Effect.andThen(
          Deferred.await(open),
          Effect.sync(() => (released = performance.now()))
        )
      )
    )
  )
  yield* Deferred.await(held)
  const waiter = yield* Effect.forkChild(
    to.withPermits(1)(() => Effect.sync(() => (taken = performance.now())))
  )
  yield* Effect.sleep(WAITED_MILLIS)
  yield* Deferred.succeed(open, undefined)
  yield* Fiber.join(holder)
  yield* Fiber.join(waiter)
  return taken - released
})

const WAITED_MILLIS = 250

type Seat = Effect.Success<ReturnType<typeof seat>>

/** A queue of `waiters` that hand on to each other at once; the mean of a hand-off, and calls of each operation. */
const queue = Effect.fnUntraced(function* (
  [first, ...others]: readonly [Seat, ...ReadonlyArray<Seat>],
  waiters: number
) {
  const seats = [first, ...others]
  const total = Effect.map(Effect.all(seats.map(({ calls }) => calls)), (all) =>
    all.reduce((sum, each) => sum + each, 0)
  )
  const before = yield* total
  const times: Array<number> = []
  let released = 0
  yield* Effect.forEach(
    Array.from({ length: waiters }, (_, i) => i),
    (i) =>
      (seats[i % seats.length] ?? first).lock.withPermits(1)(() =>
        Effect.gen(function* () {
          if (released > 0) times.push(performance.now() - released)
          yield* Effect.sleep(HOLD_MILLIS)
          released = performance.now()
        })
      ),
    { concurrency: "unbounded", discard: true }
  )
  return { times, calls: ((yield* total) - before) / waiters }
})

const main = Effect.gen(function* () {
  const cluster = yield* makeEtcdCluster({ members: Number(values.members) })
  const [a, b] = [yield* seat(cluster, "a"), yield* seat(cluster, "b")]
  const ours: Array<number> = []
  const theirs: Array<number> = []
  for (let i = 0; i < rounds; i++) {
    ours.push(yield* i % 2 === 0 ? handOff(a.lock, b.lock) : handOff(b.lock, a.lock))
    theirs.push(yield* holdWithEtcdctl(cluster, WAITED_MILLIS))
  }
  const own: Array<number> = []
  for (let i = 0; i < rounds; i++) {
    const begun = performance.now()
    yield* a.lock.withPermits(1)(() => Effect.void)
    own.push(performance.now() - begun)
  }
  const twelve: Array<number> = []
  const theirTwelve: Array<number> = []
  for (let i = 0; i < rounds / 10; i++) {
    twelve.push(...(yield* queue([a, b], 12)).times)
    theirTwelve.push(...(yield* queueWithEtcdctl(cluster, 12)))
  }
  const { calls, times } = yield* queue([a, b], 500)
  console.log(
    `etcd ${cluster.etcd.version}, ${cluster.members.length} members, ${rounds} rounds in turns; ms`
  )
  console.log(line("hand-off, one waits, Rollcall", ours))
  console.log(line("hand-off, one waits, etcdctl lock", theirs))
  console.log(line("hand-off, 12 wait, Rollcall", twelve))
  console.log(line("hand-off, 12 wait, etcdctl lock", theirTwelve))
  console.log(line("hand-off, 500 wait, Rollcall", times))
  console.log(line("an own operation after the other, Rollcall", own))
  const beside = (mine: ReadonlyArray<number>, other: ReadonlyArray<number>) =>
    `${(median(mine) / median(other)).toFixed(2)} of etcdctl's p50, p99 ${(quantile(mine, 0.99) / median(mine)).toFixed(1)} of its own p50`
  console.log(
    `Rollcall where one waits: ${beside(ours, theirs)}; where 12 wait: ${beside(twelve, theirTwelve)}`
  )
  console.log(`calls of an operation among 500: ${calls.toFixed(2)}`)
})

await Effect.runPromise(Effect.scoped(main))
