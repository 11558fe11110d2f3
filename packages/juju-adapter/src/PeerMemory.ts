// What a unit remembers of others' databags, in its own state, so that a hook reads only what may have changed. Juju
// itself shows a databag as of its last relation-changed, so memory and databag say the same as long as every such hook
// either reads the databag of its unit (a step does) or forgets it (`forgetPeer`, where a hook ends well without one).
// As a hook that an operator skips breaks that, every sweep reads some of them again, all within a few hours.
// A databag that may hold a token, or that is large, is not remembered but read in every hook.
import type { Entries, Write } from "@rollcall/core"
import { Effect, Schema } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { stateDelete } from "./hook-commands/state.ts"
import type { JujuContextShape } from "./JujuContext.ts"
import { relationText } from "./RelationId.ts"

/** What is known of a relation's units without asking Juju: by unit, the databag as it was read last. */
export const recall = (
  memory: Entries,
  { event }: Pick<JujuContextShape, "event">,
  relation: string,
  units: ReadonlyArray<string>,
  again: { readonly sweep: boolean; readonly nowMillis: number }
): ReadonlyMap<string, Entries> => {
  const changed =
    event.relation !== undefined && relationText(event.relation) === relation
      ? event.remoteUnit
      : undefined
  const rounds = Math.ceil(units.length / SWEPT)
  const round = Math.floor(again.nowMillis / SWEEP_MILLIS) % Math.max(1, rounds)
  const known = new Map<string, Entries>()
  for (const [at, unit] of units.entries()) {
    const entries = readEntries(memory.get(peerKey(relation, unit)))
    const due = again.sweep && at % rounds === round
    if (entries !== undefined && unit !== changed && !due) known.set(unit, entries)
  }
  return known
}

/** The writes to the private register that make it remember `peers`, as far as `mayRemember` allows. */
export const remember = (
  memory: Entries,
  relation: string,
  peers: ReadonlyMap<string, Entries>,
  mayRemember: (entries: Entries) => boolean
): ReadonlyArray<Write> => {
  const place = { _tag: "private" } as const
  const writes: Array<Write> = []
  const present = new Set<string>()
  let size = 0
  for (const [unit, entries] of peers) {
    const key = peerKey(relation, unit)
    present.add(key)
    const text = JSON.stringify(Object.fromEntries(entries))
    const fits = text.length <= MAX_CHARACTERS && size + text.length <= MAX_CHARACTERS_IN_ALL
    const value = fits && mayRemember(entries) ? text : FORGOTTEN
    size += value.length
    if ((memory.get(key) ?? FORGOTTEN) !== value) writes.push({ place, key, value })
  }
  // what is remembered of those who left is never looked at; each removal costs a call
  const left = [...memory.keys()].filter(
    (key) => key.startsWith(peerKey(relation, "")) && !present.has(key)
  )
  for (const key of left.slice(0, MAX_REMOVALS)) writes.push({ place, key, value: undefined })
  return writes
}

/** Forgets the databag that this hook is about: for hooks that end well although no step has read it. */
export const forgetPeer = ({
  event: { relation, remoteUnit }
}: JujuContextShape): Effect.Effect<void, HookCommandError, HookCommand> =>
  relation === undefined || remoteUnit === undefined
    ? Effect.void
    : stateDelete(peerKey(relationText(relation), remoteUnit))

const PeerJson = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const readEntries = (text: string | undefined): Entries | undefined => {
  const read = Schema.decodeUnknownOption(PeerJson)(text)
  return read._tag === "Some" ? new Map(Object.entries(read.value)) : undefined
}

const peerKey = (relation: string, unit: string): string => `rollcall-seen.${relation}.${unit}`

// Juju takes 64 KiB for a value and 2 MiB in all; mailboxes stand there, too
const MAX_CHARACTERS = 4_096
const MAX_CHARACTERS_IN_ALL = 524_288
/** In the place of a databag that is read in every hook: a value goes with others in one call, a removal does not. */
const FORGOTTEN = ""
const MAX_REMOVALS = 4
/** How many databags a sweep reads again, and how long it is until others have their turn: sweeps come every 5 min. */
const SWEPT = 8
const SWEEP_MILLIS = 300_000
