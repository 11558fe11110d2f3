// What one participant has written itself, and what a step's writes make of it. Pure.
// An entry is for all or for one reader, never both: written anew for somebody else, it moves.
import { type Entries, noEntries, type ParticipantId, type Write } from "@rollcall/core"
import { sameEntries } from "./RegisterText.ts"

/** In the place of an addressee: what is for all. */
export const ALL = ""

/** What one participant has written. */
export interface OwnRegisters {
  /** By group, and in it by addressee; `ALL` is for all. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, Entries>>
  readonly privately: Entries
}

/** A participant that has written nothing. */
export const nothingOwn: OwnRegisters = { groups: new Map(), privately: noEntries }

/** What a step changes, register by register. */
export interface Changes {
  readonly own: OwnRegisters
  /** Registers of `own` that differ from before, as group and addressee. */
  readonly registers: ReadonlyArray<readonly [group: string, to: string]>
  readonly privately: boolean
  /** The shared registers that differ, by group. */
  readonly shared: ReadonlyMap<string, Entries>
  /** Whether somebody is written to for the first time, or no longer. */
  readonly addressees: boolean
}

/** All of the own register in a group: what is for all, and what is for one. */
export const ownEntries = ({ groups }: OwnRegisters, group: string): Entries => {
  const registers = groups.get(group)
  if (registers === undefined) return noEntries
  const [only] = registers.values()
  return registers.size === 1 && only !== undefined
    ? only
    : new Map([...registers.values()].flatMap((entries) => [...entries]))
}

/** The groups and addressees that something is written to. */
export const addresseesOf = ({
  groups
}: OwnRegisters): ReadonlyArray<readonly [group: string, to: ParticipantId]> =>
  [...groups].flatMap(([group, registers]) =>
    [...registers.keys()].flatMap((to) =>
      to === ALL ? [] : [[group, to as ParticipantId] as const]
    )
  )

/** What `writes` make of `before`, given the shared registers as they are. */
export const changed = (
  before: OwnRegisters,
  sharedOf: (group: string) => Entries,
  writes: ReadonlyArray<Write>
): Changes => {
  const drafts = new Map<string, Draft>()
  const draft = (group: string) => remember(drafts, group, () => draftOf(before.groups.get(group)))
  const shared = new Map<string, Map<string, string>>()
  const privately = new Map(before.privately)
  for (const { key, place, value } of writes) {
    if (place._tag === "private") set(privately, key, value)
    else if (place._tag === "shared") {
      set(
        remember(shared, place.group, () => new Map(sharedOf(place.group))),
        key,
        value
      )
    } else {
      put(draft(place.group), place._tag === "to" ? place.participant : ALL, key, value)
    }
  }
  const registers = [...drafts].flatMap(([group, { registers }]) =>
    [...registers.keys()]
      .filter((to) => !same(before.groups.get(group)?.get(to), registers.get(to)))
      .map((to) => [group, to] as const)
  )
  const groups = new Map(before.groups)
  for (const [group, { registers: written }] of drafts) {
    const kept = [...written].filter(([to, entries]) => to === ALL || entries.size > 0)
    groups.set(group, new Map(kept))
  }
  const own = { groups, privately }
  const moved = [...shared].filter(([group, entries]) => !sameEntries(sharedOf(group), entries))
  return {
    own,
    registers,
    privately: !sameEntries(before.privately, privately),
    shared: new Map(moved),
    addressees: registers.some(
      ([group, to]) => to !== ALL && has(before, group, to) !== has(own, group, to)
    )
  }
}

/** The registers of one group while a step changes them, and where each entry is. */
interface Draft {
  readonly registers: Map<string, Entries>
  readonly places: Map<string, string>
  readonly copied: Set<string>
}

const draftOf = (registers: ReadonlyMap<string, Entries> = new Map()): Draft => ({
  registers: new Map(registers),
  places: new Map(
    [...registers].flatMap(([to, entries]) => [...entries.keys()].map((key) => [key, to] as const))
  ),
  copied: new Set()
})

const put = (draft: Draft, to: string, key: string, value: string | undefined): void => {
  const at = draft.places.get(key)
  if (at !== undefined) own(draft, at).delete(key)
  draft.places.delete(key)
  if (value === undefined || value === "") return
  own(draft, to).set(key, value)
  draft.places.set(key, to)
}

const own = ({ copied, registers }: Draft, to: string): Map<string, string> => {
  const known = registers.get(to)
  if (copied.has(to)) return known as Map<string, string>
  const copy = new Map(known)
  registers.set(to, copy)
  copied.add(to)
  return copy
}

const set = (entries: Map<string, string>, key: string, value: string | undefined): void => {
  if (value === undefined || value === "") entries.delete(key)
  else entries.set(key, value)
}

const same = (left: Entries = noEntries, right: Entries = noEntries): boolean =>
  sameEntries(left, right)

const has = ({ groups }: OwnRegisters, group: string, to: string): boolean =>
  (groups.get(group)?.get(to)?.size ?? 0) > 0

const remember = <K, V>(known: Map<K, V>, key: K, make: () => V): V => {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
