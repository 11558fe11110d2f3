// What is refused of a lock that may move, with nothing written. Waiting for a move is never an error.
import { Schema } from "effect"

/** A move that cannot be begun; nothing was written. */
export class MoveRefused extends Schema.TaggedError<MoveRefused>()("MoveRefused", {
  lock: Schema.String,
  to: Schema.String,
  detail: Schema.String
}) {
  /** One line: which move, and why not. */
  override get message(): string {
    return `the lock ${this.lock} cannot move to ${this.to}: ${this.detail}; nothing was written`
  }
}
