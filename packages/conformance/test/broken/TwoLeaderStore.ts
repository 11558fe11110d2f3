// Lets anybody write the shared register.
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const twoLeaderStore = memoryWorldWith((store, world) => ({
  ...store,
  step: (body) =>
    Effect.suspend(() => {
      const { side } = world.view(store.self)
      const leader = world.leader(side)
      world.lead(store.self)
      return store
        .step((view) => body({ ...view, leader: leader === store.self }))
        .pipe(
          Effect.ensuring(
            Effect.sync(() => {
              if (leader !== undefined) world.lead(leader)
            })
          )
        )
    })
}))
