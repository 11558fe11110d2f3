// Now and then shows the others' registers as they were a while ago.
import type { GroupView, View } from "@rollcall/core"
import { withMemory } from "./Altered.ts"

export const replayingStore = withMemory(() => {
  const seen: Array<View> = []
  return (view) => {
    seen.push(view)
    const old = seen.length % 6 === 0 ? seen[seen.length - 4] : view
    const groups = view.groups.map((group) => ({ ...group, peers: peersIn(old, group) }))
    return { ...view, groups }
  }
})

const peersIn = (view: View | undefined, group: GroupView) =>
  view?.groups.find(({ id }) => id === group.id)?.peers ?? group.peers
