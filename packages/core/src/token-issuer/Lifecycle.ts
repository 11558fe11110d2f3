// What a user's code is told of a host's way into the cluster, and what it is asked for.
// Each event is delivered once, although hooks are retried: delivery is remembered in the journal as soon as the user's
// code returns. Only a machine that dies between the two hears an event again.
import { Context, Effect, Schema } from "effect"

/** The five events of a host's way into a cluster; `tokenIssued` also comes on hosts that mint for others. */
export type LifecycleEvent =
  | { readonly _tag: "PreBootstrap" }
  | { readonly _tag: "Bootstrapped" }
  | {
      readonly _tag: "TokenIssued"
      readonly host: string
      readonly generation: number
      /** Which of the machines that had this name, where it said so. */
      readonly incarnation?: string
    }
  | { readonly _tag: "PreJoin"; readonly generation: number }
  | { readonly _tag: "Joined"; readonly bootstrapper: boolean }

/** The user's code failed on an event; the event is delivered again at the next step. */
export class LifecycleFailed extends Schema.TaggedError<LifecycleFailed>()("LifecycleFailed", {
  event: Schema.String,
  detail: Schema.String
}) {
  /** One line: which event, what was said, and what follows. */
  override get message(): string {
    return `the code for ${this.event} failed: ${this.detail}; mend it, the next step runs it again`
  }
}

/** The user's side: code for events, and arguments computed at the time of the call. */
export interface LifecycleShape {
  readonly on: (event: LifecycleEvent) => Effect.Effect<void, LifecycleFailed>
  readonly bootstrapArguments: Effect.Effect<ReadonlyArray<string>, LifecycleFailed>
  readonly joinArguments: Effect.Effect<ReadonlyArray<string>, LifecycleFailed>
}

/** The user's code; by default events are ignored and no arguments are given. */
export const Lifecycle = Context.Reference<LifecycleShape>("@rollcall/core/Lifecycle", {
  defaultValue: () => ({
    on: () => Effect.void,
    bootstrapArguments: Effect.succeed([]),
    joinArguments: Effect.succeed([])
  })
})

/** The name under which an event's delivery is remembered; equal events have equal names. */
export const eventName = (event: LifecycleEvent): string => {
  switch (event._tag) {
    case "TokenIssued":
      return `TokenIssued/${event.host}/${event.generation}/${event.incarnation ?? ""}`
    case "PreJoin":
      return `PreJoin/${event.generation}`
    default:
      return event._tag
  }
}
