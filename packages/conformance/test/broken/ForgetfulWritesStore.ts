// Loses every other write of a participant's own register.
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const forgetfulWritesStore = memoryWorldWith((store) => {
  let turn = 0
  return {
    ...store,
    step: (body) =>
      store.step((view) =>
        Effect.map(body(view), ([result, writes]) => {
          const own = writes.some(({ place }) => place._tag === "own")
          const loses = own && turn++ % 2 === 0
          return [result, loses ? writes.filter(({ place }) => place._tag !== "own") : writes]
        })
      )
  }
})
