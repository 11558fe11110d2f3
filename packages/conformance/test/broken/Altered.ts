// A memory world whose participants see something else than what is there.
import type { StoreShape, View } from "@rollcall/core"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"
import type { WorldFactory } from "../../src/World.ts"

/** Every store shows `alter(view)`; `state` makes what one store remembers between its views. */
export const withView = (alter: (view: View) => View): WorldFactory => withMemory(() => alter)

/** The same with a memory of its own for each store. */
export const withMemory = (make: () => (view: View) => View): WorldFactory =>
  memoryWorldWith((store) => {
    const alter = make()
    return {
      ...store,
      step: (body) => store.step((view) => body(alter(view)))
    } satisfies StoreShape
  })
