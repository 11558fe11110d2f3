// What an operator does to a roll: pause, resume, and end a grant by force. Pure; all of it is in the history, and all of
// it is the leader's to write.
import type { ParticipantId } from "../Participant.ts"
import type { Registers } from "./Fate.ts"
import { tokenAfter } from "./FencingToken.ts"
import type { LockLimits } from "./LockLimits.ts"
import { blankGrants, type GrantRecord } from "./RollingLockRecord.ts"
import { remember } from "./RollingLockState.ts"

/** Who acts, and why: kept in the history. */
export interface Audit {
  readonly by: string
  readonly reason: string
}

/** Grants nothing more, and lets no try begin, until the roll is resumed; a paused roll stays as it is. */
export const paused = (
  record: GrantRecord,
  limits: LockLimits,
  audit: Audit,
  atMillis: number
): GrantRecord =>
  record.pause !== undefined
    ? record
    : remember({ ...record, pause: { ...audit, atMillis } }, limits, {
        event: "paused",
        ...audit,
        atMillis
      })

/** Lets the roll go on, and forgets the failures that stopped it. */
export const resumed = (
  record: GrantRecord,
  limits: LockLimits,
  audit: Audit,
  atMillis: number
): GrantRecord =>
  record.pause === undefined
    ? record
    : remember({ ...record, pause: undefined, failed: [] }, limits, {
        event: "resumed",
        ...audit,
        atMillis
      })

/**
 * Ends the grant of `participant`, with the request it answered, and pauses the roll: what became of the holder is not
 * known. Undefined where it holds none.
 */
export const forced = (
  record: GrantRecord,
  limits: LockLimits,
  participant: ParticipantId,
  audit: Audit,
  atMillis: number
): GrantRecord | undefined => {
  const grant = record.grants.find((each) => each.participant === participant)
  if (grant === undefined) return undefined
  const { atMillis: sinceMillis, operation, ticket, token } = grant
  const left = {
    ...record,
    grants: record.grants.filter((each) => each !== grant),
    revoked: [...record.revoked, { participant, ticket }]
  }
  const event = { event: "forced", sinceMillis, token, participant, operation } as const
  const reason = `${participant} was released by force: ${audit.reason}`
  return paused(
    remember(left, limits, { ...event, ...audit, atMillis }),
    limits,
    { by: audit.by, reason },
    atMillis
  )
}

/** A record in place of one that cannot be read: paused, with a token beyond all that may have been granted (L2). */
export const rebuilt = (
  registers: Registers,
  limits: LockLimits,
  audit: Audit,
  atMillis: number
): GrantRecord => {
  const shown = [...registers.values()].map((each) =>
    each._tag === "Readable" ? (each.record.completed?.token ?? 0) : 0
  )
  const token = tokenAfter(...shown.map((each) => each + BEYOND), BEYOND)
  const record = { ...blankGrants, token, permits: limits.permits }
  return paused(record, limits, audit, atMillis)
}

// grants that no register quotes are at most a few for each participant: a million is beyond them all
const BEYOND = 1_000_000
