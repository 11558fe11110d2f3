// What is refused at the call, with nothing written. Waiting is never an error.
import { Schema } from "effect"

/** A request that cannot be granted as it is; nothing was written. */
export class RequestInvalid extends Schema.TaggedError<RequestInvalid>()("RequestInvalid", {
  field: Schema.String,
  allowed: Schema.String
}) {
  /** One line: which field, and what is allowed. */
  override get message(): string {
    return `the request's ${this.field} cannot be used: allowed is ${this.allowed}`
  }
}

/** A limit with which no roll could ever move, or that says nothing; nothing was written. */
export class LimitInvalid extends Schema.TaggedError<LimitInvalid>()("LimitInvalid", {
  limit: Schema.String,
  allowed: Schema.String
}) {
  /** One line: which limit, and what is allowed. */
  override get message(): string {
    return `the limit ${this.limit} cannot be used: ${this.allowed}`
  }
}

/** A grant that was to be released is not there; nothing was written. */
export class GrantUnknown extends Schema.TaggedError<GrantUnknown>()("GrantUnknown", {
  participant: Schema.String,
  holders: Schema.Array(Schema.String)
}) {
  /** One line: who holds nothing, and who does. */
  override get message(): string {
    const holders = this.holders.length === 0 ? "nobody does" : `${this.holders.join(", ")} does`
    return `${this.participant} holds no permit; ${holders}`
  }
}

/** The lock's registers cannot be used yet: there is no group, or the shared register cannot be read. */
export class LockNotReady extends Schema.TaggedError<LockNotReady>()("LockNotReady", {
  lock: Schema.String,
  detail: Schema.String
}) {
  /** One line: why, and what to do. */
  override get message(): string {
    return `the lock ${this.lock} cannot be used now: ${this.detail}; nothing was written`
  }
}

/** A roll over many in a wire format that cannot carry it; nothing was written. */
export class RollUnsupported extends Schema.TaggedError<RollUnsupported>()("RollUnsupported", {
  lock: Schema.String
}) {
  /** One line: why, and what to do instead. */
  override get message(): string {
    return `the wire format of the lock ${this.lock} carries no order for others: have each participant request its own turn`
  }
}
