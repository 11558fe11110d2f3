// Lists first whoever wrote last.
import { type GroupView, type MemoryWorld, naturalOrder } from "@rollcall/core"
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const timelyStore = memoryWorldWith((store, world) => {
  const written = WRITTEN.get(world) ?? new Map<string, number>()
  WRITTEN.set(world, written)
  const at = (id: string) => written.get(id) ?? 0
  const sorted = (group: GroupView): GroupView => {
    const peers = [...group.peers].sort(
      ([left], [right]) => at(right) - at(left) || naturalOrder(left, right)
    )
    return { ...group, peers: new Map(peers) }
  }
  return {
    ...store,
    step: (body) =>
      store.step((view) =>
        Effect.tap(body({ ...view, groups: view.groups.map(sorted) }), ([, writes]) =>
          Effect.sync(() => {
            if (writes.length > 0) written.set(store.self, Math.max(0, ...written.values()) + 1)
          })
        )
      )
  }
})

const WRITTEN = new WeakMap<MemoryWorld, Map<string, number>>()
