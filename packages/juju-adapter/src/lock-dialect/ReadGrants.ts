// The application's databag, whoever wrote it last, as a grant record. Pure.
// Our record counts, but for the one grant that the deployed keys repeat: when they name another one or none, a deployed
// leader has written since. A pause of ours is unknown to a deployed leader and cannot be resumed under it: what such a
// leader has granted is run nevertheless, and the pause holds again after it.
import {
  blankGrants,
  type Entries,
  type Grant,
  type GrantRecord,
  type GrantRegister,
  type LockReading,
  ParticipantId
} from "@rollcall/core"
import { grantMark, type LockKeys } from "./DialectMarks.ts"
import { type ReadingRules, readRequests } from "./ReadRequests.ts"
import { type SharedGrant, sharedGrant } from "./SharedGrant.ts"

/** The shared register in the application's databag. */
export const readGrants = (
  shared: Entries,
  reading: LockReading | undefined,
  rules: ReadingRules
): GrantRegister => {
  const { keys } = rules
  const own = keys.native.decodeGrants(shared)
  const grant = sharedGrant(shared, keys, reading)
  const foreign = grant?.ours === undefined ? grant : undefined
  if (own._tag === "Unreadable" && foreign === undefined) return own
  const record = own._tag === "Unreadable" ? blankGrants : own.record
  const left = withoutTaken(record, shared, grant, keys)
  if (foreign === undefined) return { _tag: "Readable", record: left }
  const given = foreignGrant(foreign, shared, reading, rules)
  const pause = reading?.leader === false ? undefined : left.pause
  return {
    _tag: "Readable",
    record: { ...left, grants: [...left.grants, given], token: given.token, pause }
  }
}

/** Our record without the grant that a deployed leader has taken back since. */
const withoutTaken = (
  record: GrantRecord,
  shared: Entries,
  grant: SharedGrant | undefined,
  keys: LockKeys
): GrantRecord => {
  const { granted } = grantMark(shared, keys)
  if (grant?.ours !== undefined) return record
  const grants = record.grants.filter(
    ({ participant, token }) => token !== granted?.token && participant !== grant?.unit
  )
  return grants.length === record.grants.length ? record : { ...record, grants }
}

/** A grant of a deployed leader is for whatever its holder wants first. */
const foreignGrant = (
  { token, unit }: SharedGrant,
  shared: Entries,
  reading: LockReading | undefined,
  rules: ReadingRules
): Grant => {
  const participant = ParticipantId.make(unit)
  const entries = reading?.registers.get(participant)
  const register =
    entries && reading && readRequests(entries, shared, { ...reading, participant }, rules)
  const record = register?._tag === "Readable" ? register.record : undefined
  const told = record?.completed
  const over = told !== undefined && told.token >= token
  const head = over ? undefined : record?.queue[0]
  return {
    token,
    participant,
    ticket: head?.ticket ?? told?.ticket ?? 0,
    operation: head?.operation ?? "unknown",
    atMillis: 0
  }
}
