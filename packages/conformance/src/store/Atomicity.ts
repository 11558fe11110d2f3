// S3 and S4: steps are seen whole or not at all, and never undone.
import type { StoreError, Write } from "@rollcall/core"
import { Effect, Exit, Fiber } from "effect"
import { unmet } from "../Check.ts"
import type { Seat } from "../Seat.ts"
import { type StoreStatement, sees, sharedOf } from "../StoreScene.ts"

/** Statements about what a step that ends, fails or dies leaves behind. **Guarantee** S3, S4 */
export const atomicity: ReadonlyArray<StoreStatement> = [
  {
    guarantee: "S3",
    states: "all places of one step become visible",
    run: ({ group, leader, readers: [reader] }) =>
      Effect.gen(function* () {
        yield* everywhere(leader, group, "whole")
        return unmet({
          "the own entry is there": (yield* reader.registerOf(leader.id))?.get("a") === "whole",
          "the other own entry, too": (yield* reader.registerOf(leader.id))?.get("b") === "whole",
          "the shared entry is there": (yield* sharedOf(reader, leader))?.get("c") === "whole",
          "the private entry is there": (yield* leader.view).private.get("d") === "whole"
        })
      })
  },
  {
    guarantee: "S3",
    states: "a step whose body fails writes nothing, and its failure comes back",
    run: ({ group, leader, readers: [reader] }) =>
      Effect.gen(function* () {
        yield* everywhere(leader, group, "whole")
        const failure = yield* Effect.flip(
          leader.store.step(
            (): Effect.Effect<readonly [undefined, ReadonlyArray<Write>], string> =>
              Effect.fail("changed its mind")
          )
        )
        const register = yield* reader.registerOf(leader.id)
        return unmet({
          "the body's failure comes back as it was": failure === "changed its mind",
          "the register is as before": register?.get("a") === "whole"
        })
      })
  },
  {
    guarantee: "S3",
    states: "a step that is killed before its commit writes nothing, and the next one works",
    needs: ["crashes"],
    run: ({ group, leader, readers: [reader], world }) =>
      Effect.gen(function* () {
        yield* everywhere(leader, group, "whole")
        yield* world.crashNextCommit(leader.id)
        const exit = yield* Effect.exit(everywhere(leader, group, "torn"))
        const torn = yield* Effect.filter([reader, leader], (who) => sees(who, "torn"))
        yield* everywhere(leader, group, "next")
        const register = yield* reader.registerOf(leader.id)
        return [
          ...torn.map(({ id }) => `${id} sees a part of a step that was killed`),
          ...unmet({
            "the killed step does not report success": Exit.isFailure(exit),
            "the step after it is seen": register?.get("b") === "next"
          })
        ]
      })
  },
  {
    guarantee: "S3",
    states: "a reader never sees one half of a step",
    run: ({ group, readers: [reader], writer }) =>
      Effect.gen(function* () {
        const writing = Effect.gen(function* () {
          for (let i = 0; i < 20; i++) {
            yield* writer.write({ _tag: "own", group }, { left: `${i}`, right: `${i}` })
            yield* Effect.yieldNow
          }
        })
        const fiber = yield* Effect.forkChild(writing)
        const halves: Array<string> = []
        for (let i = 0; i < 40; i++) {
          const register = yield* reader.registerOf(writer.id)
          const [left, right] = [register?.get("left"), register?.get("right")]
          if (left !== right) halves.push(`left is ${left} where right is ${right}`)
          yield* Effect.yieldNow
        }
        yield* Fiber.join(fiber)
        return halves
      })
  },
  {
    guarantee: "S4",
    states: "a register is never read as it was before an earlier read",
    run: ({ group, readers, writer }) =>
      Effect.gen(function* () {
        const backwards: Array<string> = []
        const last = new Map<string, number>()
        for (let i = 1; i <= 12; i++) {
          yield* writer.write({ _tag: "own", group }, { count: `${i}` })
          for (const reader of [...readers, ...readers]) {
            const count = Number((yield* reader.registerOf(writer.id))?.get("count") ?? 0)
            const before = last.get(reader.id) ?? 0
            if (count < before) backwards.push(`${reader.id} read ${count} after ${before}`)
            last.set(reader.id, count)
          }
        }
        return backwards
      })
  }
]

/** One step of a leader that writes `value` in every place it can. */
const everywhere = (
  leader: Seat,
  group: string,
  value: string
): Effect.Effect<void, StoreError> => {
  const writes: ReadonlyArray<Write> = [
    { place: { _tag: "own", group }, key: "a", value },
    { place: { _tag: "own", group }, key: "b", value },
    { place: { _tag: "shared", group }, key: "c", value },
    { place: { _tag: "private" }, key: "d", value }
  ]
  return leader.store.step(() => Effect.succeed([undefined, writes] as const))
}
