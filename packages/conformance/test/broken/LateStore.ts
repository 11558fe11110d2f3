// Shows a participant its own register as it was when the participant came.
import type { View } from "@rollcall/core"
import { withMemory } from "./Altered.ts"

export const lateStore = withMemory(() => {
  let first: View | undefined
  return (view) => {
    first ??= view
    const then = new Map(first.groups.map(({ id, own }) => [id, own]))
    const groups = view.groups.map((group) => ({ ...group, own: then.get(group.id) ?? group.own }))
    return { ...view, groups }
  }
})
