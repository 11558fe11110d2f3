// The service over one real member of every version that is supported, scene by scene.
import { assert, describe, it } from "@effect/vitest"
import {
  type LockLimits,
  type OperationCall,
  type OperationResult,
  type ParticipantId,
  plainOperation,
  wording
} from "@rollcall/core"
import { Data, Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import type { EtcdRollingLockOptions, EtcdRollingLockShape } from "../../src/index.ts"
import { ETCD_VERSIONS, findEtcdPackage } from "../../src/testbed/index.ts"
import { bench, keptJournal, lockName, seat, unaryCalls } from "./Cluster.ts"
import { observe } from "./Observer.ts"

const scenes = (version: string): void => {
  const { etcd } = bench({}, version)
  const AUDIT = { by: "ana", reason: "a test" }

  class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

  interface Roll {
    readonly lock: string
    readonly seats: ReadonlyArray<EtcdRollingLockShape>
    readonly runs: Array<string>
  }

  type Run = (
    who: string,
    call: OperationCall
  ) => Effect.Effect<OperationResult, { readonly message: string }>

  /** A roll of that many participants that serve, each with the operation `restart`. */
  const roll = Effect.fnUntraced(function* (
    size: number,
    run: Run = () => Effect.succeed("release"),
    more: Partial<EtcdRollingLockOptions> & { readonly idle?: boolean } = {}
  ): Effect.fn.Return<Roll, unknown, Scope.Scope> {
    const lock = lockName()
    const runs: Array<string> = []
    const { idle, ...options } = more
    const limits: Partial<LockLimits> = {
      backoff: { baseMillis: 0, capMillis: 0 },
      ...options.limits
    }
    const seats: Array<EtcdRollingLockShape> = []
    for (let i = 0; i < size; i++) {
      const participant = `app/${i}`
      const operations = {
        restart: plainOperation((call) => {
          runs.push(`${participant}:${call.attempt}`)
          return run(participant, call)
        })
      }
      seats.push(yield* seat(etcd(), { lock, participant, operations, ...options, limits }))
    }
    if (idle !== true) for (const each of seats) yield* Effect.forkScoped(each.serve)
    return { lock, seats, runs }
  })

  /** Waits until `ready` says so. */
  const until = (ready: () => boolean | Effect.Effect<boolean, unknown>, millis = 10_000) =>
    Effect.gen(function* () {
      for (let i = 0; i < millis / 5; i++) {
        const now = ready()
        if (typeof now === "boolean" ? now : yield* now) return
        yield* Effect.sleep(5)
      }
      assert.fail("it did not come to that")
    })

  const at = (seats: ReadonlyArray<EtcdRollingLockShape>, index: number) =>
    seats[index] as EtcdRollingLockShape

  const reasons = (lock: EtcdRollingLockShape) =>
    Effect.map(lock.explain(), (all) => all.map(wording))

  describe("a roll", () => {
    it.live("runs each request once, one at a time, in the order of asking", () =>
      Effect.gen(function* () {
        let inside = 0
        const { lock, runs, seats } = yield* roll(4, () =>
          Effect.gen(function* () {
            assert.strictEqual(++inside, 1)
            yield* Effect.sleep(5)
            inside--
            return "release" as const
          })
        )
        const seen = yield* observe(etcd(), lock, { permits: 1 })
        for (const i of [2, 0, 3, 1]) yield* at(seats, i).request({ operation: "restart" })
        yield* until(() => runs.length === 4)
        yield* until(() => Effect.map(at(seats, 0).status, ({ grants }) => grants.length === 0))
        assert.deepStrictEqual(runs, ["app/2:0", "app/0:0", "app/3:0", "app/1:0"])
        assert.deepStrictEqual(seen.violations, [])
        const done = (yield* at(seats, 0).history).filter(({ event }) => event === "done")
        assert.deepStrictEqual(
          done.map(({ participant }) => participant),
          ["app/2", "app/0", "app/3", "app/1"]
        )
      })
    )

    it.live("alternates between two that are tried again, and gives up after the last try", () =>
      Effect.gen(function* () {
        const { runs, seats } = yield* roll(2, () => Effect.succeed("retry-release"), {
          limits: { failures: Number.POSITIVE_INFINITY }
        })
        yield* Effect.all([at(seats, 0).pause(AUDIT)])
        yield* at(seats, 0).request({ operation: "restart", maxRetries: 2 })
        yield* at(seats, 1).request({ operation: "restart", maxRetries: 2 })
        yield* at(seats, 0).resume(AUDIT)
        yield* until(() => Effect.map(at(seats, 0).status, ({ failed }) => failed.length === 2))
        assert.deepStrictEqual(runs, [
          "app/0:0",
          "app/1:0",
          "app/0:1",
          "app/1:1",
          "app/0:2",
          "app/1:2"
        ])
      })
    )

    it.live("keeps the permit over retry-hold", () =>
      Effect.gen(function* () {
        const left: Array<OperationResult> = ["retry-hold", "retry-hold"]
        const { runs, seats } = yield* roll(2, () => Effect.succeed(left.shift() ?? "release"))
        yield* at(seats, 0).request({ operation: "restart" })
        yield* at(seats, 1).request({ operation: "restart" })
        yield* until(() => runs.length === 4)
        assert.deepStrictEqual(runs, ["app/0:0", "app/0:1", "app/0:2", "app/1:0"])
      })
    )

    it.live("pauses at the first failure, says so, and goes on when it is resumed", () =>
      Effect.gen(function* () {
        const { runs, seats } = yield* roll(2, (who) =>
          who === "app/0" ? Effect.succeed("failed") : Effect.succeed("release")
        )
        yield* at(seats, 0).request({ operation: "restart" })
        yield* until(() => Effect.map(at(seats, 0).status, ({ pause }) => pause !== undefined))
        yield* at(seats, 1).request({ operation: "restart" })
        yield* Effect.sleep(50)
        assert.deepStrictEqual(runs, ["app/0:0"])
        assert.include(
          (yield* reasons(at(seats, 1))).join(),
          "the roll is paused: restart on app/0: it failed"
        )
        yield* at(seats, 1).resume(AUDIT)
        yield* until(() => runs.length === 2)
        const events = (yield* at(seats, 0).history).map(({ event }) => event)
        assert.deepStrictEqual(events.slice(0, 3), ["failed", "paused", "resumed"])
      })
    )

    it.live("counts a failure of the code as a reason to try again, and rests before that", () =>
      Effect.gen(function* () {
        const times: Array<number> = []
        const { seats } = yield* roll(
          1,
          () => {
            times.push(performance.now())
            return times.length < 2
              ? Effect.fail(new Broken({ message: "no disk" }))
              : Effect.succeed("release")
          },
          { limits: { backoff: { baseMillis: 200, capMillis: 200 } } }
        )
        yield* at(seats, 0).request({ operation: "restart" })
        yield* until(() => times.length === 2)
        const rest = (times[1] ?? 0) - (times[0] ?? 0)
        assert.isAtLeast(rest, 95)
        yield* until(() => Effect.map(at(seats, 0).history, (all) => all.length === 2))
        assert.strictEqual((yield* at(seats, 0).history)[0]?.reason, "no disk")
      })
    )
  })

  describe("an order", () => {
    it.live("rolls everybody who serves, in the order of turns", () =>
      Effect.gen(function* () {
        const { lock, runs, seats } = yield* roll(4)
        const seen = yield* observe(etcd(), lock, { permits: 1 })
        yield* Effect.sleep(100)
        const given = yield* at(seats, 2).roll({ operation: "restart", arguments: { why: "all" } })
        assert.deepStrictEqual(given.participants.map(String), ["app/0", "app/1", "app/2", "app/3"])
        yield* until(() => runs.length === 4)
        assert.deepStrictEqual([...runs].sort(), ["app/0:0", "app/1:0", "app/2:0", "app/3:0"])
        const some = ["app/3", "app/1"] as ReadonlyArray<string> as ReadonlyArray<ParticipantId>
        yield* at(seats, 0).pause(AUDIT)
        yield* at(seats, 0).roll({ operation: "restart", participants: some })
        yield* until(() => Effect.map(at(seats, 0).status, ({ waiters }) => waiters.length === 2))
        yield* at(seats, 0).resume(AUDIT)
        yield* until(() => runs.length === 6)
        assert.deepStrictEqual(runs.slice(4), ["app/3:0", "app/1:0"])
        assert.deepStrictEqual(seen.violations, [])
        const nobody = ["app/9"] as ReadonlyArray<string> as ReadonlyArray<ParticipantId>
        const exit = yield* Effect.exit(
          at(seats, 0).roll({ operation: "restart", participants: nobody })
        )
        assert.include(String(exit), "RequestInvalid")
      })
    )
  })

  describe("a request", () => {
    it.live("asked for twice is merged, and a higher priority overtakes", () =>
      Effect.gen(function* () {
        const { runs, seats } = yield* roll(3)
        yield* at(seats, 0).pause(AUDIT)
        for (const i of [0, 1, 2]) yield* at(seats, i).request({ operation: "restart" })
        const again = yield* at(seats, 2).request({ operation: "restart", priority: 5 })
        assert.isTrue(again.merged)
        const { waiters } = yield* at(seats, 0).status
        assert.deepStrictEqual(
          waiters.map(({ participant }) => `${participant}`),
          ["app/2", "app/0", "app/1"]
        )
        const rounds = (yield* at(seats, 0).dryRun).map((each) =>
          each.map(({ participant }) => `${participant}`)
        )
        assert.deepStrictEqual(rounds, [["app/2"], ["app/0"], ["app/1"]])
        yield* at(seats, 0).resume(AUDIT)
        yield* until(() => runs.length === 3)
        assert.deepStrictEqual(runs, ["app/2:0", "app/0:0", "app/1:0"])
      })
    )

    it.live("that is taken back is not run, and one that was granted gives its permit back", () =>
      Effect.gen(function* () {
        const { runs, seats } = yield* roll(2, undefined, { idle: true })
        const { ticket } = yield* at(seats, 0).request({ operation: "restart" })
        yield* at(seats, 1).request({ operation: "restart" })
        assert.deepStrictEqual(yield* reasons(at(seats, 1)), ["held by app/0"])
        assert.deepStrictEqual(yield* at(seats, 0).cancel(ticket), [ticket])
        yield* until(() => Effect.map(at(seats, 1).step, ({ activity }) => activity._tag === "Ran"))
        assert.strictEqual((yield* at(seats, 0).step).activity._tag, "Idle")
        assert.deepStrictEqual(runs, ["app/1:0"])
      })
    )

    it.live("outlives its process, keeps its place, and is told that it was cut off", () =>
      Effect.gen(function* () {
        const lock = lockName()
        const calls: Array<boolean> = []
        const hung = yield* Deferred.make<void>()
        const operations = {
          restart: plainOperation(({ interrupted }) => {
            calls.push(interrupted)
            return interrupted
              ? Effect.succeed("release" as const)
              : Effect.andThen(Deferred.succeed(hung, undefined), Effect.never)
          })
        }
        const memory = keptJournal()
        const options = { lock, participant: "app/0", operations }
        yield* Effect.scoped(
          Effect.gen(function* () {
            const first = yield* seat(etcd(), options, memory)
            yield* first.request({ operation: "restart" })
            yield* Effect.forkScoped(first.serve)
            yield* Deferred.await(hung)
          })
        )
        const second = yield* seat(etcd(), options, memory)
        yield* Effect.forkScoped(second.serve)
        yield* until(() => calls.length === 2)
        assert.deepStrictEqual(calls, [false, true])
      })
    )

    it.live("that nobody granted in time expires", () =>
      Effect.gen(function* () {
        const { runs, seats } = yield* roll(2, undefined, { idle: true })
        yield* at(seats, 0).request({ operation: "restart" })
        yield* at(seats, 1).request({ operation: "restart", deadlineMillis: 20 })
        yield* Effect.sleep(30)
        assert.strictEqual((yield* at(seats, 1).step).activity._tag, "Idle")
        const { problems, waiters } = yield* at(seats, 1).status
        assert.deepStrictEqual(waiters, [])
        assert.deepStrictEqual(
          [...problems.values()],
          ["restart was not granted before its deadline"]
        )
        assert.deepStrictEqual(runs, [])
      })
    )

    it.live("that cannot be is refused, with nothing written", () =>
      Effect.gen(function* () {
        const { seats } = yield* roll(1, undefined, { idle: true })
        const before = yield* unaryCalls(etcd())
        const bad = [
          { operation: "dance" },
          { operation: "restart", maxRetries: -1 },
          { operation: "restart", permits: 2 },
          { operation: "restart", arguments: [] as never }
        ]
        for (const each of bad)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(at(seats, 0).request(each))))
        assert.strictEqual(yield* unaryCalls(etcd()), before)
      })
    )

    it.live("carries whatever text it is given", () =>
      Effect.gen(function* () {
        const given = { reason: 'hello world\n"q" 🌞', nested: { "a/b": [1, "x y"] } }
        const seen: Array<unknown> = []
        const { seats } = yield* roll(1, (_, call) => {
          seen.push(call.arguments, call.requestContext)
          return Effect.succeed("release")
        })
        yield* at(seats, 0).request({ operation: "restart", arguments: given, context: "ü / ü" })
        yield* until(() => seen.length === 2)
        assert.deepStrictEqual(seen, [given, "ü / ü"])
      })
    )
  })

  describe("limits", () => {
    it.live("N hold at once, and one for each group", () =>
      Effect.gen(function* () {
        const { lock, runs, seats } = yield* roll(
          6,
          () => Effect.as(Effect.sleep(150), "release" as const),
          {
            limits: { permits: 3, perGroup: 1 }
          }
        )
        const seen = yield* observe(etcd(), lock, { permits: 3, perGroup: 1 })
        yield* Effect.forEach(
          seats,
          (each, i) =>
            each.request({ operation: "restart", group: i < 4 ? "rack-a" : `rack-${i}` }),
          { concurrency: "unbounded" }
        )
        yield* until(() => runs.length === 6)
        assert.deepStrictEqual(seen.violations, [])
        assert.strictEqual(seen.most, 3)
      })
    )

    it.live("nothing is granted outside of the windows, nor while it settles", () =>
      Effect.gen(function* () {
        const day = new Date().getUTCDay()
        const windows = [{ days: [(day + 3) % 7], from: "00:00", to: "01:00" }]
        const closed = yield* roll(1, undefined, { limits: { windows } })
        yield* at(closed.seats, 0).request({ operation: "restart" })
        yield* Effect.sleep(100)
        assert.deepStrictEqual(closed.runs, [])
        assert.include((yield* reasons(at(closed.seats, 0))).join(), "outside of its windows")

        const times: Array<number> = []
        const settling = yield* roll(
          2,
          () => Effect.sync(() => (times.push(performance.now()), "release" as const)),
          { limits: { settleMillis: 300 } }
        )
        for (const each of settling.seats) yield* each.request({ operation: "restart" })
        yield* until(() => times.length === 2)
        assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), 290)
      })
    )

    it.live("a health check holds the roll back until it is content", () =>
      Effect.gen(function* () {
        let ill: string | undefined = "two of three are down"
        const { runs, seats } = yield* roll(1, undefined, { gate: Effect.sync(() => ill) })
        yield* at(seats, 0).request({ operation: "restart" })
        yield* Effect.sleep(100)
        assert.deepStrictEqual(runs, [])
        assert.include((yield* reasons(at(seats, 0))).join(), "two of three are down")
        ill = undefined
        yield* until(() => runs.length === 1)
      })
    )

    it.live("that can never be kept are refused", () =>
      Effect.gen(function* () {
        for (const bad of [
          { lock: "Bad Name" },
          { ttlSeconds: 1 },
          { limits: { permits: 0 } },
          { participant: "" }
        ]) {
          const options = { lock: lockName(), participant: "app/0", ...bad }
          const exit = yield* Effect.exit(seat(etcd(), options))
          assert.isTrue(Exit.isFailure(exit), JSON.stringify(bad))
        }
      })
    )
  })

  describe("a section", () => {
    it.live("that stops waiting in time is not let in, and stands in nobody's way", () =>
      Effect.gen(function* () {
        const { seats } = yield* roll(3, undefined, { idle: true })
        const entered: Array<string> = []
        const [holder, second, third] = seats
        const release = yield* Deferred.make<void>()
        const held = yield* Effect.forkChild(
          at([holder as EtcdRollingLockShape], 0).withPermits(1)(() => Deferred.await(release)),
          { startImmediately: true }
        )
        yield* until(() => Effect.map(at(seats, 0).status, ({ grants }) => grants.length === 1))
        const late = yield* Effect.exit(
          at([second as EtcdRollingLockShape], 0).withPermitsWithin(
            1,
            100
          )(() => Effect.sync(() => entered.push("late")))
        )
        assert.include(String(late), "NotGranted")
        assert.deepStrictEqual((yield* at(seats, 0).status).waiters, [])
        const next = yield* Effect.forkChild(
          at([third as EtcdRollingLockShape], 0).withPermits(1)(() =>
            Effect.sync(() => entered.push("next"))
          )
        )
        yield* Effect.sleep(50)
        assert.deepStrictEqual(entered, [])
        yield* Deferred.succeed(release, undefined)
        yield* Fiber.join(held)
        yield* Fiber.join(next)
        assert.deepStrictEqual(entered, ["next"])
      })
    )

    it.live("that races its deadline either runs whole or not at all", () =>
      Effect.gen(function* () {
        const { lock, seats } = yield* roll(2, undefined, { idle: true })
        const seen = yield* observe(etcd(), lock, { permits: 1 })
        let ran = 0
        let refused = 0
        for (let i = 0; i < 40; i++) {
          const holder = yield* Effect.forkChild(
            at(seats, 0).withPermits(1)(() => Effect.sleep(10)),
            {
              startImmediately: true
            }
          )
          const exit = yield* Effect.exit(
            at(seats, 1).withPermitsWithin(1, 8 + (i % 10))(() => Effect.sync(() => ran++))
          )
          if (Exit.isFailure(exit)) refused++
          yield* Fiber.join(holder)
        }
        assert.strictEqual(ran + refused, 40)
        assert.deepStrictEqual(seen.violations, [])
        yield* until(() =>
          Effect.map(
            at(seats, 0).status,
            ({ grants, waiters }) => grants.length + waiters.length === 0
          )
        )
      })
    )

    it.live("gives a grant back that comes when nobody waits for it any more", () =>
      Effect.gen(function* () {
        const { lock, seats } = yield* roll(2, undefined, { idle: true })
        const open = yield* Deferred.make<void>()
        const queue = { key: `lock/${lock}/queue/`, end: `lock/${lock}/queue0` }
        const held = yield* Effect.forkChild(
          at(seats, 0).withPermits(1)(() => Deferred.await(open)),
          { startImmediately: true }
        )
        yield* until(() => Effect.map(at(seats, 0).status, ({ grants }) => grants.length === 1))
        const next = yield* Effect.forkChild(at(seats, 1).withPermits(1)(() => Effect.succeed(7)))
        yield* until(() => Effect.map(etcd().range(queue), ({ count }) => count === 1))
        const [entry] = (yield* etcd().range(queue)).kvs
        // as if its write had come late: an earlier place, for a section that is over
        const late = { ...JSON.parse(entry?.value ?? ""), ticket: 1 }
        const key = `lock/${lock}/queue/1000/0/0000000000000001/app%2F1/0000000000000001`
        const lease = entry?.lease as bigint
        yield* etcd().txn({
          when: [],
          then: [{ op: "put", key, value: JSON.stringify(late), lease }]
        })
        yield* Deferred.succeed(open, undefined)
        yield* Fiber.join(held)
        assert.strictEqual(yield* Effect.timeout(Fiber.join(next), "5 seconds"), 7)
      })
    )

    it.live("gives its permits back when its work fails or is interrupted", () =>
      Effect.gen(function* () {
        const { seats } = yield* roll(1, undefined, { idle: true })
        const lock = at(seats, 0)
        const failed = yield* Effect.exit(lock.withPermits(1)(() => Effect.fail("boom")))
        assert.include(String(failed), "boom")
        const cut = yield* Effect.forkChild(lock.withPermits(1)(() => Effect.never))
        yield* until(() => Effect.map(lock.status, ({ grants }) => grants.length === 1))
        yield* Fiber.interrupt(cut)
        assert.strictEqual(
          yield* lock.withPermits(1)(({ token }) => Effect.succeed(token > 0)),
          true
        )
      })
    )
  })

  describe("an operator", () => {
    it.live(
      "releases a holder by force: it is interrupted, the roll pauses, and it is all told",
      () =>
        Effect.gen(function* () {
          const stopped = yield* Deferred.make<void>()
          const { lock, seats } = yield* roll(2, (who) =>
            who === "app/0"
              ? Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined))
              : Effect.succeed("release" as const)
          )
          yield* at(seats, 0).request({ operation: "restart" })
          yield* until(() => Effect.map(at(seats, 1).status, ({ grants }) => grants.length === 1))
          yield* at(seats, 1).request({ operation: "restart" })
          yield* at(seats, 1).forceRelease("app/0" as ParticipantId, AUDIT)
          yield* Deferred.await(stopped)
          const after = yield* at(seats, 1).status
          assert.deepStrictEqual(after.grants, [])
          assert.include(after.pause?.reason, "app/0 was released by force: a test")
          yield* at(seats, 1).resume(AUDIT)
          yield* until(() =>
            Effect.map(
              at(seats, 1).status,
              ({ waiters, grants }) => waiters.length + grants.length === 0
            )
          )
          assert.deepStrictEqual((yield* at(seats, 0).status).queue, [])
          const events = (yield* at(seats, 1).history).map(({ event }) => event)
          assert.deepStrictEqual(events, ["forced", "paused", "resumed", "done"])
          const nobody = yield* Effect.exit(
            at(seats, 1).forceRelease("app/9" as ParticipantId, AUDIT)
          )
          assert.include(String(nobody), "GrantUnknown")
          void lock
        })
    )

    it.live("finds named what somebody else wrote under the lock's keys", () =>
      Effect.gen(function* () {
        const { lock, runs, seats } = yield* roll(1)
        const foreign = `lock/${lock}/queue/0000/0/x`
        const put = (key: string, value: string) =>
          etcd().txn({ when: [], then: [{ op: "put", key, value }] })
        yield* put(foreign, "hello")
        yield* at(seats, 0).request({ operation: "restart" })
        yield* until(() => runs.length === 1)
        assert.deepStrictEqual([...(yield* at(seats, 0).status).problems.keys()].map(String), [
          foreign
        ])
        yield* put(`lock/${lock}/grants`, "hello")
        const exit = yield* Effect.exit(at(seats, 0).request({ operation: "restart" }))
        assert.include(String(exit), `lock/${lock}/grants`)
        yield* at(seats, 0).forceRelease("app/0" as ParticipantId, AUDIT)
        yield* at(seats, 0).resume(AUDIT)
        yield* at(seats, 0).request({ operation: "restart" })
        yield* until(() => runs.length === 2)
      })
    )
  })

  describe("calls", () => {
    it.live("are at most four for one operation, alone or one of many", () =>
      Effect.gen(function* () {
        const { seats } = yield* roll(3, undefined, { idle: true })
        for (const each of seats) yield* each.withPermits(1)(() => Effect.void)
        const cost = Effect.fnUntraced(function* (work: Effect.Effect<unknown, unknown>) {
          const before = yield* unaryCalls(etcd())
          yield* work
          return (yield* unaryCalls(etcd())) - before
        })
        const alone = yield* cost(at(seats, 0).withPermits(1)(() => Effect.void))
        assert.isAtMost(alone, 4)
        const many = yield* cost(
          Effect.all(
            seats.flatMap((each) =>
              Array.from({ length: 20 }, () => each.withPermits(1)(() => Effect.sleep(1)))
            ),
            { concurrency: "unbounded" }
          )
        )
        assert.isAtMost(many / 60, 4)
      })
    )
  })
}

for (const version of ETCD_VERSIONS) {
  const found = findEtcdPackage(version)
  describe(`on etcd ${version}`, () => {
    if (typeof found === "string") it("runs", (context) => context.skip(found))
    else scenes(version)
  })
}
