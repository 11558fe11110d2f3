// Where a lock lives in etcd: four kinds of keys under `lock/<name>/`. Pure. The page docs/protocol/etcd-lock.md shows them.
// Order is in the names: what is next in the queue is its first key, so that nobody ever reads the whole of it.
import type { Keys } from "../client/Etcd.ts"
import { prefixEnd } from "../client/Etcd.ts"

/** What decides a waiter's place. */
export interface Place {
  readonly participant: string
  readonly ticket: number
  readonly priority: number
  /** The token of its last try, where it was tried before. */
  readonly triedAt: number | undefined
}

/** The keys of one lock. */
export interface LockKeys {
  /** The state of the lock; every transition writes it, and compares its revision. */
  readonly state: string
  /** The state, all grants and the guard's mark. */
  readonly grants: Keys
  /** The mark that each arrival writes, then all waiters, the next one first. */
  readonly queue: Keys
  /** The mark that each arrival writes. */
  readonly arrivals: string
  /** All keys at which a session of `participant` hears of its grants. */
  readonly mailbox: (participant: string) => Keys
  readonly grant: (participant: string, ticket: number) => string
  readonly guard: (participant: string) => string
  readonly hint: (participant: string) => string
  /** Written when somebody else asks for a turn of `participant`. */
  readonly asked: (participant: string) => string
  readonly waiter: (place: Place, ageing: number) => string
  /** The waiters before this one. */
  readonly before: (waiter: string) => Keys
  readonly requests: (participant: string) => string
  readonly allRequests: Keys
  readonly history: (slot: number) => string
  readonly allHistory: Keys
}

/** The keys of the lock of that name. */
export const lockKeys = (lock: string): LockKeys => {
  const root = `lock/${lock}/`
  const within = (prefix: string): Keys => ({ key: prefix, end: prefixEnd(prefix) })
  const mailbox = (participant: string) => `${root}grants/${encodeURIComponent(participant)}/`
  return {
    state: `${root}grants`,
    grants: { key: `${root}grants`, end: prefixEnd(`${root}grants/`) },
    queue: { key: `${root}queue`, end: prefixEnd(`${root}queue/`) },
    arrivals: `${root}queue`,
    mailbox: (participant) => within(mailbox(participant)),
    grant: (participant, ticket) => `${mailbox(participant)}${digits(ticket, 16)}`,
    guard: (participant) => `${mailbox(participant)}guard`,
    asked: (participant) => `${mailbox(participant)}asked`,
    hint: (participant) => `${mailbox(participant)}hint`,
    waiter: (place, ageing) => `${root}queue/${rankOf(place, ageing)}`,
    before: (waiter) => ({ key: `${root}queue/`, end: waiter }),
    requests: (participant) => `${root}requests/${encodeURIComponent(participant)}`,
    allRequests: within(`${root}requests/`),
    history: (slot) => `${root}history/${digits(slot, 4)}`,
    allHistory: within(`${root}history/`)
  }
}

// With ageing a waiter rises by one priority for every `ageing` revisions: then two waiters keep their order for ever, and
// a priority is worth so many revisions of having come earlier.
const rankOf = ({ participant, priority, ticket, triedAt }: Place, ageing: number): string => {
  const tried = triedAt === undefined ? 0 : 1
  const band = ageing === 0 ? digits(MOST - priority, 4) : digits(0, 4)
  const came = ageing === 0 ? (triedAt ?? ticket) : ticket + (MOST - priority) * ageing
  const name = `${encodeURIComponent(participant)}/${digits(ticket, 16)}`
  return `${band}/${ageing === 0 ? tried : 0}/${digits(came, 16)}/${name}`
}

const digits = (value: number, width: number): string => `${value}`.padStart(width, "0")

const MOST = 1_000
