// S8: what is listed in order is listed alike for all, and agrees with the registers it is drawn from.
import type { ParticipantId } from "@rollcall/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { unmet } from "../Check.ts"
import type { Seat } from "../Seat.ts"
import type { StoreStatement } from "../StoreScene.ts"

/** Statements about the order in which participants are seen. **Guarantee** S8 */
export const order: ReadonlyArray<StoreStatement> = [
  {
    guarantee: "S8",
    states: "peers are listed in one order for all, whoever wrote last and whatever the time is",
    run: ({ group, leader, readers, writer }) =>
      Effect.gen(function* () {
        const problems: Array<string> = []
        let first: ReadonlyArray<ParticipantId> = []
        for (const [late, early] of [
          [leader, writer],
          [writer, leader]
        ] as const) {
          yield* early.write({ _tag: "own", group }, { wants: early.id })
          yield* TestClock.adjust("1 day")
          yield* late.write({ _tag: "own", group }, { wants: late.id })
          for (const reader of readers) {
            const { agrees, listed } = yield* listedBy(reader, group, [leader.id, writer.id])
            if (first.length === 0) first = listed
            problems.push(
              ...unmet({
                [`${reader.id} lists ${first.join(", ")}, not ${listed.join(", ")}`]:
                  `${listed}` === `${first}`,
                [`${reader.id} lists each with its own entries`]: agrees
              })
            )
          }
        }
        return problems
      })
  }
]

/** Who is listed in `group`, of those named; and whether each is listed with what it wrote. */
const listedBy = (reader: Seat, group: string, named: ReadonlyArray<ParticipantId>) =>
  Effect.map(reader.view, ({ groups }) => {
    const peers = [...(groups.find(({ id }) => id === group)?.peers ?? [])]
    const chosen = peers.filter(([id]) => named.includes(id))
    return {
      listed: chosen.map(([id]) => id),
      agrees: chosen.every(([id, entries]) => entries.get("wants") === id)
    }
  })
