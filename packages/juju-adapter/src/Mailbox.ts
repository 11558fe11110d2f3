// Mailboxes as Juju secrets. A secret belongs to the distributor's unit and is granted to the related application; what
// is in it is sealed, or no secret. Its reader follows it with --refresh, so that Juju wakes it at the next change.
import type { Entries, GroupView, Write } from "@rollcall/core"
import { noEntries } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import {
  secretAdd,
  secretGet,
  secretGrant,
  secretIds,
  secretRemove,
  secretSet
} from "./hook-commands/secret.ts"
import {
  boxesOf,
  boxKey,
  CONTENT_KEY,
  FIRST_ROUND,
  MAILBOXES_KEY,
  type Mailboxes,
  ROUND,
  readContent,
  readMailboxes,
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
 * The group's mailboxes, with a round of new ones when this is the first look at the group or one of `writes` is for a
 * unit that has none: naming them writes the databag, which wakes everybody, so it is done for many at a time.
 */
export const prepare = (
  relation: RelationId,
  group: GroupView,
  ids: Mailboxes,
  writes: ReadonlyArray<Write>
) =>
  Effect.gen(function* () {
    const without = addressees(group, writes).find((unit) => !ids.has(unitNumber(unit)))
    const first = ids.size === 0 ? 0 : without === undefined ? undefined : unitNumber(without)
    if (first === undefined || (ids.size > 0 && cheaperAloud(group, writes))) return ids
    const length = ids.size === 0 ? FIRST_ROUND : ROUND
    const numbers = Array.from({ length }, (_, offset) => first + offset)
    const fresh = yield* Effect.forEach(
      numbers.filter((number) => !ids.has(number)),
      (number) => Effect.map(makeMailbox(relation), (id) => [number, id] as const),
      { concurrency: 8 }
    )
    return new Map([...ids, ...fresh])
  })

/** The write that names a group's mailboxes, where they are others than before. */
export const naming = (
  group: GroupView,
  before: Mailboxes,
  ids: Mailboxes
): ReadonlyArray<Write> =>
  before === ids
    ? []
    : [
        {
          place: { _tag: "own", group: group.id },
          key: MAILBOXES_KEY,
          value: writeMailboxes(ids)
        }
      ]

/**
 * Turns a group's writes that are meant for one unit into changes of its mailbox; the rest comes back as it was, with
 * the group's mailboxes. A mailbox that holds nothing any more is removed, which wakes nobody; a unit that is needed
 * again gets another. `before` are the mailboxes as they were when the step began.
 */
export const send = (
  relation: RelationId,
  group: GroupView,
  before: Mailboxes,
  ids: Mailboxes,
  memory: Entries,
  writes: ReadonlyArray<Write>
) =>
  Effect.gen(function* () {
    const boxes = boxesOf(memory, group.id)
    const next = new Map<string, Map<string, string>>()
    const aloud = cheaperAloud(group, writes)
    const kept = writes.filter((write) => !sorted(write, group, ids, boxes, next, aloud))
    const here: ReadonlySet<string> = new Set(group.peers.keys())
    for (const unit of boxes.keys()) if (!here.has(unit)) next.set(unit, new Map())
    if (next.size === 0) return { ids, writes: kept }
    // what Juju refuses of secrets it refuses when the hook has ended, so what there is is asked beforehand
    const there = new Set(yield* secretIds)
    let after = ids
    for (const [unit, entries] of next) {
      const number = unitNumber(unit)
      const id = ids.get(number) ?? ""
      const exists = there.has(id) || before.get(number) !== id
      if (entries.size > 0) {
        const box = exists ? id : yield* makeMailbox(relation)
        yield* secretSet(box, { [CONTENT_KEY]: Redacted.make(writeContent(entries)) })
        if (!exists) after = new Map([...after, [number, box]])
      } else if (exists && boxes.has(unit)) {
        yield* secretRemove(id)
      }
      const value = entries.size === 0 ? undefined : writeContent(entries)
      kept.push({ place: { _tag: "private" }, key: boxKey(group.id, unit), value })
    }
    return { ids: after, writes: kept }
  })

/**
 * Whether the databag is the better way for what is new: it wakes everybody once, while each mailbox wakes its unit and,
 * when that has read it, its owner.
 */
const cheaperAloud = (group: GroupView, writes: ReadonlyArray<Write>): boolean =>
  new Set(addressees(group, writes)).size * 2 >= group.peers.size

const addressees = ({ id }: GroupView, writes: ReadonlyArray<Write>): ReadonlyArray<string> =>
  writes.flatMap(({ place }) =>
    place._tag === "to" && place.group === id ? [place.participant] : []
  )

/** Puts `write` into `next` where it concerns a mailbox; false where it is for the databag. */
const sorted = (
  { key, place, value }: Write,
  group: GroupView,
  ids: Mailboxes,
  boxes: ReadonlyMap<string, Entries>,
  next: Map<string, Map<string, string>>,
  aloud: boolean
): boolean => {
  if (place._tag !== "own" && place._tag !== "to") return false
  if (place.group !== group.id) return false
  const holder = [...boxes].find(([, entries]) => entries.has(key))?.[0]
  if (aloud && place._tag === "to" && holder === undefined) return false
  const unit = place._tag === "to" ? place.participant : value === undefined ? holder : undefined
  if (unit === undefined || !ids.has(unitNumber(unit))) return false
  const entries = next.get(unit) ?? new Map(boxes.get(unit))
  next.set(unit, entries)
  if (value === undefined) entries.delete(key)
  else entries.set(key, value)
  return true
}

const makeMailbox = (relation: RelationId) =>
  Effect.gen(function* () {
    const id = yield* secretAdd("unit", { [CONTENT_KEY]: Redacted.make("{}") })
    yield* secretGrant(id, relation)
    return id.slice(id.lastIndexOf("/") + 1).replace(/^secret:/, "")
  })
