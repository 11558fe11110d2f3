// What this machine must remember although a step may be undone: attempts begun, events delivered, its own key.
// A step's writes are taken back when it fails, side effects are not; the journal is how the next try knows of them.
// It is durable when `save` returns, it is local, and it goes with the machine.
import { Context, Effect, Layer, Ref } from "effect"
import { type Entries, noEntries } from "./Register.ts"
import type { StoreUnavailable } from "./StoreError.ts"

/** What an adapter of a journal implements. */
export interface JournalShape {
  /** All that is remembered. */
  readonly load: Effect.Effect<Entries, StoreUnavailable>
  /** Replaces all that is remembered; durable on return, whatever becomes of the step. */
  readonly save: (entries: Entries) => Effect.Effect<void, StoreUnavailable>
}

/** The abstract layer over this machine's memory across failed steps. */
export class Journal extends Context.Service<Journal, JournalShape>()("@rollcall/core/Journal") {
  /** A journal in this process's memory: for tests, and for processes whose death is the machine's. */
  static readonly layerMemory: Layer.Layer<Journal> = Layer.effect(
    Journal,
    Effect.map(Ref.make(noEntries), (entries) =>
      Journal.of({ load: Ref.get(entries), save: (next) => Ref.set(entries, new Map(next)) })
    )
  )
}
