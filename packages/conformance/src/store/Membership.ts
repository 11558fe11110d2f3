// S6 and S7: who may write for its side, and who is there at all.
import { ParticipantId, type Write } from "@rollcall/core"
import { Effect } from "effect"
import { unmet } from "../Check.ts"
import type { Seat } from "../Seat.ts"
import { type StoreStatement, sees, sharedOf } from "../StoreScene.ts"

/** Statements about leaders, arrivals and departures. **Guarantee** S6, S7 */
export const membership: ReadonlyArray<StoreStatement> = [
  {
    guarantee: "S6",
    states: "a shared write by another than the leader fails and takes its whole step along",
    run: ({ group, readers: [reader], writer }) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(coup(writer, group))
        return unmet({
          "it fails with NotLeader": failure?._tag === "NotLeader",
          "nothing of the step is seen": !(yield* sees(reader, "usurped")),
          "not by its owner either": !(yield* sees(writer, "usurped")),
          "the view says who leads": !(yield* writer.view).leader
        })
      })
  },
  {
    guarantee: "S6",
    states: "after an election the new leader writes and the old one does not",
    run: ({ group, leader, readers: [reader], world, writer }) =>
      Effect.gen(function* () {
        yield* leader.write({ _tag: "shared", group }, { term: "first" })
        yield* world.electLeader(writer.id)
        yield* world.settle
        const failure = yield* Effect.flip(coup(leader, group))
        yield* writer.write({ _tag: "shared", group }, { term: "second" })
        return unmet({
          "the old leader's write fails with NotLeader": failure?._tag === "NotLeader",
          "the new leader's write is seen":
            (yield* sharedOf(reader, writer))?.get("term") === "second",
          "the views agree with that": (yield* writer.view).leader && !(yield* leader.view).leader
        })
      })
  },
  {
    guarantee: "S6",
    states:
      "a leader that is deposed and elected again within a step has not seen what came between",
    needs: ["fences-terms"],
    run: ({ group, leader, readers: [reader], world, writer }) =>
      Effect.gen(function* () {
        yield* leader.write({ _tag: "shared", group }, { k: "first" })
        const between = Effect.gen(function* () {
          yield* world.electLeader(writer.id)
          yield* writer.write({ _tag: "shared", group }, { k: "second" })
          yield* world.electLeader(leader.id)
          return [undefined, coupIn(group)] as const
        })
        const failure = yield* Effect.flip(leader.store.step(() => between))
        const after = (yield* sharedOf(reader, leader))?.get("k")
        yield* leader.write({ _tag: "shared", group }, { k: "third" })
        return unmet({
          "it fails with NotLeader": failure?._tag === "NotLeader",
          [`what came between stays, not ${after}`]: after === "second",
          "its next step writes": (yield* sharedOf(reader, leader))?.get("k") === "third"
        })
      })
  },
  {
    guarantee: "S7",
    states: "a departed participant's register disappears, and the side's shared one does not",
    run: ({ group, leader, readers, world, writer }) =>
      Effect.gen(function* () {
        yield* leader.write({ _tag: "own", group }, { k: "gone-with-its-owner" })
        yield* leader.write({ _tag: "shared", group }, { k: "stays" })
        const before = yield* readers[0].registerOf(leader.id)
        yield* world.depart(leader.id)
        yield* world.settle
        const ghosts = yield* Effect.filter([...readers, writer], (who) =>
          sees(who, "gone-with-its-owner")
        )
        const stays = (yield* sharedOf(readers[0], writer))?.get("k")
        return [
          ...ghosts.map(({ id }) => `${id} still reads the register of ${leader.id}`),
          ...unmet({
            "it was seen while it was there": before?.get("k") === "gone-with-its-owner",
            "it is no peer any more": (yield* readers[0].registerOf(leader.id)) === undefined,
            "the shared register is still there": stays === "stays",
            "the census has forgotten it": !(yield* counted(readers[0])).has(leader.id),
            "the census of its own side, too": !(yield* counted(writer)).has(leader.id)
          })
        ]
      })
  },
  {
    guarantee: "S7",
    states: "the census counts all who are there",
    run: ({ leader, readers, writer }) =>
      Effect.gen(function* () {
        const { siblings } = yield* writer.store.census
        const known = yield* counted(readers[0])
        return unmet({
          "siblings, the one that asks included":
            siblings.has(writer.id) && siblings.has(leader.id),
          "those of the other side": known.has(writer.id) && known.has(leader.id)
        })
      })
  },
  {
    guarantee: "S7",
    states: "the census also counts who is still to come, until it is there",
    needs: ["expects"],
    run: ({ leader, readers: [reader], world }) =>
      Effect.gen(function* () {
        const side = leader.id.slice(0, leader.id.indexOf("/"))
        const late = ParticipantId.make(`${side}/88`)
        yield* world.expect(late, side)
        const expected = (yield* counted(reader)).has(late)
        yield* world.enter(late, side)
        yield* world.settle
        return unmet({
          "it is counted before it comes": expected,
          "and once it is there": (yield* counted(reader)).has(late)
        })
      })
  }
]

/** An own write and a shared one in one step. */
const coup = (by: Seat, group: string) =>
  by.store.step(() => Effect.succeed([undefined, coupIn(group)] as const))

const coupIn = (group: string): ReadonlyArray<Write> => [
  { place: { _tag: "own", group }, key: "k", value: "usurped" },
  { place: { _tag: "shared", group }, key: "k", value: "usurped" }
]

/** Everybody that `who` is told of, on whatever side. */
const counted = (who: Seat) =>
  Effect.map(
    who.store.census,
    ({ counterparts, siblings }) =>
      new Set([...siblings, ...[...counterparts.values()].flatMap((side) => [...side])])
  )
