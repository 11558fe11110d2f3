// Which mailboxes are made and named, and what is sent by them. Pure.
// A hook makes a few at most, so that it ends soon. Naming a mailbox is a databag write, which wakes every unit; so new
// ones are kept in stock and named together: with whatever is written to the databag anyway, or when the first of them
// is needed. The stock grows with the application, so that the hooks that naming costs stay in proportion to its units.
import type { GroupView, Write } from "@rollcall/core"
import { type Mailboxes, unitNumber } from "./MailboxRecord.ts"

/** The mailboxes of a group: `named` are in the databag, `stock` are not. */
export interface Stock {
  readonly named: Mailboxes
  readonly stock: Mailboxes
}

/** What one hook does about a group's mailboxes. */
export interface MailboxPlan {
  /** The units to which entries go by mailbox; to all others they go by databag. */
  readonly letters: ReadonlySet<string>
  /** The unit numbers for which a mailbox is made. */
  readonly made: ReadonlyArray<number>
  /** Whether all that are in stock are named. */
  readonly naming: boolean
}

/** How many hook commands a hook spends on mailboxes at most: two to make or to remove one, one to change one. */
export const COMMANDS_IN_A_HOOK = 14

/** What is to be done so that `writes` reach those they are meant for; `isBoxed` tells what is in a mailbox already. */
export const planMailboxes = (
  group: GroupView,
  { named, stock }: Stock,
  writes: ReadonlyArray<Write>,
  isBoxed: (key: string) => boolean
): MailboxPlan => {
  const has = (number: number) => named.has(number) || stock.has(number)
  const addressees = addresseesOf(group, writes)
  const without = addressees.map(unitNumber).filter((number) => !has(number))
  // by databag everybody is woken once, by mailbox its unit and, when that has read it, the owner
  const aloud =
    addressees.length * 2 >= group.peers.size ||
    addressees.length + 2 * without.length > COMMANDS_IN_A_HOOK
  const letters = new Set(aloud ? [] : addressees)
  const written =
    (aloud && addressees.length > 0) ||
    writes.some(
      ({ key, place, value }) =>
        place._tag === "own" && place.group === group.id && (value !== undefined || !isBoxed(key))
    )
  const made = aloud ? [] : [...without]
  const highest = Math.max(-1, ...[...group.peers.keys()].map(unitNumber))
  const goal = goalFor(highest, { named, stock }, { written, sends: letters.size > 0 })
  const most = Math.floor((COMMANDS_IN_A_HOOK - letters.size) / 2)
  for (let number = highest + 1; number <= goal && made.length < most; number++) {
    if (!has(number) && !made.includes(number)) made.push(number)
  }
  const first = named.size === 0
  const needed = [...letters].some((unit) => !named.has(unitNumber(unit)))
  return {
    letters,
    made,
    naming: (made.length > 0 || stock.size > 0) && (first || written || needed)
  }
}

/** The highest unit number that is to have a mailbox; -1 where none is to be made ahead of its unit. */
const goalFor = (
  highest: number,
  { named, stock }: Stock,
  { sends, written }: { readonly sends: boolean; readonly written: boolean }
): number => {
  const units = highest + 1
  const few = named.size + stock.size < FIRST
  if (few && (named.size === 0 || written)) return highest + FIRST
  const left = Math.max(-1, ...named.keys()) - highest
  const isShort = left <= Math.max(FIRST / 2, units / 4)
  return sends && isShort ? highest + Math.max(FIRST, 2 * units) : -1
}

const addresseesOf = ({ id }: GroupView, writes: ReadonlyArray<Write>): ReadonlyArray<string> => [
  ...new Set(
    writes.flatMap(({ place }) =>
      place._tag === "to" && place.group === id ? [place.participant] : []
    )
  )
]

/** How many there are from the beginning, when naming them wakes nobody yet. */
const FIRST = 20
