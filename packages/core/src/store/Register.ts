// A register: string entries that one participant writes and others read. Pure.
// A write sets one entry or takes it away; where it goes says who may see it and who is woken by it.
import type { ParticipantId } from "../Participant.ts"

/** The entries of one register, by key. */
export type Entries = ReadonlyMap<string, string>

/** An empty register. */
export const noEntries: Entries = new Map()

/**
 * Where an entry is written: `own` is the participant's register in a group; `to` is the same register, but meant for
 * one reader (only it needs to be woken, others may not see it); `shared` is the register that only the leader of this
 * side writes; `private` is seen by nobody else and belongs to no group.
 */
export type Place =
  | { readonly _tag: "own"; readonly group: string }
  | { readonly _tag: "to"; readonly group: string; readonly participant: ParticipantId }
  | { readonly _tag: "shared"; readonly group: string }
  | { readonly _tag: "private" }

/** One staged entry; an undefined value takes the entry away. */
export interface Write {
  readonly place: Place
  readonly key: string
  readonly value: string | undefined
}

/** The writes at `place` that turn `before` into `after`, for the keys that `owns` accepts; other keys stay as they are. */
export const writesBetween = (
  place: Place,
  before: Entries,
  after: Entries,
  owns: (key: string) => boolean
): ReadonlyArray<Write> => {
  const writes: Array<Write> = []
  for (const [key, value] of after) {
    if (before.get(key) !== value) writes.push({ place, key, value })
  }
  for (const key of before.keys()) {
    if (owns(key) && !after.has(key)) writes.push({ place, key, value: undefined })
  }
  return writes
}

/** `entries` with one write's key set or taken away. */
export const withEntry = (entries: Entries, key: string, value: string | undefined): Entries => {
  const next = new Map(entries)
  if (value === undefined || value === "") next.delete(key)
  else next.set(key, value)
  return next
}
