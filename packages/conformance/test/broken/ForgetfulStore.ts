// Loses every third wake-up.
import { Effect } from "effect"
import { memoryWorld } from "../../src/MemoryWorldFactory.ts"
import type { WorldFactory } from "../../src/World.ts"

export const forgetfulStore: WorldFactory = (layout) =>
  Effect.map(memoryWorld(layout), (world) => {
    let wakes = 0
    return {
      ...world,
      settle: Effect.map(
        world.settle,
        (woken) => new Set([...woken].filter(() => ++wakes % 3 !== 0))
      )
    }
  })
