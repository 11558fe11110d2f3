// What stands at a lock's keys, as values. Pure. JSON of version 1; what cannot be read is none of ours and is named to the
// operator, never taken for something. Times are for people, but for a rest that its own writer ends.
import { FencingToken, Pause, remembering } from "@rollcall/core"
import { Schema } from "effect"

const Version = Schema.Literal(1)

/** One that waits: at its place in the queue, bound to the lease of its session. */
export const WaiterRecord = Schema.Struct({
  v: Version,
  participant: Schema.NonEmptyString,
  ticket: Schema.Int,
  operation: Schema.NonEmptyString,
  priority: Schema.optionalKey(Schema.Int),
  permits: Schema.optionalKey(Schema.Int),
  group: Schema.optionalKey(Schema.String),
  /** The token of its last try, where that gave the permits back. */
  triedAt: Schema.optionalKey(Schema.Int)
})
/** One that waits. */
export type WaiterRecord = typeof WaiterRecord.Type

/** One that holds: bound to the lease of its session; the revision of its key is its fencing token. */
export const HolderRecord = Schema.Struct({
  v: Version,
  participant: Schema.NonEmptyString,
  ticket: Schema.Int,
  operation: Schema.NonEmptyString,
  permits: Schema.optionalKey(Schema.Int),
  group: Schema.optionalKey(Schema.String),
  atMillis: Schema.Finite
})
/** One that holds. */
export type HolderRecord = typeof HolderRecord.Type

/** What all agree on. */
export const LockState = Schema.Struct({
  v: Version,
  /** Past events so far: the place of the next one in the history. */
  events: Schema.Int,
  permits: Schema.Int,
  /** The highest token before this write; where this write granted, its own revision is the highest. */
  token: FencingToken,
  granted: Schema.optionalKey(Schema.Boolean),
  /** Who was granted and has not given back: one without a key is dead. */
  holders: Schema.Array(HolderRecord),
  pause: Schema.optionalKey(Pause),
  blocked: Schema.optionalKey(Schema.String),
  failed: Schema.optionalKey(Schema.Array(Schema.String)),
  /** A waiter's key some hundreds down a long queue: reads stop there, as etcd counts all that it is asked for. */
  until: Schema.optionalKey(Schema.String),
  settling: Schema.optionalKey(Schema.Struct({ by: Schema.String, untilMillis: Schema.Finite }))
})
/** What all agree on. */
export type LockState = typeof LockState.Type

/** A lock nobody ever held. */
export const blankState: LockState = {
  v: 1,
  events: 0,
  permits: 1,
  token: FencingToken.make(0),
  holders: []
}

const reader = <A>(schema: Schema.Codec<A, unknown>): ((text: string) => A | undefined) => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  return remembering((text) => {
    const read = decode(text)
    return read._tag === "Some" ? read.value : undefined
  })
}

/** The waiter in `text`; undefined where there is none. */
export const readWaiter = reader(WaiterRecord)
/** The holder in `text`; undefined where there is none. */
export const readHolder = reader(HolderRecord)
/** The state in `text`; undefined where there is none. */
export const readState = reader(LockState)

/** The name of a grant among all grants of a lock. */
export const nameOf = ({ participant, ticket }: Pick<HolderRecord, "participant" | "ticket">) =>
  `${ticket} ${participant}`
