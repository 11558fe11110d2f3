// Shows, now and then, the shared register as it was several looks ago, to its leader as well.
import type { Entries } from "@rollcall/core"
import { withMemory } from "./Altered.ts"
import { showing } from "./ManyLeadersStore.ts"

export const pastGrantsStore = withMemory(() => {
  const seen: Array<Entries> = []
  return (view) => {
    const now = view.groups[0]?.shared
    if (now === undefined) return view
    seen.push(now)
    const old = seen.at(-4)
    return old === undefined || seen.length % 2 !== 0 ? view : showing(view, old)
  }
})
