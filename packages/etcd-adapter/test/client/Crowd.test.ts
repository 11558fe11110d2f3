// Room for some: in order, and never less room than there was, however those who wait or work are ended.
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { makeCrowd } from "../../src/client/Crowd.ts"

it.live("lets in as many as there is room for, in the order in which they came", () =>
  Effect.gen(function* () {
    const crowd = makeCrowd(2)
    const order: Array<number> = []
    let inside = 0
    let most = 0
    const work = (i: number) =>
      crowd(
        Effect.gen(function* () {
          order.push(i)
          most = Math.max(most, ++inside)
          yield* Effect.sleep(1)
          inside--
        })
      )
    yield* Effect.forEach([0, 1, 2, 3, 4, 5], work, { concurrency: "unbounded" })
    assert.deepStrictEqual(order, [0, 1, 2, 3, 4, 5])
    assert.strictEqual(most, 2)
  })
)

it.live(
  "loses no room by those who fail, or are interrupted inside, waiting or on the threshold",
  () =>
    Effect.gen(function* () {
      const crowd = makeCrowd(1)
      yield* Effect.ignore(crowd(Effect.fail("no")))
      for (let i = 0; i < 200; i++) {
        const gate = yield* Deferred.make<void>()
        const inside = yield* Effect.forkChild(crowd(Deferred.await(gate)))
        const waiting = yield* Effect.forkChild(crowd(Effect.never))
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        // both in one go: the first leaves and lets the second in, which is being ended
        const leaving = i % 2 === 0 ? Deferred.succeed(gate, undefined) : Fiber.interrupt(inside)
        const both = [Effect.asVoid(leaving), Fiber.interrupt(waiting)]
        yield* Effect.all(i % 4 < 2 ? both : both.reverse(), { concurrency: "unbounded" })
      }
      const answer = yield* crowd(Effect.succeed("in")).pipe(Effect.timeoutOption(1_000))
      assert.deepStrictEqual(answer, yield* Effect.option(Effect.succeed("in")))
    })
)
