// Shows what others wrote as if this participant had written it.
import { withView } from "./Altered.ts"

export const leakyStore = withView((view) => ({
  ...view,
  groups: view.groups.map((group) => ({
    ...group,
    own: new Map([...[...group.peers.values()].flatMap((register) => [...register]), ...group.own])
  }))
}))
