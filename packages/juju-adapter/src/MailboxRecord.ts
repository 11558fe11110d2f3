// Mailboxes on the wire: which secret is whose, and what is in one. Pure.
// A distributor's unit owns one secret for each unit of a related application, named before that unit needs it: naming
// it later would be a databag write, which wakes every unit. Changing a secret wakes only the unit that reads it.
import type { Entries } from "@rollcall/core"
import { Schema } from "effect"

/** The key of the table in the distributor's databag: by unit number, the id of that unit's secret. */
export const MAILBOXES_KEY = "rollcall-mailboxes"
/** The one key of a mailbox secret's content. */
export const CONTENT_KEY = "content"
const Table = Schema.fromJsonString(
  Schema.Struct({ v: Schema.Literal(1), ids: Schema.Record(Schema.String, Schema.String) })
)
const Content = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

/** The ids of mailboxes by unit number. */
export type Mailboxes = ReadonlyMap<number, string>

/** The table in a databag or in the owner's memory; an empty one where there is none, or none that can be read. */
export const readMailboxes = (entries: Entries, key: string = MAILBOXES_KEY): Mailboxes => {
  const read = Schema.decodeUnknownOption(Table)(entries.get(key))
  if (read._tag === "None") return new Map()
  return new Map(Object.entries(read.value.ids).map(([number, id]) => [Number(number), id]))
}

/** The table's entry. */
export const writeMailboxes = (ids: Mailboxes): string =>
  JSON.stringify({ v: 1, ids: Object.fromEntries(ids) })

/** The entries in a mailbox; none where they cannot be read. */
export const readContent = (text: string | undefined): Entries => {
  const read = Schema.decodeUnknownOption(Content)(text)
  return new Map(read._tag === "Some" ? Object.entries(read.value) : [])
}

/** The text of a mailbox that holds `entries`. */
export const writeContent = (entries: Entries): string =>
  JSON.stringify(Object.fromEntries(entries))

/** The number in a unit's name: 3 of `app/3`. */
export const unitNumber = (unit: string): number => Number(unit.slice(unit.lastIndexOf("/") + 1))

/** The key under which the owner remembers the mailboxes of a group that are not named yet. */
export const stockKey = (group: string): string => `rollcall-stock.${group}`

/** The key under which the owner remembers what it put into a unit's mailbox. */
export const boxKey = (group: string, unit: string): string => `${boxPrefix(group)}${unit}`

/** The prefix of those keys for one group. */
export const boxPrefix = (group: string): string => `rollcall-box.${group}.`

/** What the owner of a group's mailboxes put into them, by unit, from its private register. */
export const boxesOf = (memory: Entries, group: string): ReadonlyMap<string, Entries> => {
  const boxes = new Map<string, Entries>()
  const prefix = boxPrefix(group)
  for (const [key, value] of memory) {
    if (key.startsWith(prefix)) boxes.set(key.slice(prefix.length), readContent(value))
  }
  return boxes
}
