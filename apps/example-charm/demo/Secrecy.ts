// Whether a token can be read anywhere in the model. Everything that Juju keeps is looked at: databags, unit states,
// the contents of secrets, statuses, logs, and what failed hooks said.
import type { Simulation } from "@rollcall/juju-simulator"

/** The places where one of `secrets` stands now. */
export const sightings = (
  sim: Simulation,
  secrets: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const places: Array<string> = []
  for (const [place, text] of texts(sim)) {
    if (secrets.some((secret) => text.includes(secret))) places.push(place)
  }
  return places
}

function* texts({ model, trace }: Simulation): Iterable<readonly [place: string, text: string]> {
  for (const { applications, id, scopes } of model.relations.values()) {
    const bags = [
      ...[...scopes].map(([unit, { settings }]) => [unit, settings] as const),
      ...applications
    ]
    for (const [owner, { content }] of bags) {
      for (const [key, value] of content) yield [`databag of ${owner} in ${id}: ${key}`, value]
    }
  }
  for (const { agentStatus, name, state, status } of model.units.values()) {
    for (const [key, value] of state) yield [`state of ${name}: ${key}`, value]
    yield [`status of ${name}`, `${status.message} ${agentStatus.message}`]
  }
  for (const { id, revisions } of model.secrets.values()) {
    for (const { content } of revisions) {
      for (const [key, value] of content) {
        yield [`secret ${id}: ${key}`, Buffer.from(value, "base64").toString()]
      }
    }
  }
  for (const { message, unit } of model.logs) yield [`log of ${unit}`, message]
  for (const { error = "", hook, unit } of trace.hooks) yield [`error of ${unit} in ${hook}`, error]
}
