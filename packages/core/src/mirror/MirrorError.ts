// What can go wrong in a mirror beyond its store.
import { Schema } from "effect"

/** A fact's key or value cannot be mirrored; nothing was written. */
export class FactInvalid extends Schema.TaggedError<FactInvalid>()("FactInvalid", {
  key: Schema.String,
  allowed: Schema.String
}) {
  /** One line: which key, and what is allowed. */
  override get message(): string {
    return `the fact ${JSON.stringify(this.key)} cannot be mirrored: ${this.allowed}`
  }
}
