// Registers of a lock as plain JSON: checkers share no reader with the code they judge.

import type { Committed, LockHappening, LockHistory } from "./LockHistory.ts"
import { LOCK_KEY, lockGroup } from "./LockSeat.ts"

/** A grant as it is written. */
export interface PlainGrant {
  readonly token: number
  readonly participant: string
  readonly ticket: number
}

/** The shared register as it is written. */
export interface PlainGrants {
  readonly token: number
  readonly grants?: ReadonlyArray<PlainGrant>
  readonly revoked?: ReadonlyArray<{ readonly participant: string; readonly ticket: number }>
  readonly orders?: ReadonlyArray<{
    readonly ticket: number
    readonly priority?: number
    readonly participants: ReadonlyArray<string>
    readonly merged?: Readonly<Record<string, number>>
  }>
}

/** A request as it is written. */
export interface PlainRequest {
  readonly ticket: number
  readonly priority?: number
  readonly resting?: boolean
  readonly retry?: string
  readonly permits?: number
}

interface PlainRequests {
  readonly v?: number
  readonly queue?: ReadonlyArray<PlainRequest>
  readonly ordered?: number
}

/** The steps that wrote the shared register. */
export const commits = (history: LockHistory): ReadonlyArray<Committed> =>
  history.flatMap((each) => (each._tag === "committed" ? [each] : []))

/** The grants that a step gave. */
export const freshGrants = ({ before, shared }: Committed): ReadonlyArray<PlainGrant> => {
  const known = new Set(plainGrants(before).grants?.map(({ token }) => token))
  return (plainGrants(shared).grants ?? []).filter(({ token }) => !known.has(token))
}

let parsed: readonly [string, PlainGrants] = ["", { token: 0 }]

/** The shared register's text, read. */
export const plainGrants = (text: string | undefined): PlainGrants => {
  if (text === undefined) return { token: 0 }
  if (parsed[0] !== text) parsed = [text, readable(text) as PlainGrants]
  return parsed[1]
}

/** What everybody wants first, as the step that committed saw it, turns that were ordered included. */
export const headsOf = (
  commit: Committed
): ReadonlyMap<string, PlainRequest | undefined> | undefined => {
  const group = lockGroup(commit.view)
  if (group === undefined) return undefined
  const grants = plainGrants(commit.before)
  const orders = plainGrants(commit.shared).orders ?? []
  const registers = [[commit.who, group.own] as const, ...group.peers]
  return new Map(
    registers.map(([who, entries]) => [who, headOf(who, entries.get(LOCK_KEY), grants, orders)])
  )
}

/** Whose grant this commit ended by force. */
export const forcedIn = (each: LockHappening): ReadonlyArray<string> => {
  if (each._tag !== "committed" || each.shared?.includes('"revoked"') !== true) return []
  const before = plainGrants(each.before).revoked ?? []
  return (plainGrants(each.shared).revoked ?? []).flatMap((one) =>
    before.some((old) => old.participant === one.participant && old.ticket === one.ticket)
      ? []
      : [one.participant]
  )
}

const headOf = (
  who: string,
  text: string | undefined,
  grants: PlainGrants,
  orders: NonNullable<PlainGrants["orders"]>
): PlainRequest | undefined => {
  const { ordered = 0, queue = [], v } = readable(text ?? '{"v":1}') as PlainRequests
  if (v !== 1) return undefined
  const line = [...queue]
  for (const { merged = {}, participants, priority, ticket } of orders) {
    const place = participants.indexOf(who)
    const turn = (ticket * 1_000 + place + 1) / 1_000
    if (place < 0 || turn <= ordered || line.some((each) => each.ticket === merged[who])) continue
    const request = { ticket: turn, ...(priority === undefined ? {} : { priority }) }
    const granted = grants.grants?.some((each) => each.participant === who && each.ticket === turn)
    if (granted === true) line.unshift(request)
    else line.push(request)
  }
  return line[0]
}

const readable = (text: string): object => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? value : {}
  } catch {
    return {}
  }
}
