// What a lock over etcd can fail with, in the words of core's services.
import { type LockNotReady, StoreUnavailable } from "@rollcall/core"
import { Effect, Schema } from "effect"
import type { EtcdError, LeaseLost } from "../client/EtcdError.ts"

/** The lock was not granted within the time its caller gave it; nothing was run, and nobody waits any more. */
export class NotGranted extends Schema.TaggedError<NotGranted>()("NotGranted", {
  lock: Schema.String,
  withinMillis: Schema.Finite
}) {
  /** One line: which lock, how long was waited, and what to do. */
  override get message(): string {
    return `the lock ${this.lock} was not granted within ${this.withinMillis} ms; nothing was run, ask again or explain() why`
  }
}

/** The failures of etcd as those of a store. */
export const asStoreError =
  (operation: string) =>
  <A, E, R>(
    self: Effect.Effect<A, E | EtcdError, R>
  ): Effect.Effect<A, Exclude<E, EtcdError> | StoreUnavailable, R> =>
    Effect.mapError(self, (error) =>
      isEtcdError(error)
        ? new StoreUnavailable({ operation, detail: error.message })
        : (error as Exclude<E, EtcdError>)
    )

/** The end of a lease as a failure of the store: what was under way may have been overtaken. */
export const asLoss = (lock: string, { message }: LeaseLost): StoreUnavailable =>
  new StoreUnavailable({ operation: `hold the lock ${lock}`, detail: message })

/** Everything that stops a lock's call. */
export type LockFailure = EtcdError | LockNotReady

const isEtcdError = (error: unknown): error is EtcdError =>
  (error as { readonly _tag?: unknown })?._tag === "EtcdError"
