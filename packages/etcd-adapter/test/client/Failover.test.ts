// Three members, and what happens to calls and watches when the one in use dies, halts, or leads and does so.
// What the watch saw is compared with what etcd itself has: nothing may be missing, doubled or out of order.
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Fiber, type Scope, Stream } from "effect"
import type { EtcdShape } from "../../src/index.ts"
import {
  type EtcdCluster,
  type EtcdMember,
  makeEtcdCluster,
  type TestbedError
} from "../../src/testbed/index.ts"
import { connect, describeOnEach } from "./EachVersion.ts"

const FAULT_MILLIS = 4_500
/** How long an election takes at most, and a second. */
const mostMillis = (election: number) => 2 * election + 1_000

/** Writes `h/1`, `h/2`, … each of them once, until the time is over; returns how many, and the longest time one took. */
const write = Effect.fnUntraced(function* (client: EtcdShape, millis: number) {
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)
  const end = (yield* now) + millis
  let longest = 0
  let count = 0
  while ((yield* now) < end) {
    const key = `h/${++count}`
    const before = yield* now
    const { succeeded, repeated } = yield* client.txn({
      when: [{ key, target: "create", is: "=", value: 0 }],
      then: [{ op: "put", key, value: "x" }]
    })
    assert.isTrue(succeeded || repeated, `${key} was there before it was written`)
    longest = Math.max(longest, (yield* now) - before)
    yield* Effect.sleep(2)
  }
  return { count, longest }
})

/** Watches `h/` and notes each change with the longest pause between two of them. */
const observe = Effect.fnUntraced(function* (
  client: EtcdShape
): Effect.fn.Return<{ readonly keys: Array<string>; longest: number }, never, Scope.Scope> {
  const seen = { keys: [] as Array<string>, longest: 0 }
  let last = 0
  const started = yield* Effect.forkScoped(
    client.watch({ key: "h/", end: "h0" }).pipe(
      Stream.runForEach((batch) =>
        Effect.sync(() => {
          const at = performance.now()
          if (last > 0) seen.longest = Math.max(seen.longest, at - last)
          last = at
          if (batch._tag === "Resync") return void seen.keys.push("a gap")
          for (const event of batch.events) {
            seen.keys.push(event.type === "put" ? `${event.kv.key}@${event.kv.modRevision}` : "?")
          }
        })
      ),
      Effect.orDie
    ),
    { startImmediately: true }
  )
  void started
  return seen
})

/** For a machine that does other things as well: a guard against what hangs, not a measurement. */
const NOISE_MILLIS = 5_000

const APART = { election: 500, together: false }

const faults: ReadonlyArray<{
  readonly name: string
  readonly victim: "leader" | "follower"
  readonly hit: (member: EtcdMember, cluster: EtcdCluster) => Effect.Effect<void, TestbedError>
  /** In milliseconds; the longer the later does etcd itself end the streams of a member that is cut off. */
  readonly election: number
  /** Whether writing and watching are one client's. */
  readonly together: boolean
}> = [
  { name: "the leader in use is killed", victim: "leader", hit: ({ kill }) => kill, ...APART },
  { name: "the leader in use is halted", victim: "leader", hit: ({ stop }) => stop, ...APART },
  { name: "the follower in use is halted", victim: "follower", hit: ({ stop }) => stop, ...APART },
  {
    name: "the leader in use is cut off from the others",
    victim: "leader",
    hit: (member, cluster) => cluster.isolate(member),
    election: 1_000,
    together: true
  }
]

const victimOf = Effect.fnUntraced(function* (cluster: EtcdCluster, which: "leader" | "follower") {
  const leader = yield* cluster.leader
  return which === "leader" ? leader : (cluster.members.find((each) => each !== leader) ?? leader)
})

describeOnEach("three members", (etcd) => {
  for (const { name, victim, hit, election, together } of faults) {
    it.live(`go on without a gap when ${name}`, () =>
      Effect.gen(function* () {
        const cluster = yield* makeEtcdCluster({
          etcd,
          members: 3,
          electionMillis: election,
          cables: true
        })
        const target = yield* victimOf(cluster, victim)
        const endpoints = [
          target.endpoint,
          ...cluster.endpoints.filter((each) => each !== target.endpoint)
        ]
        const writer = yield* connect({ endpoints })
        const watcher = together ? writer : yield* connect({ endpoints })
        const seen = yield* observe(watcher)
        yield* Effect.sleep(300)
        const writing = yield* Effect.forkChild(write(writer, FAULT_MILLIS + 2_000))
        yield* Effect.sleep(1_000)
        yield* hit(target, cluster)
        yield* Effect.sleep(FAULT_MILLIS)
        yield* cluster.heal
        yield* target.resume
        yield* target.start
        const { count, longest } = yield* Fiber.join(writing)
        yield* Effect.sleep(1_500)

        const { kvs } = yield* writer.range({ key: "h/", end: "h0", sortBy: "create" })
        console.log(
          `${etcd.version} ${name}: ${count} writes, longest call ${longest} ms, longest silence ${seen.longest} ms`
        )
        assert.strictEqual(kvs.length, count)
        assert.deepStrictEqual(
          seen.keys,
          kvs.map(({ key, modRevision }) => `${key}@${modRevision}`)
        )
        assert.isBelow(longest, mostMillis(election) + NOISE_MILLIS)
        assert.isBelow(seen.longest, mostMillis(election) + NOISE_MILLIS)
      })
    )
  }
})
