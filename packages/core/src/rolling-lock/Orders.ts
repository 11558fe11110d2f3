// Orders of a whole roll: the leader says once, in the shared register, what every named participant is to run, and each
// derives from it a request of its own, its turn. Pure; whoever sees the same registers derives the same, so that no turn
// is written before its participant has something else to say.
// A turn's ticket is the order's, a whole number drawn like any other, with the place in the order in thousandths: no
// participant can draw the same, and the turn stands in the line where the order was given (L8). A participant's
// `ordered` is the last turn it took up: one that was answered or cancelled does not come back (L3, L4).
import type { ParticipantId } from "../Participant.ts"
import type { Registers } from "./Fate.ts"
import { lastSame, mergedInto, type Wish, withRequest } from "./RequestQueue.ts"
import type { GrantRecord, Order, RequestRecord } from "./RollingLockRecord.ts"

/** As many participants as one order can name. */
export const MOST_TURNS = 999

/** The ticket of the participant's turn; undefined where the order does not name it. */
export const turnOf = (
  { participants, ticket }: Order,
  participant: ParticipantId
): number | undefined => {
  const place = participants.indexOf(participant)
  return place < 0 ? undefined : (ticket * 1_000 + place + 1) / 1_000
}

/** The record with one order more. */
export const withOrder = (grants: GrantRecord, order: Order): GrantRecord => ({
  ...grants,
  orders: [...(grants.orders ?? []), order]
})

/** The registers as they will be when everybody has taken up its turns. */
export const withTurns = (registers: Registers, grants: GrantRecord): Registers =>
  grants.orders === undefined
    ? registers
    : new Map(
        [...registers].map(([id, each]) => [
          id,
          each._tag === "Unreadable" ? each : { ...each, record: turned(id, each.record, grants) }
        ])
      )

/** The last turn of `participant` in all orders: a register that is begun anew counts it as taken up. */
export const lastTurn = (grants: GrantRecord, participant: ParticipantId): number =>
  Math.max(0, ...(grants.orders ?? []).map((order) => turnOf(order, participant) ?? 0))

/** How far everybody has taken up its turns, as the registers themselves say. */
export type TakenUp = ReadonlyMap<ParticipantId, number>

/** What the registers say before turns are added to them. */
export const takenUpIn = (registers: Registers): TakenUp =>
  new Map(
    [...registers].flatMap(([id, each]) =>
      each._tag === "Readable" ? [[id, each.record.ordered ?? 0] as const] : []
    )
  )

/** The orders of which somebody who may still be there has not said that it took up its turn, and the last one. */
export const openOrders = (
  { orders }: GrantRecord,
  taken: TakenUp,
  departed: (participant: ParticipantId) => boolean
): GrantRecord["orders"] => {
  const isOpen = (order: Order) =>
    order.participants.some((each) => {
      const ordered = taken.get(each)
      return ordered === undefined ? !departed(each) : ordered < (turnOf(order, each) ?? 0)
    })
  const open = orders?.filter((order, i) => i === orders.length - 1 || isOpen(order))
  return open?.length === orders?.length ? orders : open
}

/** The requests that wait already for what is to be ordered, and were not granted: they will do for their turns. */
export const sameIn = (
  wish: Wish,
  participants: ReadonlyArray<ParticipantId>,
  registers: Registers,
  { grants, revoked }: GrantRecord
): Order["merged"] => {
  const same = participants.flatMap((participant) => {
    const register = registers.get(participant)
    const last = register?._tag === "Readable" ? lastSame(register.record, wish) : undefined
    const is = (each: { readonly participant: string; readonly ticket: number }) =>
      each.participant === participant && each.ticket === last?.ticket
    return last === undefined || grants.some(is) || revoked.some(is)
      ? []
      : [[participant, last.ticket] as const]
  })
  return same.length === 0 ? undefined : Object.fromEntries(same)
}

const turned = (
  participant: ParticipantId,
  record: RequestRecord,
  grants: GrantRecord
): RequestRecord => {
  let next = record
  for (const order of grants.orders ?? []) {
    const turn = turnOf(order, participant)
    if (turn === undefined || turn <= (next.ordered ?? 0)) continue
    const { merged, participants: _, ticket: __, ...asked } = order
    const { group = "" } = record
    const wish = group === "" ? asked : { ...asked, group }
    // it cannot have been granted without the order being seen: where it is gone, it was cancelled
    const same = next.queue.find(({ ticket }) => ticket === merged?.[participant])
    // what was asked for before the order was seen stands behind a turn that is granted already
    const granted = grants.grants.some(
      (each) => each.participant === participant && each.ticket === turn
    )
    const after =
      same === undefined
        ? withRequest(next, { ticket: turn, ...wish }, granted)
        : mergedInto(next, same.ticket, wish)
    next = { ...after, ordered: turn }
  }
  return next
}
