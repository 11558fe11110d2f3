// What is on the wire of one lock, as values. Pure.
// A participant says in its own register what it wants and what became of it; the leader says in the shared register
// who holds. `LockDialect` turns both into register entries and back: the native one is in NativeLockDialect.ts, the
// deployed ones are the adapters'. No value here is a time that two machines would compare: a completion quotes the
// number of its grant, and order is by ticket.
import { Schema } from "effect"
import { ParticipantId } from "../Participant.ts"
import type { Entries } from "../store/Register.ts"
import { FencingToken } from "./FencingToken.ts"

/** One operation that a participant wants to run under the lock. */
export const Request = Schema.Struct({
  /**
   * Greater than every ticket its participant could see when it asked: the order of arrival, and the request's name. A
   * whole number; the turn of an order has thousandths beside it.
   */
  ticket: Schema.Finite,
  operation: Schema.NonEmptyString,
  /** A JSON object as text; kept as it was read where somebody else wrote it. */
  arguments: Schema.String,
  /** JSON that is handed back to the requester's code with the outcome. */
  context: Schema.optionalKey(Schema.String),
  /** How many tries may follow the first; without it there is no bound. */
  maxRetries: Schema.optionalKey(Schema.Int),
  priority: Schema.optionalKey(Schema.Int),
  permits: Schema.optionalKey(Schema.Int),
  group: Schema.optionalKey(Schema.String),
  /** By the clock of the participant itself, which alone reads it. */
  expiresAtMillis: Schema.optionalKey(Schema.Finite),
  /** Tries that have ended. */
  attempt: Schema.optionalKey(Schema.Int),
  /** How the last try asked for another: giving the permit back, or keeping it. */
  retry: Schema.optionalKey(Schema.Literals(["release", "hold"])),
  /** True while the pause before the next try lasts: then it is no waiter. */
  resting: Schema.optionalKey(Schema.Boolean)
})
/** One operation that a participant wants to run under the lock. */
export type Request = typeof Request.Type

/** The end of a grant as its holder tells it. */
export const Completion = Schema.Struct({
  token: FencingToken,
  ticket: Schema.Finite,
  outcome: Schema.Literals(["done", "retry", "failed"]),
  reason: Schema.optionalKey(Schema.String),
  /** When the last try began, and when it ended, by its participant's clock: for people. */
  sinceMillis: Schema.optionalKey(Schema.Finite),
  atMillis: Schema.optionalKey(Schema.Finite)
})
/** The end of a grant as its holder tells it. */
export type Completion = typeof Completion.Type

/** What one participant says. */
export interface RequestRecord {
  /** The highest ticket it ever drew. */
  readonly lastTicket: number
  /** What it wants, in its order; only the first is a waiter. */
  readonly queue: ReadonlyArray<Request>
  readonly completed: Completion | undefined
  /** What went wrong outside of a grant: for people. */
  readonly problem: string | undefined
  /** The ticket of the last turn of an order that it took up; 0 where absent. */
  readonly ordered?: number | undefined
  /** Its zone or rack, for the turns that are ordered of it; empty for none, absent while it has not said. */
  readonly group?: string | undefined
}

/** A register as it was read; one that cannot be read says why and counts for nothing. */
export type RequestRegister =
  | {
      readonly _tag: "Readable"
      readonly record: RequestRecord
      /** It says so in other words than its own participant would use now, who is to write it anew. */
      readonly outdated?: boolean
    }
  | { readonly _tag: "Unreadable"; readonly detail: string }

/** The leader's decision that a participant holds permits. */
export const Grant = Schema.Struct({
  token: FencingToken,
  participant: ParticipantId,
  ticket: Schema.Finite,
  operation: Schema.String,
  permits: Schema.optionalKey(Schema.Int),
  group: Schema.optionalKey(Schema.String),
  /** For people. */
  atMillis: Schema.Finite
})
/** The leader's decision that a participant holds permits. */
export type Grant = typeof Grant.Type

/** Why nothing is granted until somebody resumes the roll; `by` is a person or, where absent, the failure policy. */
export const Pause = Schema.Struct({
  reason: Schema.String,
  by: Schema.optionalKey(Schema.String),
  atMillis: Schema.Finite
})
/** Why nothing is granted until somebody resumes the roll. */
export type Pause = typeof Pause.Type

/** The leader's wish that every named participant runs one operation: each derives its turn from it. */
export const Order = Schema.Struct({
  /** A whole number, greater than every ticket the leader could see. */
  ticket: Schema.Int,
  operation: Schema.NonEmptyString,
  arguments: Schema.String,
  context: Schema.optionalKey(Schema.String),
  maxRetries: Schema.optionalKey(Schema.Int),
  priority: Schema.optionalKey(Schema.Int),
  permits: Schema.optionalKey(Schema.Int),
  /** Who is to run it, in the order of turns. */
  participants: Schema.Array(ParticipantId),
  /** Tickets of requests for the same that waited when it was given: those are their participants' turns. */
  merged: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite))
})
/** The leader's wish that every named participant runs one operation. */
export type Order = typeof Order.Type

/** One past event; its times are for people, by the clock of whoever told of it. */
export const PastEvent = Schema.Struct({
  event: Schema.Literals([
    "done",
    "retry",
    "failed",
    "departed",
    "withdrawn",
    "forced",
    "paused",
    "resumed"
  ]),
  atMillis: Schema.Finite,
  sinceMillis: Schema.optionalKey(Schema.Finite),
  token: Schema.optionalKey(FencingToken),
  participant: Schema.optionalKey(Schema.String),
  operation: Schema.optionalKey(Schema.String),
  by: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String)
})
/** One past event. */
export type PastEvent = typeof PastEvent.Type

/** What the leader says to all. */
export interface GrantRecord {
  /** The highest token ever granted. **Guarantee** L2 */
  readonly token: FencingToken
  /** How many permits may be held at once. */
  readonly permits: number
  /** Outstanding grants, by token. */
  readonly grants: ReadonlyArray<Grant>
  readonly pause: Pause | undefined
  /** Why nothing is granted now although there are permits and waiters. */
  readonly blocked: string | undefined
  /** Participants whose operation failed since the roll was last resumed. */
  readonly failed: ReadonlyArray<string>
  /** Requests that an operator ended by force and whose participant has not given them up yet. */
  readonly revoked: ReadonlyArray<{ readonly participant: string; readonly ticket: number }>
  /** The rest after a success, by the clock of the leader that is named. */
  readonly settling: { readonly by: string; readonly untilMillis: number } | undefined
  /** The last events, oldest first. */
  readonly history: ReadonlyArray<PastEvent>
  /** Orders that are not taken up by all, and the last one, which marks its ticket; none where absent. */
  readonly orders?: ReadonlyArray<Order> | undefined
}

/** The shared register as it was read. */
export type GrantRegister =
  | { readonly _tag: "Readable"; readonly record: GrantRecord }
  | { readonly _tag: "Unreadable"; readonly detail: string }

/** What a reader may need to know beside the entries it reads: who looks, and what all registers say. */
export interface LockReading {
  readonly self: ParticipantId
  readonly leader: boolean
  /** Whose register is read; undefined for the shared one. */
  readonly participant: ParticipantId | undefined
  readonly registers: ReadonlyMap<ParticipantId, Entries>
}

/** What a writer may need to know of the others: some deployed formats say the same thing differently to each holder. */
export interface LockScene {
  /** Who writes. */
  readonly self: ParticipantId
  readonly nowMillis: number
  readonly registers: ReadonlyMap<ParticipantId, Entries>
  readonly shared: Entries
}

/** Both directions of a wire format: tolerant readers that never throw, strict writers, other keys left alone. */
export interface LockDialect {
  /** Whether the format writes this key of a participant's register or of the shared one. */
  readonly owns: (key: string) => boolean
  /** The most grants the format can express at once. */
  readonly grants: number
  /**
   * Whether the format can carry orders; without it a roll is refused. With it every participant reads ends of grants
   * from their holders' registers, and the leader repeats them only when it has something else to say.
   */
  readonly orders?: boolean
  /**
   * Whether a grant that is over may be left standing until the leader has something else to say: its holder and
   * everybody else can see that it is. Never where absent.
   */
  readonly lingers?: (grant: Grant, scene: LockScene) => boolean
  readonly decodeRequests: (
    entries: Entries,
    shared: Entries,
    reading?: LockReading
  ) => RequestRegister
  readonly encodeRequests: (record: RequestRecord, scene: LockScene) => Entries
  readonly decodeGrants: (shared: Entries, reading?: LockReading) => GrantRegister
  readonly encodeGrants: (record: GrantRecord, scene: LockScene) => Entries
}

/** A participant that wants nothing and never did. */
export const blankRequests: RequestRecord = {
  lastTicket: 0,
  queue: [],
  completed: undefined,
  problem: undefined
}

/** A lock nobody ever held. */
export const blankGrants: GrantRecord = {
  token: FencingToken.make(0),
  permits: 1,
  grants: [],
  pause: undefined,
  blocked: undefined,
  failed: [],
  revoked: [],
  settling: undefined,
  history: []
}
