// S5: whoever can see a change is woken for it, and then sees it. A store may wake more; what may not happen is that
// somebody sleeps on.
import { ParticipantId } from "@rollcall/core"
import { Effect, Stream } from "effect"
import { unmet } from "../Check.ts"
import { asleep, type StoreStatement, sharedOf } from "../StoreScene.ts"

/** Statements about who is woken by what. **Guarantee** S5 */
export const wakes: ReadonlyArray<StoreStatement> = [
  {
    guarantee: "S5",
    states: "an entry that is set, changed or taken away wakes all who see it, and they see that",
    run: ({ group, readers, world, writer }) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const value of ["set", "changed", undefined]) {
          yield* writer.write({ _tag: "own", group }, { k: value })
          problems.push(...asleep(yield* world.settle, readers))
          for (const reader of readers) {
            const seen = (yield* reader.registerOf(writer.id))?.get("k")
            if (seen !== value) problems.push(`${reader.id} was woken and reads ${seen}`)
          }
        }
        return problems
      })
  },
  {
    guarantee: "S5",
    states: "an entry meant for one wakes that one, and whom it is taken from",
    run: ({ group, readers: [first, second], world, writer }) =>
      Effect.gen(function* () {
        yield* writer.write({ _tag: "to", group, participant: first.id }, { k: "v" })
        const given = asleep(yield* world.settle, [first])
        // another value: a store in which everybody reads what is meant for one has nothing to tell otherwise
        yield* writer.write({ _tag: "to", group, participant: second.id }, { k: "w" })
        const moved = asleep(yield* world.settle, [first, second])
        yield* writer.write({ _tag: "own", group }, { k: undefined })
        return [...given, ...moved, ...asleep(yield* world.settle, [second])]
      })
  },
  {
    guarantee: "S5",
    states: "an entry meant for one wakes no other",
    needs: ["wakes-addressed-only"],
    run: ({ group, readers: [first, second], world, writer }) =>
      Effect.gen(function* () {
        yield* writer.write({ _tag: "to", group, participant: first.id }, { k: "v" })
        return unmet({ "the other reader sleeps on": !(yield* world.settle).has(second.id) })
      })
  },
  {
    guarantee: "S5",
    states: "a shared entry wakes all who see it, and they see that",
    run: ({ group, leader, readers, world }) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        for (const value of ["set", undefined]) {
          yield* leader.write({ _tag: "shared", group }, { k: value })
          problems.push(...asleep(yield* world.settle, readers))
          for (const reader of readers) {
            const seen = (yield* sharedOf(reader, leader))?.get("k")
            if (seen !== value) problems.push(`${reader.id} was woken and reads ${seen}`)
          }
        }
        return problems
      })
  },
  {
    guarantee: "S5",
    states: "an arrival and a departure wake all who see them",
    run: ({ leader, readers, world }) =>
      Effect.gen(function* () {
        const side = leader.id.slice(0, leader.id.indexOf("/"))
        const newcomer = ParticipantId.make(`${side}/77`)
        yield* world.enter(newcomer, side)
        const arrival = asleep(yield* world.settle, readers)
        yield* world.depart(newcomer)
        return [...arrival, ...asleep(yield* world.settle, readers)]
      })
  },
  {
    guarantee: "S5",
    states: "whoever is made leader is woken",
    run: ({ leader, world, writer }) =>
      Effect.gen(function* () {
        yield* world.electLeader(writer.id)
        const elected = asleep(yield* world.settle, [writer])
        yield* world.depart(writer.id)
        return [...elected, ...asleep(yield* world.settle, [leader])]
      })
  },
  {
    guarantee: "S5",
    states: "changes emits for a change that its participant sees",
    needs: ["streams-changes"],
    run: ({ group, readers: [reader], world, writer }) =>
      Effect.gen(function* () {
        let emitted = 0
        yield* Effect.forkScoped(
          Stream.runForEach(reader.store.changes, () => Effect.sync(() => emitted++)),
          { startImmediately: true }
        )
        yield* patience
        const before = emitted
        yield* writer.write({ _tag: "own", group }, { k: "v" })
        yield* world.settle
        yield* patience
        return unmet({ "something was emitted after the change": emitted > before })
      })
  }
]

/** Lets other fibers go on until they wait for something. */
const patience = Effect.repeat(Effect.yieldNow, { times: 20 })
