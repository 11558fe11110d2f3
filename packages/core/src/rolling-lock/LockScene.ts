// What one participant sees of a lock within a step: its group's registers, decoded.
// The lock lives where a side's participants see each other: in the council, or in a group of one side.
import type { ParticipantId } from "../Participant.ts"
import { type Entries, noEntries, type Write, writesBetween } from "../store/Register.ts"
import type { GroupView, View } from "../store/Store.ts"
import { outstanding, type Registers, ticketsOf } from "./Fate.ts"
import { lastTurn, type TakenUp, takenUpIn, withTurns } from "./Orders.ts"
import {
  blankRequests,
  type GrantRecord,
  type GrantRegister,
  type LockDialect,
  type Request,
  type RequestRecord,
  type RequestRegister
} from "./RollingLockRecord.ts"

/** One lock as one participant sees it. */
export interface SeenLock {
  readonly view: View
  readonly group: GroupView
  readonly grants: GrantRegister
  /** All registers, this participant's included, with the turns that are ordered of them. */
  readonly registers: Registers
  readonly takenUp: TakenUp
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
  const reading = { self: view.self, leader: view.leader, registers: entriesOf(group, view) }
  const registers = new Map<ParticipantId, RequestRegister>()
  for (const [participant, entries] of reading.registers) {
    registers.set(participant, dialect.decodeRequests(entries, shared, { ...reading, participant }))
  }
  const mine = registers.get(view.self) as RequestRegister
  const grants = dialect.decodeGrants(shared, { ...reading, participant: undefined })
  const record = grants._tag === "Readable" ? grants.record : undefined
  const turned = record === undefined ? registers : withTurns(registers, record)
  const found = turned.get(view.self) ?? mine
  const own =
    found._tag === "Readable"
      ? found.record
      : begunAnew(view.self, found.detail, turned, record, running)
  return { view, group, grants, registers: turned, takenUp: takenUpIn(registers), own }
}

/** The grants, where the shared register can be read. */
export const readableGrants = ({ grants }: SeenLock): GrantRecord | undefined =>
  grants._tag === "Readable" ? grants.record : undefined

/** The same without the grants that everybody can see to be over. */
export const heldGrants = (seen: SeenLock): GrantRecord | undefined => {
  const record = readableGrants(seen)
  return record && outstanding(record, seen.registers)
}

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
  const said = mine?._tag === "Readable" && mine.record === record
  if (said && mine.outdated !== true) return []
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
  const before = readableGrants(seen)
  if (record === undefined || record === before) return []
  const scene = sceneOf(seen, nowMillis)
  if (before !== undefined && onlyEnds(before, record)) {
    const gone = before.grants.filter((each) => !record.grants.includes(each))
    if (gone.every((each) => dialect.lingers?.(each, scene) === true)) return []
  }
  const entries = dialect.encodeGrants(record, scene)
  const place = { _tag: "shared", group: seen.group.id } as const
  return writesBetween(place, seen.group.shared ?? noEntries, entries, dialect.owns)
}

// tickets that were drawn and are forgotten with the register are not drawn again
const BEYOND = 1_000

/** Whether nothing has happened but that grants are over, and well. */
const onlyEnds = (before: GrantRecord, after: GrantRecord): boolean =>
  before.token === after.token &&
  before.permits === after.permits &&
  before.pause === after.pause &&
  before.blocked === after.blocked &&
  before.failed === after.failed &&
  before.revoked === after.revoked &&
  before.settling === after.settling &&
  before.orders === after.orders &&
  after.grants.length < before.grants.length

type Running = ReadonlyMap<number, Request>

const entriesOf = (group: GroupView, view: View): ReadonlyMap<ParticipantId, Entries> =>
  new Map([...group.peers, [view.self, group.own]])

const sceneOf = ({ group, view }: SeenLock, nowMillis: number) => ({
  self: view.self,
  nowMillis,
  registers: entriesOf(group, view),
  shared: group.shared ?? noEntries
})

/** What is being tried stays asked for, so that its grant is not taken for one that was withdrawn. */
const begunAnew = (
  self: ParticipantId,
  detail: string,
  registers: Registers,
  grants: GrantRecord | undefined,
  running: Running
): RequestRecord => {
  const named = [...(grants?.grants ?? []), ...(grants?.revoked ?? [])]
  const own = named.flatMap(({ participant, ticket }) => (participant === self ? [ticket] : []))
  const ordered = grants === undefined ? 0 : lastTurn(grants, self)
  return {
    ...blankRequests,
    queue: [...running.values()],
    lastTicket: BEYOND + Math.ceil(Math.max(0, ...running.keys(), ...own, ...ticketsOf(registers))),
    ...(ordered === 0 ? {} : { ordered }),
    problem: `its register was begun anew, requests may be lost: ${detail}`
  }
}
