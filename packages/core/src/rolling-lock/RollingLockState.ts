// The leader's side of a lock: from what participants say and what was granted to what is granted now. Pure.
// Invariants, whatever the input:
//   L1 permits of grants that may run never exceed the limit of the moment they were granted in;
//   L2 a new token is greater than every token this record or any register shows;
//   L3 a grant answers the first request of its participant, never one that was cancelled, revoked or answered;
//   L4 a request is not touched here: only its participant takes it away;
//   L5 a grant that is over goes: its holder said so, withdrew it, or departed; then a waiter that fits is granted;
//   L6 a record that needs no change is returned as it is, the same value;
//   L7 no time of another machine is compared: completions quote tokens, a rest is observed by the leader itself;
//   L8 who is next is the policy's.
// A grant is kept while it is unknown what became of it: its register cannot be read, or is older than the grant.
import type { ParticipantId } from "../Participant.ts"
import { type Fate, fateOf, isOver, isRevoked, knows, type Registers, ticketsOf } from "./Fate.ts"
import { tokenAfter } from "./FencingToken.ts"
import type { LockLimits } from "./LockLimits.ts"
import { openOrders, type TakenUp } from "./Orders.ts"
import type { GrantPolicy, Situation, Waiter } from "./RollingLockPolicy.ts"
import type { Grant, GrantRecord, PastEvent, Request, RequestRecord } from "./RollingLockRecord.ts"
import { isOpen } from "./Window.ts"

/** Everything the leader's next record depends on. */
export interface LeaderInput {
  readonly self: ParticipantId
  readonly nowMillis: number
  readonly before: GrantRecord
  readonly registers: Registers
  readonly takenUp: TakenUp
  /** Whether a participant without a register has departed, and is not merely still to come. */
  readonly departed: (participant: ParticipantId) => boolean
  readonly limits: LockLimits
  readonly policy: GrantPolicy
  /** Whether a health gate is asked before every grant. */
  readonly gated: boolean
  /** What it said, in words, where it stops the roll. */
  readonly unhealthy: string | undefined
  /** Whether the ends of grants need no repeating: everybody reads them from their holders' registers. */
  readonly defers: boolean
}

/** The leader's next record; `before` itself where nothing changes. **Guarantee** L1, L2, L3, L5, L6, L8 */
export const nextGrants = (input: LeaderInput): GrantRecord => {
  const { before, departed, takenUp } = input
  const after = granted(released(input), input)
  if (after === before || (input.defers && saysNothingNew(after, input))) return before
  const orders = openOrders(after, takenUp, departed)
  return orders === after.orders ? after : { ...after, orders }
}

/** Takes away grants that are over, and draws the consequences: a rest after a success, a pause after failures. */
export const released = (
  input: Pick<LeaderInput, "before" | "departed" | "limits" | "nowMillis" | "registers" | "self">
): GrantRecord => {
  const { before, departed, limits, nowMillis, registers, self } = input
  const events: Array<PastEvent> = []
  const kept = before.grants.filter((grant) => {
    const event = endOf(grant, fateOf(grant, registers.get(grant.participant)), departed)
    if (event !== undefined) {
      events.push({ ...pastGrant(grant), atMillis: nowMillis, ...event })
    }
    return event === undefined
  })
  const pending = before.revoked.filter((each) => isPending(each, registers, departed))
  const revoked = pending.length === before.revoked.length ? before.revoked : pending
  if (events.length === 0 && revoked === before.revoked) return before
  let after = remember({ ...before, grants: kept, revoked }, limits, ...events)
  if (limits.settleMillis > 0 && events.some(({ event }) => event === "done")) {
    after = { ...after, settling: { by: self, untilMillis: nowMillis + limits.settleMillis } }
  }
  const failures = events.filter(({ event }) => event === "failed")
  if (failures.length === 0) return after
  const failed = [...new Set([...after.failed, ...failures.map((each) => `${each.participant}`)])]
  after = { ...after, failed }
  if (failed.length < limits.failures || after.pause !== undefined) return after
  const { operation, participant, reason = "it failed" } = failures.at(-1) as PastEvent
  const pause = { reason: `${operation} on ${participant}: ${reason}`, atMillis: nowMillis }
  return remember({ ...after, pause }, limits, { event: "paused", ...pause })
}

/** The requests that could be granted now; where groups are bounded, no turn of somebody whose group is not known. */
const waitersOf = (
  registers: Registers,
  record: GrantRecord,
  { perGroup }: LockLimits
): ReadonlyArray<Waiter> =>
  [...registers].flatMap(([participant, register]) => {
    if (register._tag === "Unreadable") return []
    const [first] = register.record.queue
    if (first === undefined || first.resting === true) return []
    const busy = record.grants.some((grant) => grant.participant === participant)
    if (busy || isRevoked(record, participant, first.ticket)) return []
    const isTurn = !Number.isInteger(first.ticket)
    if (isTurn && perGroup !== undefined && register.record.group === undefined) return []
    return [waiterOf(participant, first, register.record)]
  })

/** A request as a policy sees it. */
export const waiterOf = (
  participant: ParticipantId,
  request: Request,
  { completed }: RequestRecord
): Waiter => ({
  participant,
  ticket: request.ticket,
  operation: request.operation,
  priority: request.priority ?? 0,
  permits: request.permits ?? 1,
  group: request.group,
  triedAt:
    request.retry === "release" && completed?.ticket === request.ticket
      ? completed.token
      : request.retry === "release"
        ? 0
        : undefined
})

/** What the policy is asked; only a roll that moves by completions alone can be planned ahead. */
export const situationOf = (
  registers: Registers,
  record: GrantRecord,
  limits: LockLimits,
  gated: boolean
): Situation => {
  const moves = limits.settleMillis === 0 && limits.windows.length === 0 && !gated
  const planned = record.grants.length - countWithin(record, limits.permits)
  const waiters = waitersOf(registers, record, limits)
  // an order plans its turns, and all that waited for longer
  const ordered = 1 + (record.orders?.at(-1)?.ticket ?? -1)
  const turns = waiters.filter(({ ticket }) => ticket < ordered).length
  const ahead = Math.max(0, limits.ahead - planned) + turns
  return {
    waiters,
    holders: record.grants.map(({ group, participant, permits = 1 }) => ({
      participant,
      permits,
      group
    })),
    horizon: Math.max(0, ...ticketsOf(registers)),
    limits: { ...limits, ahead: moves && limits.perGroup === undefined ? ahead : 0 }
  }
}

/** The record with one event more, and none more than are kept. */
export const remember = (
  record: GrantRecord,
  limits: LockLimits,
  ...events: ReadonlyArray<PastEvent>
): GrantRecord => ({ ...record, history: [...record.history, ...events].slice(-limits.history) })

/** Grants what the policy chooses, unless something holds the roll back; then it says what. */
const granted = (record: GrantRecord, input: LeaderInput): GrantRecord => {
  const { gated, limits, nowMillis, policy, registers, self } = input
  const chosen =
    record.pause === undefined ? policy.chosen(situationOf(registers, record, limits, gated)) : []
  if (chosen.length === 0) return unblocked(record, undefined)
  const settling = restingUntil(record, self, nowMillis, limits.settleMillis)
  if (settling !== undefined) {
    const blocked = "it settles after the last success"
    return unblocked(settling === record.settling ? record : { ...record, settling }, blocked)
  }
  if (!isOpen(limits.windows, nowMillis)) return unblocked(record, "the window is closed")
  if (input.unhealthy !== undefined) return unblocked(record, input.unhealthy)
  let { token } = record
  const floor = tokensOf(registers)
  const fresh = chosen.map((waiter): Grant => {
    token = tokenAfter(token, ...floor)
    const { group, operation, participant, permits, ticket } = waiter
    return {
      token,
      participant,
      ticket,
      operation,
      ...(permits === 1 ? {} : { permits }),
      ...(group === undefined ? {} : { group }),
      atMillis: nowMillis
    }
  })
  const grants = [...record.grants, ...fresh]
  return {
    ...record,
    token,
    grants,
    permits: limits.permits,
    blocked: undefined,
    settling: undefined
  }
}

/** Whether all there is to tell is that grants are over. */
const saysNothingNew = (after: GrantRecord, { before, registers }: LeaderInput): boolean =>
  after.token === before.token &&
  after.pause === before.pause &&
  after.blocked === before.blocked &&
  after.failed === before.failed &&
  after.settling === before.settling &&
  after.revoked === before.revoked &&
  before.grants.every((grant) => after.grants.includes(grant) || isOver(grant, registers))

const unblocked = (record: GrantRecord, blocked: string | undefined): GrantRecord =>
  record.blocked === blocked ? record : { ...record, blocked }

/** The rest that is left; one begun by another leader, or by a clock that was set, begins again. */
const restingUntil = (
  { settling }: GrantRecord,
  self: ParticipantId,
  nowMillis: number,
  settleMillis: number
): GrantRecord["settling"] => {
  if (settling === undefined || settleMillis === 0) return undefined
  const untilMillis = nowMillis + settleMillis
  if (settling.by !== self || settling.untilMillis > untilMillis) return { by: self, untilMillis }
  return nowMillis < settling.untilMillis ? settling : undefined
}

const endOf = (
  grant: Grant,
  fate: Fate,
  departed: LeaderInput["departed"]
): (Pick<PastEvent, "event"> & Partial<PastEvent>) | undefined => {
  switch (fate._tag) {
    case "Over": {
      const { atMillis, outcome, reason, sinceMillis, token } = fate.completion
      return {
        event: outcome,
        ...(reason === undefined ? {} : { reason: reason.slice(0, 200) }),
        ...(sinceMillis === undefined || token !== grant.token ? {} : { sinceMillis }),
        ...(atMillis === undefined || token !== grant.token ? {} : { atMillis })
      }
    }
    case "Withdrawn":
      return { event: "withdrawn" }
    case "NoRegister":
      return departed(grant.participant) ? { event: "departed" } : undefined
    default:
      return undefined
  }
}

/** Whether the participant of a revoked request still has it. */
const isPending = (
  { participant, ticket }: GrantRecord["revoked"][number],
  registers: Registers,
  departed: LeaderInput["departed"]
): boolean => {
  const register = registers.get(participant as ParticipantId)
  if (register === undefined) return !departed(participant as ParticipantId)
  if (register._tag === "Unreadable") return true
  const { record } = register
  return !knows(record, ticket) || record.queue.some((request) => request.ticket === ticket)
}

const tokensOf = (registers: Registers): ReadonlyArray<number> =>
  [...registers.values()].map((each) =>
    each._tag === "Readable" ? (each.record.completed?.token ?? 0) : 0
  )

const pastGrant = ({ atMillis, operation, participant, token }: Grant) => ({
  sinceMillis: atMillis,
  token,
  participant,
  operation
})

/** How many grants, in the order of tokens, are within `permits`: the others were published ahead of their turn. */
const countWithin = ({ grants }: GrantRecord, permits: number): number => {
  let left = permits
  return grants.filter((grant) => (left -= grant.permits ?? 1) >= 0).length
}
