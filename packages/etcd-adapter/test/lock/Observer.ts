// Judges a lock by its keys alone, as any client of etcd sees them: it knows nothing of the code that wrote them.
// At every revision: no more permits than allowed, no more in a group, tokens rise, and nobody is granted before one who
// was there, could have been granted, and comes first by priority, then by ticket.
import { Effect, Stream } from "effect"
import type { EtcdShape, WatchEvent } from "../../src/index.ts"

interface Entry {
  readonly participant: string
  readonly ticket: number
  readonly priority?: number
  readonly permits?: number
  readonly group?: string
}

/** What was seen so far. */
export interface Observed {
  readonly violations: Array<string>
  readonly grants: Array<{ readonly token: number; readonly entry: Entry }>
  most: number
  /** Revisions seen, so that a test can wait for all of it. */
  revision: number
}

/** Observes the lock for as long as the scope is open. */
export const observe = Effect.fnUntraced(function* (
  etcd: EtcdShape,
  lock: string,
  limits: { readonly permits: number; readonly perGroup?: number }
) {
  const root = `lock/${lock}/`
  const seen: Observed = { violations: [], grants: [], most: 0, revision: 0 }
  const waiting = new Map<string, Entry>()
  const holding = new Map<string, Entry>()
  yield* Effect.forkScoped(
    etcd.watch({ key: root, end: `lock/${lock}0` }).pipe(
      Stream.runForEach((batch) =>
        Effect.sync(() => {
          if (batch._tag === "Resync")
            return void seen.violations.push("the observer missed something")
          for (const events of byRevision(batch.events))
            judge(root, events, waiting, holding, limits, seen)
          seen.revision = Math.max(seen.revision, batch.revision)
        })
      ),
      Effect.orDie
    ),
    { startImmediately: true }
  )
  yield* Effect.sleep(50)
  return seen
})

const judge = (
  root: string,
  events: ReadonlyArray<WatchEvent>,
  waiting: Map<string, Entry>,
  holding: Map<string, Entry>,
  limits: { readonly permits: number; readonly perGroup?: number },
  seen: Observed
): void => {
  const before = new Map(waiting)
  const granted: Array<readonly [string, number, Entry]> = []
  for (const event of events) {
    const key = event.type === "put" ? event.kv.key : event.key
    const place = key.startsWith(`${root}queue/`)
      ? waiting
      : isGrant(root, key)
        ? holding
        : undefined
    if (place === undefined) continue
    if (event.type === "delete") place.delete(key)
    else {
      const entry = JSON.parse(event.kv.value) as Entry
      if (place === holding && !holding.has(key)) granted.push([key, event.kv.modRevision, entry])
      place.set(key, entry)
    }
  }
  if (granted.length > 1) seen.violations.push(`${granted.length} grants at one revision`)
  const [grant] = granted
  const total = sum([...holding.values()])
  seen.most = Math.max(seen.most, total)
  if (grant === undefined) return
  const [key, token, entry] = grant
  if (total > limits.permits) seen.violations.push(`${total} permits at ${token}`)
  if (token <= (seen.grants.at(-1)?.token ?? 0))
    seen.violations.push(`token ${token} does not rise`)
  const others = [...holding].flatMap(([each, holder]) => (each === key ? [] : [holder]))
  const fits = (each: Entry) =>
    sum(others.filter(({ group }) => group !== undefined && group === each.group)) +
      (each.permits ?? 1) <=
      (limits.perGroup ?? Number.POSITIVE_INFINITY) || each.group === undefined
  if (!fits(entry)) seen.violations.push(`group ${entry.group} is over its limit at ${token}`)
  const waited = [...before.values()].find(
    (each) => each.participant === entry.participant && each.ticket === entry.ticket
  )
  for (const each of before.values()) {
    if (each.participant === entry.participant && each.ticket === entry.ticket) continue
    if (first(each, waited ?? entry) && fits(each)) {
      seen.violations.push(
        `${JSON.stringify(entry)} was granted before ${JSON.stringify(each)} at ${token}`
      )
    }
  }
  seen.grants.push({ token, entry })
}

const first = (left: Entry, right: Entry): boolean => {
  const [a, b] = [left.priority ?? 0, right.priority ?? 0]
  return a === b ? left.ticket < right.ticket : a > b
}

const isGrant = (root: string, key: string): boolean =>
  key.startsWith(`${root}grants/`) && /\/\d{16}$/.test(key)

const sum = (entries: ReadonlyArray<Entry>): number =>
  entries.reduce((total, { permits = 1 }) => total + permits, 0)

const byRevision = (
  events: ReadonlyArray<WatchEvent>
): ReadonlyArray<ReadonlyArray<WatchEvent>> => {
  const found = new Map<number, Array<WatchEvent>>()
  for (const event of events) {
    const at = event.type === "put" ? event.kv.modRevision : event.modRevision
    found.set(at, [...(found.get(at) ?? []), event])
  }
  return [...found.values()]
}
