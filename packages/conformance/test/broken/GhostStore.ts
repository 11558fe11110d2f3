// Goes on showing registers whose owners have departed.
import type { Entries, ParticipantId } from "@rollcall/core"
import { withMemory } from "./Altered.ts"

export const ghostStore = withMemory(() => {
  const known = new Map<string, Map<ParticipantId, Entries>>()
  return (view) => ({
    ...view,
    groups: view.groups.map((group) => {
      const peers = new Map([...(known.get(group.id) ?? []), ...group.peers])
      known.set(group.id, peers)
      return { ...group, peers }
    })
  })
})
