// `Store` over a `MemoryWorld`: the reference implementation, which passes every conformance suite.
import { Effect, Layer, Queue, Stream } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { MemoryWorld } from "./MemoryWorld.ts"
import { Store } from "./Store.ts"

/** The store of `participant` in `world`. **Guarantee** S1 to S7 */
export const memoryStore = (world: MemoryWorld, participant: ParticipantId): Layer.Layer<Store> =>
  Layer.succeed(
    Store,
    Store.of({
      self: participant,
      step: (body) =>
        Effect.gen(function* () {
          const view = world.view(participant)
          const term = world.term(view.side)
          const [result, writes] = yield* body(view)
          const refused = world.commit(participant, writes, term)
          return refused === undefined ? result : yield* refused
        }),
      census: Effect.sync(() => world.census(participant)),
      changes: Stream.callback<void>((queue) =>
        Effect.acquireRelease(
          Effect.sync(() => world.onWake(participant, () => Queue.offerUnsafe(queue, undefined))),
          (forget) => Effect.sync(forget)
        )
      )
    })
  )
