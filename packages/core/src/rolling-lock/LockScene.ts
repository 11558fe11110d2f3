// What one participant sees of a lock within a step: its group's registers, decoded.
// The lock lives where a side's participants see each other: in the council, or in a group of one side.
import type { ParticipantId } from "../Participant.ts"
import { type Entries, noEntries, type Write, writesBetween } from "../store/Register.ts"
import type { GroupView, View } from "../store/Store.ts"
import {
  blankRequests,
  type GrantRecord,
  type GrantRegister,
  type LockDialect,
  type Request,
  type RequestRecord,
  type RequestRegister
} from "./RollingLockRecord.ts"
import { type Registers, ticketsOf } from "./RollingLockState.ts"

/** One lock as one participant sees it. */
export interface SeenLock {
  readonly view: View
  readonly group: GroupView
  readonly grants: GrantRegister
  /** All registers, this participant's included. */
  readonly registers: Registers
  /** This participant's own; an unreadable one is begun anew, for nobody else could mend it. */
  readonly own: RequestRecord
}

/** The lock in `view`; undefined while this participant is in no group of its own side. */
export const seenLock = (
  { dialect, running }: { readonly dialect: LockDialect; readonly running: Running },
  view: View
): SeenLock | undefined => {
  const group = view.council ?? view.groups.find(({ symmetric }) => symmetric)
  if (group === undefined) return undefined
  const shared = group.shared ?? noEntries
  const registers = new Map<ParticipantId, RequestRegister>()
  for (const [participant, entries] of group.peers) {
    registers.set(participant, dialect.decodeRequests(entries, shared))
  }
  const mine = dialect.decodeRequests(group.own, shared)
  registers.set(view.self, mine)
  const grants = dialect.decodeGrants(shared)
  return { view, group, grants, registers, own: ownRecord(mine, registers, running) }
}

/** The grants, where the shared register can be read. */
export const readableGrants = ({ grants }: SeenLock): GrantRecord | undefined =>
  grants._tag === "Readable" ? grants.record : undefined

/** Registers that count for nothing, by participant, and why. */
export const quarantined = ({ registers }: SeenLock): ReadonlyMap<ParticipantId, string> =>
  new Map(
    [...registers].flatMap(([id, each]) =>
      each._tag === "Unreadable" ? [[id, each.detail] as const] : []
    )
  )

/** The writes that say `record` in the own register; none where it says so already. */
export const requestWrites = (
  dialect: LockDialect,
  seen: SeenLock,
  record: RequestRecord,
  nowMillis: number
): ReadonlyArray<Write> => {
  const mine = seen.registers.get(seen.view.self)
  if (mine?._tag === "Readable" && mine.record === record) return []
  const entries = dialect.encodeRequests(record, sceneOf(seen, nowMillis))
  const place = { _tag: "own", group: seen.group.id } as const
  return writesBetween(place, seen.group.own, entries, dialect.owns)
}

/** The writes that say `record` in the shared register; none where it says so already. */
export const grantWrites = (
  dialect: LockDialect,
  seen: SeenLock,
  record: GrantRecord | undefined,
  nowMillis: number
): ReadonlyArray<Write> => {
  if (record === undefined || record === readableGrants(seen)) return []
  const entries = dialect.encodeGrants(record, sceneOf(seen, nowMillis))
  const place = { _tag: "shared", group: seen.group.id } as const
  return writesBetween(place, seen.group.shared ?? noEntries, entries, dialect.owns)
}

// tickets that were drawn and are forgotten with the register are not drawn again, unless it is lost twice in a row
const BEYOND = 1_000

type Running = ReadonlyMap<number, Request>

const sceneOf = ({ group, view }: SeenLock, nowMillis: number) => ({
  nowMillis,
  registers: new Map<ParticipantId, Entries>([...group.peers, [view.self, group.own]]),
  shared: group.shared ?? noEntries
})

/** What is being tried stays asked for, so that its grant is not taken for one that was withdrawn. */
const ownRecord = (mine: RequestRegister, registers: Registers, running: Running): RequestRecord =>
  mine._tag === "Readable"
    ? mine.record
    : {
        ...blankRequests,
        queue: [...running.values()],
        lastTicket: BEYOND + Math.max(0, ...running.keys(), ...ticketsOf(registers)),
        problem: `its register was begun anew, requests may be lost: ${mine.detail}`
      }
