// From registers to the keys that etcd puts and takes away. Pure.
import { type Entries, ParticipantId } from "@rollcall/core"
import type { Op } from "../client/Etcd.ts"
import { ALL, addresseesOf, type Changes, type OwnRegisters } from "./OwnRegisters.ts"
import { registerText, sentText } from "./RegisterText.ts"
import type { Session } from "./Session.ts"

type Place = Pick<Session, "groups" | "guard" | "keys" | "own" | "self" | "side">

/** How many operations are put into one transaction: etcd takes 128 unless it is told otherwise. */
export const MOST_OPS = 100

/**
 * The keys that a step changes, all of them where the participant was not there before: one transaction. Only where more
 * than a hundred are written to, what is for each of them goes before what is for all.
 */
export const portionsOf = (
  session: Place,
  changes: Changes,
  lease: bigint
): ReadonlyArray<ReadonlyArray<Op>> => {
  const { keys, self, side } = session
  const { addressees, own, privately, registers, shared } = changes
  const fresh = session.guard === undefined
  const written = fresh ? everyRegister(session, own) : registers
  const ops = written.map((at) => registerOp(session, own, at, lease))
  const rest: Array<Op> = []
  if (fresh || privately) rest.push(privateOp(session, own, lease))
  if (fresh || addressees) rest.push(sentOp(session, addresseesOf(own), lease))
  for (const [group, entries] of shared) {
    rest.push({ op: "put", key: keys.shared(group, side), value: registerText(entries) })
  }
  if (ops.length + rest.length <= MOST_OPS) return [[...ops, ...rest]]
  const forAll = new Set(session.groups.map(({ id }) => keys.register(id, side, self)))
  const single = ops.filter(({ key }) => !forAll.has(key))
  // who was written to, and who is: whatever is lost half way is found again
  const either = sentOp(session, [...addresseesOf(session.own), ...addresseesOf(own)], lease)
  return [[either], ...inPortions(single), [...ops.filter(({ key }) => forAll.has(key)), ...rest]]
}

/** All that a participant has written, put under a lease. */
export const everyOp = (session: Place, own: OwnRegisters, lease: bigint): ReadonlyArray<Op> => [
  ...everyRegister(session, own).map((at) => registerOp(session, own, at, lease)),
  privateOp(session, own, lease),
  sentOp(session, addresseesOf(own), lease)
]

/** Parts that each fit into a transaction. */
export const inPortions = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / MOST_OPS) }, (_, index) =>
    all.slice(index * MOST_OPS, (index + 1) * MOST_OPS)
  )

/** A register for all is there in each group, also where it says nothing: that shows who is there. */
const everyRegister = ({ groups }: Place, own: OwnRegisters) => [
  ...groups.map(({ id }) => [id, ALL] as const),
  ...addresseesOf(own)
]

const registerOp = (
  { keys, self, side }: Place,
  own: OwnRegisters,
  [group, to]: readonly [group: string, to: string],
  lease: bigint
): Op => {
  const entries: Entries = own.groups.get(group)?.get(to) ?? new Map()
  if (to === ALL) {
    return {
      op: "put",
      key: keys.register(group, side, self),
      value: registerText(entries),
      lease
    }
  }
  const key = keys.addressed(ParticipantId.make(to), group, self)
  return entries.size === 0
    ? { op: "delete", key }
    : { op: "put", key, value: registerText(entries), lease }
}

const privateOp = ({ keys, self }: Place, { privately }: OwnRegisters, lease: bigint): Op => ({
  op: "put",
  key: keys.privately(self),
  value: registerText(privately),
  lease
})

const sentOp = (
  { keys, self }: Place,
  pairs: ReturnType<typeof addresseesOf>,
  lease: bigint
): Op => {
  const each = new Map(pairs.map((pair) => [pair.join("\n"), pair]))
  return { op: "put", key: keys.sent(self), value: sentText([...each.values()]), lease }
}
