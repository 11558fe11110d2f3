/** goal-state: the units and relations that the model will have, those included that have not started yet. */
import type { Execution } from "../Execution.ts"
import { endpointOf, isPeer, type Model, remoteApplicationOf, unitsOf } from "../Model.ts"
import { outputFlags, STRUCTURED_FORMATS } from "./Format.ts"
import { formatTime } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"

/** `goal-state` */
export const goalState: HookCommand = {
  name: "goal-state",
  purpose: "Tell which units and relations the model will have.",
  flags: outputFlags(STRUCTURED_FORMATS),
  run: (call) => {
    call.expectAtMost(0)
    call.execution.reachController()
    const { model, application } = call.execution
    return call.print(
      { units: unitGoals(model, application.name), relations: relationGoals(call.execution) },
      "yaml"
    )
  }
}

const goal = (status: string, since: number) => ({ status, since: formatTime(since) })

const unitGoals = (model: Model, application: string) =>
  new Map(
    unitsOf(model, application)
      .filter((unit) => unit.life !== "dead")
      .map((unit) => [
        unit.name,
        goal(unit.life === "dying" ? "dying" : unit.status.status, unit.status.since)
      ])
  )

// By the application's own endpoint: the remote application and its units. Peers are not listed.
const relationGoals = ({ model, application }: Execution) => {
  const goals = new Map<string, Map<string, unknown>>()
  for (const relation of model.relations.values()) {
    const endpoint = endpointOf(relation, application.name)
    if (endpoint === undefined || isPeer(relation)) continue
    const remote = remoteApplicationOf(relation, application.name)
    const joined = relation.scopes.size > 0
    const status = relation.suspended ? "suspended" : joined ? "joined" : "joining"
    const known = goals.get(endpoint.name) ?? new Map<string, unknown>()
    known.set(remote, goal(status, model.now))
    for (const [name, unit] of unitGoals(model, remote)) known.set(name, unit)
    goals.set(endpoint.name, known)
  }
  return goals
}
