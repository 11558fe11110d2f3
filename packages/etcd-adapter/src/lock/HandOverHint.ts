// What whoever hands over knows of the lock, and tells the one it hands to in the grant itself: so that this one hands over
// again in one transaction, without a look at the queue. Nothing is believed: the transaction compares all of it. Pure.
// Given only where one holds at a time; where several do, each changes what the others know.
import { remembering } from "@rollcall/core"
import { Schema } from "effect"
import { LockState, WaiterRecord } from "./LockRecord.ts"
import type { LockSnapshot } from "./LockSnapshot.ts"

/** A hint as it is written. */
export const HandOverHint = Schema.Struct({
  /** The revision at which the queue was read. */
  read: Schema.Int,
  state: LockState,
  arrivals: Schema.Int,
  complete: Schema.Boolean,
  guard: Schema.optionalKey(Schema.Struct({ key: Schema.String, participant: Schema.String })),
  next: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      created: Schema.Int,
      lease: Schema.optionalKey(Schema.String),
      waiter: WaiterRecord
    })
  )
})
/** A hint as it is written. */
export type HandOverHint = typeof HandOverHint.Type

/** The hint that goes with a grant; undefined where it would be of no use. */
export const hintOf = (after: Omit<LockSnapshot, "stateRevision">): HandOverHint | undefined => {
  const next = after.waiters.slice(0, MOST)
  if (next.length === 0 && after.state.until === undefined) return undefined
  return {
    read: after.revision,
    state: after.state,
    arrivals: after.arrivals,
    complete: after.complete && next.length === after.waiters.length,
    ...(after.guard === undefined ? {} : { guard: after.guard }),
    next: next.map(({ created, key, lease, waiter }) => ({
      key,
      created,
      ...(lease === undefined ? {} : { lease: lease.toString(16) }),
      waiter
    }))
  }
}

/** The snapshot that a text hints at, where it does; it was written at `revision` for the holder of `grant`. */
export const hintedIn = (
  text: string,
  revision: number,
  grant: { readonly key: string; readonly token: number; readonly lease: bigint | undefined }
): LockSnapshot | undefined => {
  const hint = readHint(text)
  const [holder] = hint?.state.holders ?? []
  if (hint === undefined || holder === undefined) return undefined
  return {
    revision: hint.read,
    state: hint.state,
    stateRevision: revision,
    holders: [{ ...grant, holder }],
    guard: hint.guard,
    arrivals: hint.arrivals || revision,
    waiters: hint.next.map((each) => ({
      ...each,
      created: each.created || revision,
      lease: each.lease === undefined ? undefined : BigInt(`0x${each.lease}`)
    })),
    complete: hint.complete,
    count: hint.next.length,
    unreadable: [],
    broken: false
  }
}

const MOST = 6

const decode = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ hint: HandOverHint }))
)

const readHint = remembering((text) => {
  const read = decode(text)
  return read._tag === "Some" ? read.value.hint : undefined
})
