// Leaves half of its writes behind when it is killed.
import type { Write } from "@rollcall/core"
import { Effect } from "effect"
import { memoryWorldWith } from "../../src/MemoryWorldFactory.ts"

export const tornWriteStore = memoryWorldWith((store) => ({
  ...store,
  step: (body) => {
    let staged: ReadonlyArray<Write> = []
    return store
      .step((view) => Effect.tap(body(view), ([, writes]) => Effect.sync(() => (staged = writes))))
      .pipe(
        Effect.tapDefect(() =>
          store.step(() =>
            Effect.succeed([undefined, staged.slice(0, Math.ceil(staged.length / 2))] as const)
          )
        )
      )
  }
}))
