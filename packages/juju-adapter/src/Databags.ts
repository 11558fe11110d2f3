// What the stores over databags share: staging a step's writes, and reading names and entries.
// Nothing is visible before the hook ends well; what was staged and not committed, Juju drops.
import {
  type Entries,
  NotLeader,
  ParticipantId,
  type StoreError,
  StoreUnavailable,
  type Write
} from "@rollcall/core"
import { Effect } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { relationSet } from "./hook-commands/relation.ts"
import { stateDelete, stateSet } from "./hook-commands/state.ts"
import type { JujuContextShape } from "./JujuContext.ts"
import type { RelationId } from "./RelationId.ts"

/**
 * Stages writes, one call for each databag. The application's go first: a unit that does not lead is refused there,
 * before anything is staged. **Fails with** `NotLeader`, `StoreUnavailable`.
 */
export const stage = (
  context: JujuContextShape,
  writes: ReadonlyArray<Write>
): Effect.Effect<void, StoreError, HookCommand> =>
  Effect.andThen(stageShared(context, writes), stageOwn(writes))

/** Stages what goes into the application's databags. **Fails with** `NotLeader`, `StoreUnavailable`. */
export const stageShared = (
  context: JujuContextShape,
  writes: ReadonlyArray<Write>
): Effect.Effect<void, StoreError, HookCommand> =>
  Effect.forEach(
    byGroup(writes.filter(({ place }) => place._tag === "shared")),
    ([group, entries]) =>
      relationSet(relationOf(group), entries, { app: true }).pipe(
        Effect.mapError((error) =>
          error.reason === "not-leader"
            ? new NotLeader({ participant: context.unit, group })
            : unavailable(error)
        )
      ),
    { discard: true }
  )

/** Stages what goes into the unit's own databags and its state. **Fails with** `StoreUnavailable`. */
export const stageOwn = (
  writes: ReadonlyArray<Write>
): Effect.Effect<void, StoreUnavailable, HookCommand> =>
  Effect.gen(function* () {
    const own = byGroup(writes.filter(({ place }) => place._tag === "own" || place._tag === "to"))
    for (const [group, entries] of own) yield* relationSet(relationOf(group), entries)
    const state = writes.filter(({ place }) => place._tag === "private")
    const kept = state.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))
    yield* stateSet(Object.fromEntries(kept))
    for (const { key, value } of state) if (value === undefined) yield* stateDelete(key)
  }).pipe(Effect.mapError(unavailable))

/** A databag, or the unit's state, as a register. */
export const toEntries = (record: Readonly<Record<string, string>>): Entries =>
  new Map(Object.entries(record))

/** The units of a goal state that are there or still to come. */
export const present = (
  units: ReadonlyArray<readonly [string, string]>
): ReadonlySet<ParticipantId> =>
  new Set(units.flatMap(([name, status]) => (status === "dying" ? [] : [ParticipantId.make(name)])))

/** The relation that a group's id names. */
export const relationOf = (group: string): RelationId => {
  const colon = group.lastIndexOf(":")
  return { endpoint: group.slice(0, colon), id: Number(group.slice(colon + 1)) }
}

const byGroup = (writes: ReadonlyArray<Write>): ReadonlyMap<string, Record<string, string>> => {
  const groups = new Map<string, Record<string, string>>()
  for (const { key, place, value } of writes) {
    if (place._tag === "private") continue
    const entries = groups.get(place.group) ?? {}
    entries[key] = value ?? ""
    groups.set(place.group, entries)
  }
  return groups
}

const unavailable = (error: HookCommandError): StoreUnavailable =>
  new StoreUnavailable({ operation: "stage a write", detail: error.message })
