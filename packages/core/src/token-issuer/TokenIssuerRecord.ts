// What is on the wire about tokens: a host's request, and the issuer's answer to it. Pure.
// A request is named by (host, incarnation, generation): the incarnation tells a machine from its successor of the same
// name, the generation one try from the next. An issue answers exactly one request (T2).
import { Redacted, Schema } from "effect"
import { HostName, ParticipantId } from "../Participant.ts"

/** The reasons for which a request gets no token, or none any more; all are final until the operator acts. */
export const Refusal = Schema.Literals(["name-taken", "bad-name", "expired"])
/** A reason for which a request gets no token. */
export type Refusal = typeof Refusal.Type

/** A host that is to get a token; `publicKey` is where the token is to be sealed to. */
export const TokenRequest = Schema.Struct({
  participant: Schema.optionalKey(ParticipantId),
  host: HostName,
  incarnation: Schema.optionalKey(Schema.String),
  generation: Schema.Int,
  publicKey: Schema.optionalKey(Schema.String)
})
/** A host that is to get a token. */
export type TokenRequest = typeof TokenRequest.Type

/** The issuer's answer to one request: a token in one of two forms, a refusal, or nothing, as the host is a member. */
export const TokenIssue = Schema.Struct({
  host: HostName,
  incarnation: Schema.optionalKey(Schema.String),
  generation: Schema.Int,
  token: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  sealed: Schema.optionalKey(Schema.String),
  refused: Schema.optionalKey(Refusal)
})
/** The issuer's answer to one request. */
export type TokenIssue = typeof TokenIssue.Type

/** Whether `issue` answers `request`: same host, same machine, same try. */
export const answers = (issue: TokenIssue, request: TokenRequest): boolean =>
  issue.host === request.host &&
  issue.generation === request.generation &&
  issue.incarnation === request.incarnation

/** Whether `issue` says that its host needs no token: it is a member. */
export const isSpent = ({ refused, sealed, token }: TokenIssue): boolean =>
  token === undefined && sealed === undefined && refused === undefined

/** `issue` without its token, for a host that is a member. */
export const spent = ({ generation, host, incarnation }: TokenIssue): TokenIssue => ({
  host,
  generation,
  ...(incarnation === undefined ? {} : { incarnation })
})

/** What a sealed token is bound to: opening it for another host, machine or try fails. */
export const sealContext = (request: {
  readonly host: string
  readonly incarnation?: string
  readonly generation: number
}): string => `rollcall-token-v1/${request.host}/${request.incarnation ?? ""}/${request.generation}`

/** Whether two issues are the same on the wire. */
export const sameIssue = (left: TokenIssue, right: TokenIssue): boolean =>
  left.host === right.host &&
  left.incarnation === right.incarnation &&
  left.generation === right.generation &&
  left.sealed === right.sealed &&
  left.refused === right.refused &&
  (left.token === undefined) === (right.token === undefined) &&
  (left.token === undefined ||
    right.token === undefined ||
    Redacted.value(left.token) === Redacted.value(right.token))
