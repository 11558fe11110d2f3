// Lets a leader write that was deposed and elected again since it looked.
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const termBlindStore = memoryWorldWith((store, world) => ({
  ...store,
  step: (body) =>
    Effect.gen(function* () {
      const [result, writes] = yield* body(world.view(store.self))
      // what else the honest store does, its crashes included, it does on the way
      return yield* store.step(() => Effect.succeed([result, writes] as const))
    })
}))
