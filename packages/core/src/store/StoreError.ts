// What can go wrong between a participant and its store. Waiting is never an error.
import { Schema } from "effect"

/** The store did not answer, or refused for a reason that time may mend; the whole step had no effect. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  operation: Schema.String,
  detail: Schema.String
}) {
  /** One line: what failed and that it is tried again. */
  override get message(): string {
    return `the store failed to ${this.operation}: ${this.detail}; nothing was written, the next step tries again`
  }
}

/** A shared register was written by a participant that is not the leader; the whole step had no effect (S6). */
export class NotLeader extends Schema.TaggedError<NotLeader>()("NotLeader", {
  participant: Schema.String,
  group: Schema.String
}) {
  /** One line: who tried, and that the leader does it instead. */
  override get message(): string {
    return `${this.participant} is not the leader in ${this.group}; nothing was written, the leader's next step decides`
  }
}

/** Every way a step can fail for the store's reasons. */
export type StoreError = StoreUnavailable | NotLeader
