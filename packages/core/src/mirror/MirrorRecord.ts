// What is on the wire between hosts and mirrors, as values. Pure.
// An announcement is what one host says of itself, a roll is what a mirror says to all. `Dialect` turns both into
// register entries and back; the native one is in NativeDialect.ts, deployed ones are the adapters'.
import { type Redacted, Schema } from "effect"
import type { HostName, ParticipantId } from "../Participant.ts"
import type { Entries } from "../store/Register.ts"
import type { TokenIssue, TokenRequest } from "../token-issuer/TokenIssuerRecord.ts"

/** Why a host could not join with the token of a generation. */
export const JoinFailure = Schema.Struct({
  generation: Schema.Int,
  reason: Schema.Literals(["token-rejected", "token-expired", "name-taken"])
})
/** Why a host could not join with the token of a generation. */
export type JoinFailure = typeof JoinFailure.Type

/** Mirrored values by key; any of them may be a token, so all are `Redacted`. */
export type Facts = ReadonlyMap<string, Redacted.Redacted<string>>

/** What one host says of itself. */
export interface Announcement {
  /** Whether it speaks Rollcall's own format; a deployed Python unit does not. */
  readonly native: boolean
  readonly host: HostName | undefined
  /** Random per machine: tells a machine from its successor of the same name. */
  readonly incarnation: string | undefined
  /** Where tokens for this host are to be sealed to. */
  readonly publicKey: string | undefined
  readonly member: boolean
  readonly failure: JoinFailure | undefined
  /** Whether its facts are to be mirrored now. */
  readonly communicator: boolean
  /** Tokens this host minted for others and that are not yet out of use. */
  readonly issues: ReadonlyArray<TokenIssue>
  readonly facts: Facts
}

/** What a mirror says to all. */
export interface Roll {
  /** Whether it is Rollcall's mirror; a deployed Python distributor is not. */
  readonly native: boolean
  /** Only the leader's mirror is up. */
  readonly up: boolean
  /** Whether whatever a mirror writes wakes every host: then a host that joined says so with the next thing it says. */
  readonly frugal: boolean
  /** The term of the mirror's leader; of several mirrors the highest is right. */
  readonly epoch: number
  /** Whether a cluster exists: then nobody founds another. */
  readonly formed: boolean
  /** The one participant that may found the cluster. */
  readonly bootstrap: ParticipantId | undefined
  /** The one application that may found the cluster, in the deployed format of LIBPATCH 8. */
  readonly bootstrapSide: string | undefined
  /** The one participant that mints for native hosts; where it is undefined, and for deployed ones, the lowest voter does. */
  readonly issuer: ParticipantId | undefined
  readonly requests: ReadonlyArray<TokenRequest>
  /** Tokens on their way, by the participant they are for. */
  readonly issues: ReadonlyMap<ParticipantId, TokenIssue>
  readonly facts: Facts
}

/** One entry that a mirror publishes; with `to`, it is meant for that participant alone. */
export interface RollEntry {
  readonly key: string
  readonly value: string
  readonly to?: ParticipantId
}

/** Both directions of a wire format: a tolerant reader that never throws, and a strict writer. */
export interface Dialect {
  /** Whether the format writes this key; other keys of a register are kept as they are. */
  readonly owns: (key: string) => boolean
  readonly decodeAnnouncement: (entries: Entries) => Announcement
  /** `mirror` is what the host sees of the mirrors: the writer serves the format that the other side speaks. */
  readonly encodeAnnouncement: (announcement: Announcement, mirror: Roll) => Entries
  /** `counterpart` is the mirror side's shared register. */
  readonly decodeRoll: (entries: Entries, counterpart: Entries) => Roll
  /** `natives` tells whether every host that is seen speaks the native format. */
  readonly encodeRoll: (roll: Roll, natives: boolean) => ReadonlyArray<RollEntry>
  /** What a leading mirror writes into its side's shared register for hosts that need it there. */
  readonly encodeShared: (roll: Roll, natives: boolean) => Entries
}

/** A host that has said nothing yet. */
export const silent: Announcement = {
  native: false,
  host: undefined,
  incarnation: undefined,
  publicKey: undefined,
  member: false,
  failure: undefined,
  communicator: false,
  issues: [],
  facts: new Map()
}

/** A mirror that has said nothing yet. */
export const blankRoll: Roll = {
  native: false,
  up: false,
  frugal: false,
  epoch: 0,
  formed: false,
  bootstrap: undefined,
  bootstrapSide: undefined,
  issuer: undefined,
  requests: [],
  issues: new Map(),
  facts: new Map()
}
