// Wire format v1: the entries that Rollcall writes, each a JSON value with a version; docs/protocol/native.md shows them. Pure.
// Tolerant reader: a value that cannot be read counts as absent, an unknown field is ignored; nothing here throws.
import { Redacted, Schema } from "effect"
import { HostName, ParticipantId } from "../Participant.ts"
import type { Entries } from "../store/Register.ts"
import { TokenIssue, TokenRequest } from "../token-issuer/TokenIssuerRecord.ts"
import {
  type Announcement,
  blankRoll,
  type Dialect,
  type Facts,
  JoinFailure,
  type Roll,
  type RollEntry,
  silent
} from "./MirrorRecord.ts"

const ANNOUNCEMENT_KEY = "rollcall-host"
const ISSUES_KEY = "rollcall-issued"
const ROLL_KEY = "rollcall-roll"
const REQUESTS_KEY = "rollcall-requests"
const TOKEN_PREFIX = "rollcall-token."
// apart, for in a one-sided group the mirror's register is a host's, too
const FACT_PREFIX = "rollcall-fact."
const MIRRORED_PREFIX = "rollcall-mirrored."

const Version = Schema.Literal(1)
const AnnouncementJson = Schema.fromJsonString(
  Schema.Struct({
    v: Version,
    host: HostName,
    id: Schema.optionalKey(Schema.String),
    key: Schema.optionalKey(Schema.String),
    member: Schema.optionalKey(Schema.Boolean),
    up: Schema.optionalKey(Schema.Boolean),
    failure: Schema.optionalKey(JoinFailure)
  })
)
const RollJson = Schema.fromJsonString(
  Schema.Struct({
    v: Version,
    up: Schema.Boolean,
    frugal: Schema.optionalKey(Schema.Boolean),
    epoch: Schema.Int,
    formed: Schema.optionalKey(Schema.Boolean),
    bootstrap: Schema.optionalKey(ParticipantId),
    side: Schema.optionalKey(Schema.String),
    issuer: Schema.optionalKey(ParticipantId)
  })
)
const IssueJson = Schema.fromJsonString(TokenIssue)
const IssuesJson = Schema.fromJsonString(Schema.Array(TokenIssue))
const RequestsJson = Schema.fromJsonString(Schema.Array(TokenRequest))

/** Rollcall's own wire format, used alone where no deployed unit takes part. */
export const nativeDialect: Dialect = {
  owns: (key) => key.startsWith("rollcall-"),
  decodeAnnouncement: (entries) => {
    const json = decode(AnnouncementJson, entries.get(ANNOUNCEMENT_KEY))
    const facts = factsOf(entries, FACT_PREFIX)
    // who publishes need not be a host
    if (json === undefined) {
      const publishes = facts.size > 0 && !entries.has(ANNOUNCEMENT_KEY)
      return { ...silent, native: publishes, communicator: publishes, facts }
    }
    return {
      native: true,
      host: json.host,
      incarnation: json.id,
      publicKey: json.key,
      member: json.member ?? false,
      failure: json.failure,
      communicator: json.up ?? false,
      issues: decode(IssuesJson, entries.get(ISSUES_KEY)) ?? [],
      facts
    }
  },
  encodeAnnouncement: (announcement) => encodeAnnouncement(announcement),
  decodeRoll: (entries) => {
    const json = decode(RollJson, entries.get(ROLL_KEY))
    if (json === undefined) return blankRoll
    return {
      native: true,
      up: json.up,
      frugal: json.frugal ?? false,
      epoch: json.epoch,
      formed: json.formed ?? false,
      bootstrap: json.bootstrap,
      bootstrapSide: json.side,
      issuer: json.issuer,
      requests: requestsOf(entries),
      issues: issuesOf(entries),
      facts: factsOf(entries, MIRRORED_PREFIX)
    }
  },
  encodeRoll: (roll) => encodeRoll(roll),
  encodeShared: () => new Map()
}

const encodeAnnouncement = (announcement: Announcement): Entries => {
  const entries = new Map<string, string>()
  if (announcement.host !== undefined) {
    entries.set(
      ANNOUNCEMENT_KEY,
      JSON.stringify({
        v: 1,
        host: announcement.host,
        id: announcement.incarnation,
        key: announcement.publicKey,
        member: announcement.member || undefined,
        up: announcement.communicator || undefined,
        failure: announcement.failure
      })
    )
  }
  if (announcement.issues.length > 0) {
    entries.set(ISSUES_KEY, Schema.encodeSync(IssuesJson)(announcement.issues))
  }
  return withFacts(entries, FACT_PREFIX, announcement.facts)
}

const encodeRoll = (roll: Roll): ReadonlyArray<RollEntry> => {
  const head = JSON.stringify({
    v: 1,
    up: roll.up,
    frugal: roll.frugal || undefined,
    epoch: roll.epoch,
    formed: roll.formed || undefined,
    bootstrap: roll.bootstrap,
    side: roll.bootstrapSide,
    issuer: roll.issuer
  })
  const entries: Array<RollEntry> = [{ key: ROLL_KEY, value: head }]
  // the issuer's entry stays when it is empty: what is kept for one participant is best changed, not taken away
  const encode = Schema.encodeSync(RequestsJson)
  const isNamed = ({ incarnation }: TokenRequest) =>
    roll.issuer !== undefined && incarnation !== undefined
  if (roll.issuer !== undefined) {
    const value = encode(roll.requests.filter(isNamed))
    entries.push({ key: `${REQUESTS_KEY}.${roll.issuer}`, value, to: roll.issuer })
  }
  const others = roll.requests.filter((request) => !isNamed(request))
  if (others.length > 0) entries.push({ key: REQUESTS_KEY, value: encode(others) })
  for (const [participant, issue] of roll.issues) {
    const value = Schema.encodeSync(IssueJson)(issue)
    // a deployed host reads what is for all: for it this is the mirror's own memory, which must not be left behind
    const to = issue.incarnation === undefined ? {} : { to: participant }
    entries.push({ key: `${TOKEN_PREFIX}${participant}`, value, ...to })
  }
  for (const [key, value] of withFacts(new Map(), MIRRORED_PREFIX, roll.facts)) {
    entries.push({ key, value })
  }
  return entries
}

const requestsOf = (entries: Entries): ReadonlyArray<TokenRequest> =>
  [...entries].flatMap(([key, value]) =>
    key === REQUESTS_KEY || key.startsWith(`${REQUESTS_KEY}.`)
      ? (decode(RequestsJson, value) ?? [])
      : []
  )

const issuesOf = (entries: Entries): ReadonlyMap<ParticipantId, TokenIssue> => {
  const issues = new Map<ParticipantId, TokenIssue>()
  for (const [key, value] of entries) {
    if (!key.startsWith(TOKEN_PREFIX)) continue
    const participant = decode(ParticipantId, key.slice(TOKEN_PREFIX.length))
    const issue = decode(IssueJson, value)
    if (participant !== undefined && issue !== undefined) issues.set(participant, issue)
  }
  return issues
}

const factsOf = (entries: Entries, prefix: string): Facts => {
  const facts = new Map<string, Redacted.Redacted<string>>()
  for (const [key, value] of entries) {
    if (key.startsWith(prefix)) facts.set(key.slice(prefix.length), Redacted.make(value))
  }
  return facts
}

const withFacts = (entries: Map<string, string>, prefix: string, facts: Facts): Entries => {
  for (const [key, value] of facts) entries.set(`${prefix}${key}`, Redacted.value(value))
  return entries
}

const decode = <S extends Schema.ConstraintDecoder<unknown, never>>(
  schema: S,
  value: unknown
): S["Type"] | undefined => {
  if (value === undefined) return undefined
  const result = Schema.decodeUnknownOption(schema)(value)
  return result._tag === "Some" ? result.value : undefined
}
