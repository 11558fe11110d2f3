// Its census never forgets anybody.
import type { MemoryWorld, ParticipantId } from "@rollcall/core"
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const steadfastStore = memoryWorldWith((store, world) => {
  const known = KNOWN.get(world) ?? new Set<ParticipantId>()
  KNOWN.set(world, known.add(store.self))
  return {
    ...store,
    census: Effect.map(store.census, (census) => ({
      ...census,
      siblings: new Set([...census.siblings, ...known])
    }))
  }
})

const KNOWN = new WeakMap<MemoryWorld, Set<ParticipantId>>()
