// What must never have happened to a fleet, by rules that share nothing with the code they judge: registers are plain
// JSON here, running is what start and end marks say, and order is that of tokens and tickets; no clock is read.
import { naturalOrder } from "@rollcall/core"
import type { Violation } from "../Check.ts"
import type { LockHistory } from "./LockHistory.ts"
import { commits, forcedIn, freshGrants, headsOf, plainGrants } from "./PlainRecords.ts"

/** What a roll was allowed to do. */
export interface Allowed {
  readonly permits: number
  readonly perGroup: number | undefined
}

/** L1: never more run at once than permits, nor in one group; and with one permit, later starts have later tokens. */
export const exclusion = (history: LockHistory, allowed: Allowed): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const violated = (detail: string) => violations.push({ guarantee: "L1", detail })
  const running = new Map<string, string | undefined>()
  let highest = 0
  for (const each of history) {
    if (each._tag === "start") {
      running.set(each.who, each.group)
      const inGroup = [...running.values()].filter((group) => group === each.group).length
      if (running.size > allowed.permits)
        violated(`${[...running.keys()].join(" and ")} run at once`)
      if (allowed.perGroup !== undefined && inGroup > allowed.perGroup) {
        violated(`${inGroup} run at once in ${each.group}`)
      }
      if (allowed.permits === 1 && each.token < highest) {
        violated(`${each.who} starts with token ${each.token} after ${highest}`)
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
export const fencing = (history: LockHistory): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  let highest = 0
  for (const each of commits(history)) {
    for (const { participant, token } of freshGrants(each)) {
      if (token <= highest) {
        violations.push({ guarantee: "L2", detail: `${participant} got ${token} after ${highest}` })
      }
      highest = Math.max(highest, token)
    }
  }
  return violations
}

/** L3: a grant answers what its participant asked for first; L8: and nobody of the same priority asked before it. */
export const order = (history: LockHistory, allowed: Allowed): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const each of commits(history)) {
    const heads = headsOf(each)
    if (heads === undefined) continue
    const after = plainGrants(each.shared)
    const revoked = plainGrants(each.before).revoked ?? []
    for (const { participant, ticket } of freshGrants(each)) {
      // the leader's own queue may have moved on within the step
      if (participant === each.who) continue
      const head = heads.get(participant)
      if (head?.ticket !== ticket) {
        const detail = `${participant} is granted ${ticket}, which is not its first request`
        violations.push({ guarantee: "L3", detail })
      }
      if (head === undefined || head.retry !== undefined || allowed.perGroup !== undefined) continue
      for (const [other, first] of heads) {
        if (first === undefined || other === each.who) continue
        if (first.resting === true || first.retry !== undefined) continue
        if ((first.permits ?? 1) > allowed.permits) continue
        if (after.grants?.some((grant) => grant.participant === other)) continue
        const ended = revoked.some(
          (one) => one.participant === other && one.ticket === first.ticket
        )
        if (ended || (first.priority ?? 0) < (head.priority ?? 0)) continue
        const earlier =
          (first.priority ?? 0) > (head.priority ?? 0) ||
          first.ticket < ticket ||
          (first.ticket === ticket && naturalOrder(other, participant) < 0)
        if (earlier) {
          violations.push({ guarantee: "L8", detail: `${participant} is granted before ${other}` })
        }
      }
    }
  }
  return violations
}

/** L3 at the holder: nothing runs after it was cancelled. L7: nothing runs again after it succeeded. */
export const answers = (history: LockHistory): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const over = new Map<string, "was cancelled" | "was answered">()
  const last = new Map<string, string>()
  for (const each of history) {
    const name = "n" in each ? `${each.n} of ${each.who}` : ""
    if (each._tag === "cancelled") over.set(name, "was cancelled")
    if (each._tag === "end" && (each.result === "release" || each.result === "failed")) {
      over.set(name, "was answered")
      last.set(each.who, name)
    }
    // what a machine forgets, or does not live to write down, it cannot know
    const forgets = each._tag === "died" && each.point === "before the journal"
    if (each._tag === "forgot" || forgets) over.delete(last.get(each.who) ?? "")
    const why = each._tag === "start" ? over.get(name) : undefined
    if (why !== undefined) {
      const guarantee = why === "was cancelled" ? "L3" : "L7"
      violations.push({ guarantee, detail: `${name} runs although it ${why}` })
    }
  }
  return violations
}

/** L4: once the trouble is over everything that was asked for is answered, but for what was lost with its register. */
export const served = (history: LockHistory): ReadonlyArray<Violation> => {
  const open = new Map<string, string>()
  for (const each of history) {
    const name = "n" in each ? `${each.n} of ${each.who}` : ""
    if (each._tag === "asked" && each.sure) open.set(name, each.who)
    if (each._tag === "told" || each._tag === "cancelled") open.delete(name)
    const lost = each._tag === "departed" || each._tag === "corrupted" ? [each.who] : forcedIn(each)
    for (const [one, who] of open) if (lost.includes(who)) open.delete(one)
  }
  return [...open.keys()].map((name) => ({ guarantee: "L4", detail: `${name} was never answered` }))
}

/** S3: a call that the store failed does not end as if nothing had happened. */
export const outspoken = (history: LockHistory): ReadonlyArray<Violation> =>
  history.flatMap((each) =>
    each._tag === "silent"
      ? [{ guarantee: "S3", detail: `${each.who} made nothing of a fault: ${each.fault}` } as const]
      : []
  )
