// What is on the wire of a lock that lives in one of two backends, as values. Pure.
// The leader says in the peers' shared register where the lock lives; each participant says in its own which epoch it
// knows, and when it holds nothing and asks for nothing any more; its requests stand in its private register, for nobody
// else carries them over. Tolerant readers: what is no JSON of version 1 is told apart from what is not there.
import { Schema } from "effect"
import { ParticipantId } from "../Participant.ts"
import { remembering } from "../rolling-lock/Remembering.ts"
import { Request } from "../rolling-lock/RollingLockRecord.ts"
import type { Entries } from "../store/Register.ts"

const Version = Schema.Literal(1)

/** A move that has begun: nobody begins anything until it is committed or given up. */
export const Move = Schema.Struct({
  to: Schema.NonEmptyString,
  reason: Schema.String,
  /** The operator who asked for it; absent where the policy did. */
  by: Schema.optionalKey(Schema.String),
  /** Participants of whom an operator said that they hold nothing any more. */
  attested: Schema.optionalKey(Schema.Array(ParticipantId))
})
/** A move that has begun. */
export type Move = typeof Move.Type

/** What the leader says to all: where the lock lives. */
export const BackendRecord = Schema.Struct({
  v: Version,
  /** Counts the moves, those that were given up included; whoever acts, acts in one epoch. */
  epoch: Schema.Int,
  backend: Schema.NonEmptyString,
  /** The epoch in which it came there: a move that was given up does not end the stay. */
  stay: Schema.Int,
  /** Added to every token of this epoch's backend: no smaller than any token of the epochs before. **Guarantee** L2 */
  floor: Schema.Int,
  /** No smaller than any token of those who were admitted in this stay, departed and were struck out. */
  spent: Schema.optionalKey(Schema.Int),
  /** Who may act in this epoch, and therefore must answer before it ends. */
  admitted: Schema.Array(ParticipantId),
  moving: Schema.optionalKey(Move),
  /** A roll that was paused in the backend before this one stays paused. */
  paused: Schema.optionalKey(Schema.String),
  reason: Schema.String,
  by: Schema.optionalKey(Schema.String),
  /** For people. */
  atMillis: Schema.Finite
})
/** What the leader says to all. */
export type BackendRecord = typeof BackendRecord.Type

/** What one participant says to the leader. */
export const BackendStatement = Schema.Struct({
  v: Version,
  /** The epoch it acknowledges: in it, it may act once it is admitted; 0 before the first. */
  epoch: Schema.Int,
  /** Whether it reaches the preferred backend, steadily; absent until it knows. */
  fit: Schema.optionalKey(Schema.Boolean),
  /** That it holds nothing, asks for nothing and begins nothing in this epoch any more. */
  out: Schema.optionalKey(
    Schema.Struct({
      epoch: Schema.Int,
      /** The highest token it knows of. */
      token: Schema.Int,
      /** Why the roll was paused when it last looked. */
      paused: Schema.optionalKey(Schema.String)
    })
  ),
  /** Why it cannot say so yet: for people. */
  bound: Schema.optionalKey(Schema.String)
})
/** What one participant says to the leader. */
export type BackendStatement = typeof BackendStatement.Type

/** What a participant keeps for itself, whichever backend serves it. */
export const BackendRequests = Schema.Struct({
  v: Version,
  lastTicket: Schema.Int,
  /** What it wants, in its order. */
  queue: Schema.Array(Request),
  /** Up to which ticket the backend was asked in that stay. */
  asked: Schema.optionalKey(Schema.Struct({ stay: Schema.Int, ticket: Schema.Int })),
  problem: Schema.optionalKey(Schema.String),
  /** Since when the preferred backend answers otherwise than its statement says, by its own clock. */
  changedAtMillis: Schema.optionalKey(Schema.Finite)
})
/** What a participant keeps for itself. */
export type BackendRequests = typeof BackendRequests.Type

/** What a machine remembers of its last try although a step may be undone. */
export const BackendMemory = Schema.Struct({
  v: Version,
  lastTicket: Schema.Int,
  ticket: Schema.Int,
  attempt: Schema.Int,
  token: Schema.Int,
  /** Whether it ended, and how. */
  ended: Schema.optionalKey(
    Schema.Struct({
      result: Schema.Literals(["release", "retry-release", "retry-hold", "failed"]),
      reason: Schema.optionalKey(Schema.String)
    })
  ),
  /** Whether the requester's code has heard of it. */
  told: Schema.optionalKey(Schema.Boolean)
})
/** What a machine remembers of its last try. */
export type BackendMemory = typeof BackendMemory.Type

/** An entry as it was read. */
export type Entry<A> =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Unreadable" }
  | { readonly _tag: "Readable"; readonly value: A }

/** The key of the lock of that name in every register and in the journal. */
export const backendKey = (lock: string): string => `lock-backend.${lock}`

const reader = <A>(schema: Schema.Codec<A, unknown>) => {
  const decode = Schema.decodeUnknownOption(Schema.fromJsonString(schema))
  const read = remembering((text): Entry<A> => {
    const found = decode(text)
    return found._tag === "Some" ? { _tag: "Readable", value: found.value } : { _tag: "Unreadable" }
  })
  return (entries: Entries | undefined, lock: string): Entry<A> => {
    const text = entries?.get(backendKey(lock))
    return text === undefined ? { _tag: "Absent" } : read(text)
  }
}

/** The leader's record in a shared register. */
export const readBackend = reader(BackendRecord)
/** A participant's statement in its own register. */
export const readStatement = reader(BackendStatement)
/** A participant's requests in its private register. */
export const readRequests = reader(BackendRequests)
/** A machine's memory in its journal. */
export const readBackendMemory = reader(BackendMemory)

/** A participant that wants nothing and never did. */
export const noRequests: BackendRequests = { v: 1, lastTicket: 0, queue: [] }

/** What a request carries through a backend, in place of its requester's context. */
export const Carried = Schema.Struct({
  stay: Schema.Int,
  ticket: Schema.Int,
  context: Schema.optionalKey(Schema.Unknown)
})
/** What a request carries through a backend. */
export type Carried = typeof Carried.Type

const decodeCarried = Schema.decodeUnknownOption(Carried)

/** What a context carries; undefined where it is none of ours. */
export const readCarried = (context: unknown): Carried | undefined => {
  const found = decodeCarried(context)
  return found._tag === "Some" ? found.value : undefined
}
