// What must never have happened, read from the history of a fleet by rules that share nothing with the code they judge:
// registers are read as plain JSON here, and running is what start and end marks say.
import { naturalOrder } from "../../src/index.ts"
import { GROUP, KEY } from "./Fleet.ts"
import type { Happening } from "./Happening.ts"

/** A guarantee that did not hold, and what was seen. */
export type Violation = `L${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}: ${string}`

/** What a roll was allowed to do. */
export interface Allowed {
  readonly permits: number
  readonly perGroup: number | undefined
}

interface PlainGrant {
  readonly token: number
  readonly participant: string
  readonly ticket: number
  readonly permits?: number
}

interface PlainGrants {
  readonly token: number
  readonly grants?: ReadonlyArray<PlainGrant>
  readonly revoked?: ReadonlyArray<{ readonly participant: string; readonly ticket: number }>
}

interface PlainRequest {
  readonly ticket: number
  readonly priority?: number
  readonly resting?: boolean
  readonly retry?: string
  readonly permits?: number
}

/** L1: never more run at once than permits, nor in one group; and with one permit, later starts have later tokens. */
export const exclusion = (
  history: ReadonlyArray<Happening>,
  allowed: Allowed
): Array<Violation> => {
  const violations: Array<Violation> = []
  const running = new Map<string, string | undefined>()
  let highest = 0
  for (const each of history) {
    if (each._tag === "start") {
      running.set(each.who, each.group)
      const inGroup = [...running.values()].filter((group) => group === each.group).length
      if (running.size > allowed.permits) {
        violations.push(`L1: ${[...running.keys()].join(" and ")} run at once`)
      }
      if (allowed.perGroup !== undefined && inGroup > allowed.perGroup) {
        violations.push(`L1: ${inGroup} run at once in ${each.group}`)
      }
      if (allowed.permits === 1 && each.token < highest) {
        violations.push(`L1: ${each.who} starts with token ${each.token} after ${highest}`)
      }
      highest = Math.max(highest, each.token)
    }
    if (each._tag === "end" || each._tag === "died" || each._tag === "departed") {
      running.delete(each.who)
    }
    for (const who of forcedIn(each)) running.delete(who)
  }
  return violations
}

/** L2: what is granted is granted under a token greater than any before it. */
export const fencing = (history: ReadonlyArray<Happening>): Array<Violation> => {
  const violations: Array<Violation> = []
  let highest = 0
  for (const each of commits(history)) {
    for (const { participant, token } of fresh(each)) {
      if (token <= highest) violations.push(`L2: ${participant} got ${token} after ${highest}`)
      highest = Math.max(highest, token)
    }
  }
  return violations
}

/** L3: a grant answers what its participant asked for first; L8: and nobody of the same priority asked before it. */
export const order = (history: ReadonlyArray<Happening>, allowed: Allowed): Array<Violation> => {
  const violations: Array<Violation> = []
  for (const each of commits(history)) {
    const group = each.view.groups.find(({ id }) => id === GROUP)
    if (group === undefined) continue
    const own = plainQueue(group.own.get(KEY))
    const heads = new Map<string, PlainRequest | undefined>([[each.who, own[0]]])
    for (const [id, entries] of group.peers) heads.set(id, plainQueue(entries.get(KEY))[0])
    const before = plain(each.before)
    const now = fresh(each)
    const chosen = new Set(now.map(({ participant }) => participant))
    for (const { participant, ticket } of now) {
      // the leader's own queue may have moved on within the step
      if (participant !== each.who && heads.get(participant)?.ticket !== ticket) {
        violations.push(`L3: ${participant} is granted ${ticket}, which is not its first request`)
      }
      const head = heads.get(participant)
      if (participant === each.who || head === undefined || head.retry !== undefined) continue
      if (allowed.perGroup !== undefined) continue
      for (const [other, first] of heads) {
        if (first === undefined || other === each.who || chosen.has(other)) continue
        if (first.resting === true || first.retry !== undefined) continue
        if ((first.permits ?? 1) > allowed.permits) continue
        if (before.grants?.some((grant) => grant.participant === other)) continue
        const ended = before.revoked?.some(
          (one) => one.participant === other && one.ticket === first.ticket
        )
        if (ended === true || (first.priority ?? 0) < (head.priority ?? 0)) continue
        const earlier =
          (first.priority ?? 0) > (head.priority ?? 0) ||
          first.ticket < ticket ||
          (first.ticket === ticket && naturalOrder(other, participant) < 0)
        if (earlier) violations.push(`L8: ${participant} is granted before ${other}`)
      }
    }
  }
  return violations
}

/** L3 at the holder: nothing runs after it was cancelled. L7: nothing runs again after it succeeded. */
export const answers = (history: ReadonlyArray<Happening>): Array<Violation> => {
  const violations: Array<Violation> = []
  const over = new Map<number, string>()
  const last = new Map<string, number>()
  for (const each of history) {
    if (each._tag === "cancelled") over.set(each.n, "was cancelled")
    if (each._tag === "end" && (each.result === "release" || each.result === "failed")) {
      over.set(each.n, "was answered")
      last.set(each.who, each.n)
    }
    // what a machine forgets, or does not live to write down, it cannot know
    const forgets = each._tag === "died" && each.point === "before the journal"
    if (each._tag === "forgot" || forgets) over.delete(last.get(each.who) ?? 0)
    if (each._tag === "start" && over.has(each.n)) {
      const id = over.get(each.n) === "was cancelled" ? "L3" : "L7"
      violations.push(`${id}: ${each.n} runs on ${each.who} although it ${over.get(each.n)}`)
    }
  }
  return violations
}

/** L4, L5: once the trouble is over everything that was asked for is answered; `lost` names who lost its register. */
export const served = (history: ReadonlyArray<Happening>): Array<Violation> => {
  const open = new Map<number, string>()
  for (const each of history) {
    if (each._tag === "asked" && each.sure) open.set(each.n, each.who)
    if (each._tag === "told" || each._tag === "cancelled") open.delete(each.n)
    const lost = each._tag === "departed" || each._tag === "corrupted" ? [each.who] : forcedIn(each)
    for (const [n, who] of open) if (lost.includes(who)) open.delete(n)
  }
  return [...open].map(([n, who]): Violation => `L4: ${n} of ${who} was never answered`)
}

interface Commit {
  readonly who: string
  readonly view: Extract<Happening, { readonly _tag: "committed" }>["view"]
  readonly before: string | undefined
  readonly shared: string | undefined
}

/** Whose grant this commit ended by force. */
const forcedIn = (each: Happening): ReadonlyArray<string> => {
  if (each._tag !== "committed" || each.shared?.includes('"revoked"') !== true) return []
  const before = plain(each.before).revoked ?? []
  return (plain(each.shared).revoked ?? []).flatMap((one) =>
    before.some((old) => old.participant === one.participant && old.ticket === one.ticket)
      ? []
      : [one.participant]
  )
}

const commits = (history: ReadonlyArray<Happening>): ReadonlyArray<Commit> =>
  history.flatMap((each) => (each._tag === "committed" ? [each] : []))

const fresh = ({ before, shared }: Commit): ReadonlyArray<PlainGrant> => {
  const known = new Set(plain(before).grants?.map(({ token }) => token))
  return (plain(shared).grants ?? []).filter(({ token }) => !known.has(token))
}

let parsed: readonly [string, PlainGrants] = ["", { token: 0 }]
const plain = (text: string | undefined): PlainGrants => {
  if (text === undefined) return { token: 0 }
  if (parsed[0] !== text) parsed = [text, JSON.parse(text)]
  return parsed[1]
}

const plainQueue = (text: string | undefined): ReadonlyArray<PlainRequest> => {
  try {
    return (JSON.parse(text ?? "{}") as { queue?: ReadonlyArray<PlainRequest> }).queue ?? []
  } catch {
    return []
  }
}
