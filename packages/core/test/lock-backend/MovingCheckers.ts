// What must never have happened to a lock that moves, read from what its participants did, not from what they say.
import type { Event, MovingFleet } from "./MovingFleet.ts"
import { KEY } from "./MovingFleet.ts"

/** A promise that did not hold, and what was seen. */
export type Violation =
  `${"L1" | "L2" | "L4" | "L6" | "L7" | "B1" | "B3" | "B4" | "waits"}: ${string}`

interface Running {
  readonly backend: string
  lapsed: boolean
}

/**
 * L1: nobody starts while somebody runs. Only within the leased backend may one be overtaken whose lease has passed while
 * its machine stood still; in a move never. L2: who starts later has a greater token, but for a try under the same grant.
 */
export const exclusion = (history: ReadonlyArray<Event>): Array<Violation> => {
  const violations: Array<Violation> = []
  const running = new Map<string, Running>()
  let last = { token: 0, n: 0 }
  for (const each of history) {
    if (each._tag === "start") {
      for (const [who, other] of running) {
        const overtaken = other.lapsed && other.backend === "leased" && each.backend === "leased"
        if (!overtaken && who !== each.who) {
          violations.push(
            `L1: ${each.who} starts in ${each.backend} while ${who} runs in ${other.backend}`
          )
        }
      }
      if (each.token < last.token || (each.token === last.token && each.n !== last.n)) {
        violations.push(`L2: ${each.who} starts with token ${each.token} after ${last.token}`)
      }
      if (each.token > last.token) last = each
      running.set(each.who, { backend: each.backend, lapsed: false })
    }
    if (each._tag === "end" || each._tag === "died" || each._tag === "cut") running.delete(each.who)
    const run = running.get(each.who)
    if (each._tag === "lapsed" && run !== undefined) run.lapsed = true
    // the peers' lock ends with the participant; elsewhere its process may live on
    if (each._tag === "departed" && run?.backend === "peers") running.delete(each.who)
  }
  return violations
}

/** L7: nothing is tried more often than it was asked for, nor again after it was done. */
export const exactly = (history: ReadonlyArray<Event>): Array<Violation> => {
  const violations: Array<Violation> = []
  const most = new Map<number, number>()
  const ends = new Map<number, number>()
  const over = new Set<number>()
  const last = new Map<string, number>()
  for (const each of history) {
    if (each._tag === "asked") most.set(each.n, each.most)
    if (each._tag === "start" && over.has(each.n)) {
      violations.push(`L7: ${each.n} runs on ${each.who} although it was over`)
    }
    if (each._tag === "end") {
      const count = (ends.get(each.n) ?? 0) + 1
      ends.set(each.n, count)
      last.set(each.who, each.n)
      if (each.result === "release" || each.result === "failed") over.add(each.n)
      if (count > (most.get(each.n) ?? 0)) violations.push(`L7: ${each.n} was tried ${count} times`)
    }
    if (each._tag === "cancelled") over.add(each.n)
    // what a machine does not live to write down it cannot know
    if (each._tag === "died" && each.point === "before the journal") {
      const n = last.get(each.who) ?? 0
      over.delete(n)
      ends.set(n, (ends.get(n) ?? 1) - 1)
    }
  }
  return violations
}

/** L4: once the trouble is over everything that was asked for is answered; nobody answers for who departed. */
export const served = (history: ReadonlyArray<Event>): Array<Violation> => {
  const open = new Map<number, string>()
  for (const each of history) {
    if (each._tag === "asked" && each.sure) open.set(each.n, each.who)
    if (each._tag === "told" || each._tag === "cancelled") open.delete(each.n)
    if (each._tag === "departed") {
      for (const [n, who] of open) if (who === each.who) open.delete(n)
    }
  }
  return [...open].map(([n, who]): Violation => `L4: ${n} of ${who} was never answered`)
}

/** For each participant, the order in which it was answered is the order in which it asked. */
export const inOrder = (history: ReadonlyArray<Event>): Array<Violation> => {
  const violations: Array<Violation> = []
  const first = new Map<string, number>()
  for (const each of history) {
    if (each._tag !== "told") continue
    const before = first.get(each.who) ?? 0
    if (each.n < before) violations.push(`L4: ${each.n} of ${each.who} is answered after ${before}`)
    first.set(each.who, Math.max(before, each.n))
  }
  return violations
}

interface PlainRecord {
  readonly epoch: number
  readonly backend: string
  readonly floor: number
  readonly admitted: ReadonlyArray<string>
  readonly moving?: { readonly attested?: ReadonlyArray<string> }
}

/** B3, B4: epochs and floors never fall, and a backend changes only with its epoch. */
export const epochs = (history: ReadonlyArray<Event>): Array<Violation> => {
  const violations: Array<Violation> = []
  let before: PlainRecord | undefined
  for (const each of history) {
    if (each._tag !== "moved") continue
    const record = JSON.parse(each.record) as PlainRecord
    if (before !== undefined) {
      if (record.epoch < before.epoch)
        violations.push(`B4: epoch ${record.epoch} after ${before.epoch}`)
      if (record.floor < before.floor)
        violations.push(`B3: floor ${record.floor} after ${before.floor}`)
      if (record.backend !== before.backend && record.epoch === before.epoch) {
        violations.push(`B4: ${record.backend} in the epoch of ${before.backend}`)
      }
    }
    before = record
  }
  return violations
}

/** Who is there, may act and has not said that it is out: for exactly these a move waits, of those that are there. */
export const stillIn = (fleet: MovingFleet): ReadonlyArray<string> | undefined => {
  const record = fleet.record() as PlainRecord | undefined
  if (record?.moving === undefined) return undefined
  const there = new Set(fleet.present.map(({ id }) => `${id}`))
  return record.admitted.filter((id) => {
    const seat = fleet.seats.find((each) => each.id === id)
    if (!there.has(id) || seat === undefined) return false
    if (record.moving?.attested?.includes(id) === true) return false
    const text = fleet.world.view(seat.id).groups[0]?.own.get(KEY)
    const said = JSON.parse(text ?? "{}") as { readonly out?: { readonly epoch: number } }
    return said.out?.epoch !== record.epoch
  })
}
