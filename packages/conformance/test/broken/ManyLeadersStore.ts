// Everybody leads, each with a shared register of its own.
import { type Entries, noEntries, type View, withEntry } from "@rollcall/core"
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const manyLeadersStore = memoryWorldWith((store) => {
  let shared: Entries = noEntries
  return {
    ...store,
    step: (body) =>
      store.step((view) =>
        Effect.map(body({ ...showing(view, shared), leader: true }), ([result, writes]) => {
          for (const { key, place, value } of writes) {
            if (place._tag === "shared") shared = withEntry(shared, key, value)
          }
          return [result, writes.filter(({ place }) => place._tag !== "shared")]
        })
      )
  }
})

/** The view with another shared register. */
export const showing = (view: View, shared: Entries): View => ({
  ...view,
  groups: view.groups.map((each) => ({ ...each, shared })),
  council: view.council && { ...view.council, shared }
})
