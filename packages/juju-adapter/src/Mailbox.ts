// Mailboxes as Juju secrets. A secret belongs to the distributor's unit and is granted to the related application; what
// is in it is sealed, or no secret. Its reader follows it with --refresh, so that Juju wakes it at the next change.
import { type Entries, type GroupView, noEntries, ParticipantId, type Write } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import {
  secretAdd,
  secretGet,
  secretGrant,
  secretIds,
  secretRemove,
  secretSet
} from "./hook-commands/secret.ts"
import { COMMANDS_IN_A_HOOK, planMailboxes, type Stock } from "./MailboxPlan.ts"
import {
  boxesOf,
  boxKey,
  CONTENT_KEY,
  MAILBOXES_KEY,
  type Mailboxes,
  readContent,
  readMailboxes,
  stockKey,
  unitNumber,
  writeContent,
  writeMailboxes
} from "./MailboxRecord.ts"
import type { RelationId } from "./RelationId.ts"

/** What is in this unit's mailbox, by the table in a distributor's databag; nothing where it has none or may not look. */
export const receive = (table: Entries, unit: string) => {
  const id = readMailboxes(table).get(unitNumber(unit))
  if (id === undefined) return Effect.succeed(noEntries)
  return secretGet({ id }, "refresh").pipe(
    Effect.map((content) => {
      const text = content[CONTENT_KEY]
      return text === undefined ? noEntries : readContent(Redacted.value(text))
    }),
    Effect.catchIf(
      ({ reason }) => reason === "secret-not-found" || reason === "permission-denied",
      () => Effect.succeed(noEntries)
    )
  )
}

/**
 * Turns a group's writes that are meant for one unit into changes of its mailbox, as far as that is the better way; what
 * is left to stage comes back. A mailbox that holds nothing any more is removed, which wakes nobody; a unit that is needed
 * again gets another. `named` are the mailboxes in the databag as the step began.
 */
export const post = (
  relation: RelationId,
  group: GroupView,
  named: Mailboxes,
  memory: Entries,
  writes: ReadonlyArray<Write>
) =>
  Effect.gen(function* () {
    const boxes = boxesOf(memory, group.id)
    const stock = readMailboxes(memory, stockKey(group.id))
    const plan = planMailboxes(group, { named, stock }, writes, (key) => holds(boxes, key))
    const made = yield* Effect.forEach(
      plan.made,
      (number) => Effect.map(makeMailbox(relation), (id) => [number, id] as const),
      { concurrency: 8 }
    )
    const { left, next } = sort(group, boxes, plan.letters, writes)
    const all = new Map([...named, ...stock, ...made])
    const fresh = new Set(made.map(([, id]) => id))
    const sent = yield* deliver(relation, group, { all, boxes, fresh, next })
    const anew = [...sent.replaced].some(([number]) => named.has(number))
    const after = new Map([...all, ...sent.replaced])
    const naming = plan.naming || anew
    return [...left, ...sent.writes, ...tables(group, { naming, named, stock, after })]
  })

interface Delivery {
  /** The mailboxes of the group, by unit number. */
  readonly all: Mailboxes
  /** What was in them when the step began, by unit. */
  readonly boxes: ReadonlyMap<string, Entries>
  /** The ids of those that this hook made. */
  readonly fresh: ReadonlySet<string>
  /** What is to be in them, by unit. */
  readonly next: ReadonlyMap<string, Entries>
}

/** Changes mailboxes, and removes those with nothing in them; what is over the hook's share waits for the next one. */
const deliver = (relation: RelationId, group: GroupView, { all, boxes, fresh, next }: Delivery) =>
  Effect.gen(function* () {
    const writes: Array<Write> = []
    const replaced = new Map<number, string>()
    if (next.size === 0) return { writes, replaced }
    // what Juju refuses of secrets it refuses when the hook has ended, so what there is is asked beforehand
    const there = new Set(yield* secretIds)
    const full = [...next].filter(([, entries]) => entries.size > 0)
    const empty = [...next].filter(([, entries]) => entries.size === 0)
    for (const [unit, entries] of full) {
      const number = unitNumber(unit)
      const id = all.get(number) ?? ""
      const exists = there.has(id) || fresh.has(id)
      const box = exists ? id : yield* makeMailbox(relation)
      yield* secretSet(box, { [CONTENT_KEY]: Redacted.make(writeContent(entries)) })
      if (!exists) replaced.set(number, box)
      writes.push(remembering(group, unit, writeContent(entries)))
    }
    const spare = COMMANDS_IN_A_HOOK - full.length - 2 * fresh.size
    for (const [unit] of empty.slice(0, Math.max(0, Math.floor(spare / 2)))) {
      const id = all.get(unitNumber(unit)) ?? ""
      if (there.has(id) && boxes.has(unit)) yield* secretRemove(id)
      writes.push(remembering(group, unit, undefined))
    }
    return { writes, replaced }
  })

/** Puts each write where it belongs: into `next`, the mailboxes that change, or among those that are `left` to stage. */
const sort = (
  group: GroupView,
  boxes: ReadonlyMap<string, Entries>,
  letters: ReadonlySet<string>,
  writes: ReadonlyArray<Write>
) => {
  const next = new Map<string, Map<string, string>>()
  const left: Array<Write> = []
  for (const write of writes) {
    const { key, place, value } = write
    const here = (place._tag === "own" || place._tag === "to") && place.group === group.id
    const holder = here ? [...boxes].find(([, entries]) => entries.has(key))?.[0] : undefined
    const isLetter = place._tag === "to" && (letters.has(place.participant) || holder !== undefined)
    const unit = here && (isLetter ? place.participant : value === undefined ? holder : undefined)
    if (unit === false || unit === undefined) {
      left.push(write)
      continue
    }
    const entries = next.get(unit) ?? new Map(boxes.get(unit))
    next.set(unit, entries)
    if (value === undefined) entries.delete(key)
    else entries.set(key, value)
  }
  for (const unit of boxes.keys())
    if (!group.peers.has(ParticipantId.make(unit))) next.set(unit, new Map())
  return { left, next }
}

/** The writes that make the tables of mailboxes what they are `after` the step, where they are others than before. */
const tables = (
  group: GroupView,
  { after, named, naming, stock }: Stock & { readonly naming: boolean; readonly after: Mailboxes }
): ReadonlyArray<Write> => {
  const kept = naming ? new Map() : new Map([...after].filter(([number]) => !named.has(number)))
  const value = kept.size === 0 ? undefined : writeMailboxes(kept)
  const before = stock.size === 0 ? undefined : writeMailboxes(stock)
  const own = { _tag: "own", group: group.id } as const
  return [
    ...(naming ? [{ place: own, key: MAILBOXES_KEY, value: writeMailboxes(after) }] : []),
    ...(value === before
      ? []
      : [{ place: { _tag: "private" } as const, key: stockKey(group.id), value }])
  ]
}

const remembering = (group: GroupView, unit: string, value: string | undefined): Write => ({
  place: { _tag: "private" },
  key: boxKey(group.id, unit),
  value
})

const holds = (boxes: ReadonlyMap<string, Entries>, key: string): boolean =>
  [...boxes.values()].some((entries) => entries.has(key))

const makeMailbox = (relation: RelationId) =>
  Effect.gen(function* () {
    const id = yield* secretAdd("unit", { [CONTENT_KEY]: Redacted.make("{}") })
    yield* secretGrant(id, relation)
    return id.slice(id.lastIndexOf("/") + 1).replace(/^secret:/, "")
  })
