// A unit's databag, whoever wrote it last, as a request record. Pure.
//   our unit          its own record; the deployed keys only repeat it
//   a deployed unit   its queue, with the moment of a request as its ticket; that its grant is over is told by a changed
//                     `executed_at` where our leader granted it, and by a later one where a deployed leader did
//   a predecessor     what it asked for and did not run
// A unit whose library could not read its own queue counts for nothing; our own is begun anew by core, which says so.
import {
  blankRequests,
  type Completion,
  type Entries,
  FencingToken,
  type LockReading,
  type Request,
  type RequestRecord,
  type RequestRegister
} from "@rollcall/core"
import type { DeployedForm, DeployedOperation } from "./DeployedOperation.ts"
import { type DeployedUnit, readUnit } from "./DeployedUnit.ts"
import { grantMark, type LockKeys, requestTickets, unitMark } from "./DialectMarks.ts"
import { readTime } from "./LockTime.ts"
import { isV0, predecessorRequests } from "./Predecessors.ts"
import { type SharedGrant, sharedGrant } from "./SharedGrant.ts"

/** What of other formats is served by the one that is set. */
export interface ReadingRules {
  readonly keys: LockKeys
  /** What is written; the native format has no words for deployed units. */
  readonly form: DeployedForm | "native"
  /** The operation that predecessors leave unnamed. */
  readonly fallback: string
}

/** The register in a unit's databag. */
export const readRequests = (
  entries: Entries,
  shared: Entries,
  reading: LockReading | undefined,
  rules: ReadingRules
): RequestRegister => {
  const register = readAny(entries, shared, reading, rules)
  const mine = reading !== undefined && reading.participant === reading.self
  if (!mine || register._tag === "Unreadable" || register.record.queue.length === 0) return register
  const unit = readUnit(entries)
  const told = unit !== undefined && unitMark(entries, rules.keys, unit) !== undefined
  const words = told ? unit.form : entries.has(rules.keys.record) ? "native" : undefined
  return words === rules.form ? register : { ...register, outdated: true }
}

const readAny = (
  entries: Entries,
  shared: Entries,
  reading: LockReading | undefined,
  rules: ReadingRules
): RequestRegister => {
  const { keys } = rules
  const unit = readUnit(entries)
  if (unit === undefined) return withoutDeployed(entries, reading, rules)
  const own = keys.native.decodeRequests(entries, shared)
  const mark = unitMark(entries, keys, unit)
  if (mark !== undefined && own._tag === "Readable" && entries.has(keys.record)) {
    return readable(withToken(own.record, mark.of, shared, reading, keys))
  }
  if (unit.problem !== undefined) return { _tag: "Unreadable", detail: unit.problem }
  return readable(deployedRecord(entries, unit, shared, reading, rules))
}

/** Beyond every priority that can be asked for: a holder that must be granted again before anybody else is. */
export const INSISTS = 1_000_000

const readable = (record: RequestRecord): RequestRegister => ({ _tag: "Readable", record })

/** Our native entries, or a predecessor's. */
const withoutDeployed = (
  entries: Entries,
  reading: LockReading | undefined,
  { fallback, keys }: ReadingRules
): RequestRegister => {
  const own = keys.native.decodeRequests(entries, entries)
  if (entries.has(keys.record)) return own
  const asked = predecessorRequests(entries, fallback)
  if (asked.length === 0) return own
  const queue = asked.map((each, i): Request => ({ ticket: i + 1, ...each }))
  const mine = reading === undefined || reading.participant === reading.self
  if (mine) return readable({ ...blankRequests, lastTicket: queue.length, queue })
  const waits = queue.map((each) => ({ ...each, resting: true }))
  const library = isV0(entries) ? "rolling_ops v0" : "charmhelpers"
  const problem = `it waits in the format of ${library}, which grants nothing here: upgrade it`
  return readable({ ...blankRequests, lastTicket: queue.length, queue: waits, problem })
}

/** What our unit told of a deployed leader's grant, under the number by which this reader knows that grant. */
const withToken = (
  record: RequestRecord,
  of: string | undefined,
  shared: Entries,
  reading: LockReading | undefined,
  keys: LockKeys
): RequestRecord => {
  const { completed } = record
  if (completed === undefined || of === undefined || reading === undefined) return record
  const grant = sharedGrant(shared, keys, reading)
  if (grant?.unit !== reading.participant || grant?.at !== of) return record
  if (completed.token >= grant.token) return record
  return { ...record, completed: { ...completed, token: grant.token } }
}

const deployedRecord = (
  entries: Entries,
  unit: DeployedUnit,
  shared: Entries,
  reading: LockReading | undefined,
  { form, keys }: ReadingRules
): RequestRecord => {
  const tickets = requestTickets(entries, keys, unit)
  const requests = unit.queue.map((each, i) => requestOf(each, tickets[i] ?? 0))
  const [head, ...rest] = requests
  const end = endOf(unit, head, shared, reading, keys)
  const mine = reading === undefined || reading.participant === reading.self
  const mute = !mine && (unit.elsewhere || form === "native")
  const held = unit.state === "retry-hold"
  const first = head && headOf(head, unit, !mine && (end.insists || held), mute)
  return {
    ...blankRequests,
    lastTicket: Math.max(0, ...requests.map(({ ticket }) => Math.ceil(ticket))),
    queue: first === undefined ? [] : [first, ...rest],
    completed: end.completed,
    problem: mute && head !== undefined ? muteProblem(unit) : undefined
  }
}

const muteProblem = ({ elsewhere, form }: DeployedUnit): string =>
  elsewhere
    ? "its queue is worked off through etcd, not through this lock"
    : `it waits in the format of ${form === "charmlibs" ? "charmlibs-rollingops" : "rolling_ops v1"}, which this lock is not set to serve`

const requestOf = (operation: DeployedOperation, ticket: number): Request => ({
  ticket,
  operation: operation.operation,
  arguments: operation.arguments,
  ...(operation.maxRetries === undefined ? {} : { maxRetries: operation.maxRetries }),
  ...(operation.attempt === 0 ? {} : { attempt: operation.attempt })
})

/** A queue whose state says nothing waits all the same: its library forgot to say so. */
const headOf = (request: Request, unit: DeployedUnit, insists: boolean, mute: boolean): Request => {
  const kept = unit.state === "retry-hold"
  const retry = kept ? "hold" : unit.state === "retry-release" ? "release" : undefined
  return {
    ...request,
    ...(retry === undefined ? {} : { retry }),
    ...(insists ? { priority: INSISTS } : {}),
    ...(mute ? { resting: true } : {})
  }
}

interface End {
  readonly completed: Completion | undefined
  /** Its library does not see that the grant is over, and may run again under it: nobody else can be granted before. */
  readonly insists: boolean
}

const endOf = (
  unit: DeployedUnit,
  head: Request | undefined,
  shared: Entries,
  reading: LockReading | undefined,
  keys: LockKeys
): End => {
  const participant = reading?.participant
  const grant = sharedGrant(shared, keys, reading)
  if (participant === undefined || grant?.unit !== participant) {
    return {
      completed: lastTry(unit, head, participant, shared, keys),
      insists: lags(unit, head, participant, shared, keys)
    }
  }
  if (!isOver(unit, head, grant)) return { completed: undefined, insists: false }
  const ticket = grantedTicket(grant, shared, keys)
  const again =
    head !== undefined &&
    (ticket === undefined ? unit.state.startsWith("retry") : ticket === head.ticket)
  const completed: Completion = {
    token: grant.token,
    ticket: again ? head.ticket : (ticket ?? 0),
    outcome: again ? "retry" : "done"
  }
  const sees = (unit.executedAt ?? 0) > (readTime(grant.at) ?? 0)
  return { completed, insists: head !== undefined && !sees && !unit.elsewhere }
}

const isOver = (unit: DeployedUnit, head: Request | undefined, grant: SharedGrant): boolean => {
  if (head === undefined || unit.elsewhere) return true
  if (grant.ours !== undefined && unit.executed !== grant.ours.executed) return true
  const grantedAt = readTime(grant.at)
  return grantedAt !== undefined && unit.executedAt !== undefined && unit.executedAt > grantedAt
}

const grantedTicket = (grant: SharedGrant, shared: Entries, keys: LockKeys): number | undefined => {
  const register = keys.native.decodeGrants(shared)
  if (register._tag === "Unreadable" || grant.ours === undefined) return undefined
  return register.record.grants.find(({ token }) => token === grant.token)?.ticket
}

/** The token of its last try, as our leaders' history has it: those that tried longest ago are tried again first. */
const lastTry = (
  unit: DeployedUnit,
  head: Request | undefined,
  participant: string | undefined,
  shared: Entries,
  keys: LockKeys
): Completion | undefined => {
  if (head === undefined || !unit.state.startsWith("retry")) return undefined
  const register = keys.native.decodeGrants(shared)
  const history = register._tag === "Readable" ? register.record.history : []
  const last = history.findLast(
    (each) => each.participant === participant && each.token !== undefined
  )
  if (last?.token === undefined) return undefined
  return { token: FencingToken.make(last.token), ticket: head.ticket, outcome: "retry" }
}

const lags = (
  unit: DeployedUnit,
  head: Request | undefined,
  participant: string | undefined,
  shared: Entries,
  keys: LockKeys
): boolean => {
  const { before } = grantMark(shared, keys)
  if (head === undefined || before === undefined || before.unit !== participant) return false
  return unit.executedAt !== undefined && unit.executedAt <= (readTime(before.at) ?? 0)
}
