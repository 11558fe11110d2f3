// S1 and S2: whose entries are seen where, and what a participant sees of what it wrote itself.
import { Effect } from "effect"
import { unmet } from "../Check.ts"
import type { Seat } from "../Seat.ts"
import { ownOf, type StoreStatement, sees, sharedOf } from "../StoreScene.ts"

/** Statements about who writes and who reads. **Guarantee** S1, S2 */
export const ownership: ReadonlyArray<StoreStatement> = [
  {
    guarantee: "S1",
    states: "what one writes appears in its register and in no other",
    run: ({ group, leader, readers, writer }) =>
      Effect.gen(function* () {
        yield* writer.write({ _tag: "own", group }, { name: "writer", only: "here" })
        yield* leader.write({ _tag: "own", group }, { name: "leader" })
        const problems: Array<string> = []
        for (const reader of readers) {
          const written = yield* reader.registerOf(writer.id)
          const led = yield* reader.registerOf(leader.id)
          const kept = yield* ownOf(reader, group)
          problems.push(
            ...unmet({
              [`${reader.id} reads what ${writer.id} wrote`]: written?.get("name") === "writer",
              [`${reader.id} reads what ${leader.id} wrote`]: led?.get("name") === "leader",
              [`${leader.id}'s register has its own entries only`]: led?.has("only") === false,
              [`${reader.id}'s own register has none of theirs`]: kept?.has("name") === false
            })
          )
        }
        const led = yield* ownOf(leader, group)
        return [
          ...problems,
          ...unmet({ "the leader's own register has none of the writer's": !led?.has("only") })
        ]
      })
  },
  {
    guarantee: "S1",
    states: "a private entry is seen by its owner alone",
    run: ({ leader, readers, writer }) =>
      Effect.gen(function* () {
        yield* writer.write({ _tag: "private" }, { note: "for-nobody-else" })
        const others = yield* Effect.filter([leader, ...readers], (who) =>
          sees(who, "for-nobody-else")
        )
        return others.map(({ id }) => `${id} sees another one's private entry`)
      })
  },
  {
    guarantee: "S1",
    states: "an entry meant for one reaches that one",
    run: ({ group, readers: [first], writer }) =>
      Effect.gen(function* () {
        yield* writer.write({ _tag: "to", group, participant: first.id }, { note: "for-you" })
        const register = yield* first.registerOf(writer.id)
        return unmet({ "its addressee reads it": register?.get("note") === "for-you" })
      })
  },
  {
    guarantee: "S1",
    states: "an entry meant for one is hidden from others, also when it changes hands",
    needs: ["hides-addressed"],
    run: ({ group, leader, readers: [first, second], writer }) =>
      Effect.gen(function* () {
        const note = { note: "for-one-reader" }
        const to = ({ id }: Seat) => ({ _tag: "to", group, participant: id }) as const
        const meddlers = (seats: ReadonlyArray<Seat>) =>
          Effect.filter(seats, (who) => sees(who, note.note))
        yield* writer.write(to(first), note)
        const early = yield* meddlers([second, leader])
        yield* writer.write(to(second), note)
        const late = yield* meddlers([first, leader])
        const arrived = yield* sees(second, note.note)
        yield* writer.write({ _tag: "own", group }, note)
        return [
          ...[...early, ...late].map(({ id }) => `${id} sees what is meant for another`),
          ...unmet({
            "the new addressee sees it": arrived,
            "everybody sees it once it is for all": yield* sees(first, note.note)
          })
        ]
      })
  },
  {
    guarantee: "S1",
    states: "the shared register is the side's and no participant's",
    run: ({ group, leader, readers }) =>
      Effect.gen(function* () {
        yield* leader.write({ _tag: "shared", group }, { charter: "of-the-side" })
        const problems: Array<string> = []
        for (const reader of readers) {
          const register = yield* reader.registerOf(leader.id)
          const side = yield* sharedOf(reader, leader)
          problems.push(
            ...unmet({
              [`${reader.id} reads it as the side's`]: side?.get("charter") === "of-the-side",
              [`${reader.id} does not read it as the leader's`]: register?.has("charter") === false
            })
          )
        }
        const kept = yield* ownOf(leader, group)
        return [
          ...problems,
          ...unmet({ "it is not the leader's own": kept?.has("charter") === false })
        ]
      })
  },
  {
    guarantee: "S2",
    states: "the next step reads what was staged, entries taken away included",
    run: ({ group, leader, readers: [reader] }) =>
      Effect.gen(function* () {
        yield* leader.write({ _tag: "own", group }, { a: "1", b: "1" })
        yield* leader.write({ _tag: "own", group }, { a: "2", b: undefined })
        yield* leader.write({ _tag: "to", group, participant: reader.id }, { e: "5" })
        yield* leader.write({ _tag: "shared", group }, { a: "3" })
        yield* leader.write({ _tag: "private" }, { a: "4" })
        const view = yield* leader.view
        const seen = view.groups.find(({ id }) => id === group)
        return unmet({
          "the own register has the last value": seen?.own.get("a") === "2",
          "the entry that was taken away is gone": seen?.own.has("b") === false,
          "an entry that is meant for another is its own, too": seen?.own.get("e") === "5",
          "the shared register has what was written": seen?.shared?.get("a") === "3",
          "the private register has what was written": view.private.get("a") === "4"
        })
      })
  }
]
