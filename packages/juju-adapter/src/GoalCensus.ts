// Who is to be expected, by Juju's goal state: it knows of units before they have entered a relation. A unit that is on its
// way out is not expected.
import { type Census, ParticipantId } from "@rollcall/core"
import { Effect } from "effect"
import { present } from "./Databags.ts"
import { goalState } from "./hook-commands/goal-state.ts"
import { relationIds, relationListApp } from "./hook-commands/relation.ts"
import type { JujuContextShape } from "./JujuContext.ts"
import { relationText } from "./RelationId.ts"

/** This unit's application, and by relation of `endpoint` the units of the other side, those still to come included. */
export const censusOf = (context: JujuContextShape, endpoint: string) =>
  Effect.gen(function* () {
    const goal = yield* goalState
    const relations = yield* relationIds(endpoint)
    const names = Object.entries(goal.relations[endpoint] ?? {})
    const counterparts = yield* Effect.forEach(relations, (relation) =>
      Effect.map(relationListApp(relation), (app) => {
        const units = names.filter(([name]) => name.startsWith(`${app}/`))
        return [relationText(relation), present(units)] as const
      })
    )
    const siblings = new Set([
      ...present(Object.entries(goal.units)),
      ParticipantId.make(context.unit)
    ])
    return { siblings, counterparts: new Map(counterparts) } satisfies Census
  })
