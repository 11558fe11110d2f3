// `Store` over one peer relation: its units are one group in which everybody sees everybody.
//
//   participant       unit                     own register      the unit's databag in the peer relation
//   group             the peer relation        shared register   the application's databag, which all units read
//
// Guarantees and the Juju rule behind each are those of JujuStore.ts. A hook's view is read once: Juju shows a hook one
// snapshot, but for what the hook stages itself, and that is kept up here. Without the relation (during install, or where
// the charm has no such endpoint) there is no group.
import {
  type Census,
  type Entries,
  type GroupView,
  noEntries,
  ParticipantId,
  Store,
  StoreUnavailable,
  type View,
  type Write
} from "@rollcall/core"
import { Effect, Layer, Ref, Stream } from "effect"
import { present, stage, toEntries } from "./Databags.ts"
import { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { goalState } from "./hook-commands/goal-state.ts"
import { isLeader } from "./hook-commands/leader.ts"
import { relationGet, relationIds, relationList } from "./hook-commands/relation.ts"
import { stateGet } from "./hook-commands/state.ts"
import { JujuContext, type JujuContextShape } from "./JujuContext.ts"
import { type RelationId, relationText } from "./RelationId.ts"

/** The store of this hook's unit over the peer endpoint of that name. */
export const jujuPeerStore = (
  endpoint: string
): Layer.Layer<Store, never, HookCommand | JujuContext> =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const context = yield* JujuContext
      const commands = yield* HookCommand
      const known = yield* Ref.make<View | undefined>(undefined)
      const run = <A>(operation: string, effect: Effect.Effect<A, HookCommandError, HookCommand>) =>
        effect.pipe(
          Effect.provideService(HookCommand, commands),
          Effect.mapError(({ message }) => new StoreUnavailable({ operation, detail: message }))
        )
      return Store.of({
        self: ParticipantId.make(context.unit),
        step: (body) =>
          Effect.gen(function* () {
            const before = (yield* Ref.get(known)) ?? (yield* run("read", read(context, endpoint)))
            const [result, writes] = yield* body(before)
            yield* stage(context, writes).pipe(
              Effect.provideService(HookCommand, commands),
              Effect.tapError(() => Ref.set(known, undefined))
            )
            yield* Ref.set(known, withWrites(before, writes))
            return result
          }),
        census: run("ask for the goal state", census(context)),
        changes: Stream.empty
      })
    })
  )

const read = (context: JujuContextShape, endpoint: string) =>
  Effect.gen(function* () {
    const [leader, memory, [relation]] = yield* Effect.all(
      [isLeader, stateGet, relationIds(endpoint)],
      PARALLEL
    )
    return {
      self: ParticipantId.make(context.unit),
      side: context.app,
      leader,
      groups: relation === undefined ? [] : [yield* readGroup(context, relation)],
      council: undefined,
      private: toEntries(memory)
    } satisfies View
  })

const readGroup = ({ app, unit }: JujuContextShape, relation: RelationId) =>
  Effect.gen(function* () {
    const units = yield* relationList(relation)
    const get = (bag: { readonly unit: string } | { readonly app: string }) =>
      Effect.map(relationGet(relation, bag), toEntries)
    const peers = Effect.forEach(
      units,
      (name) => Effect.map(get({ unit: name }), (bag) => [ParticipantId.make(name), bag] as const),
      PARALLEL
    )
    const [own, shared, others] = yield* Effect.all([get({ unit }), get({ app }), peers], PARALLEL)
    const id = relationText(relation)
    return {
      id,
      symmetric: true,
      own,
      peers: new Map(others),
      shared,
      counterpart: noEntries,
      counterpartName: id
    } satisfies GroupView
  })

const withWrites = (view: View, writes: ReadonlyArray<Write>): View => ({
  ...view,
  groups: view.groups.map((group) => ({
    ...group,
    own: withThose(group.own, writes, ({ _tag }) => _tag === "own" || _tag === "to"),
    shared: withThose(group.shared ?? noEntries, writes, ({ _tag }) => _tag === "shared")
  })),
  private: withThose(view.private, writes, ({ _tag }) => _tag === "private")
})

const withThose = (
  entries: Entries,
  writes: ReadonlyArray<Write>,
  there: (place: Write["place"]) => boolean
): Entries => {
  const chosen = writes.filter(({ place }) => there(place))
  if (chosen.length === 0) return entries
  const next = new Map(entries)
  for (const { key, place, value } of chosen) {
    // an empty value takes a databag's key away; the unit's state keeps it
    if (value === undefined || (value === "" && place._tag !== "private")) next.delete(key)
    else next.set(key, value)
  }
  return next
}

const census = (context: JujuContextShape) =>
  Effect.map(
    goalState,
    ({ units }): Census => ({
      siblings: new Set([...present(Object.entries(units)), ParticipantId.make(context.unit)]),
      counterparts: new Map()
    })
  )

const PARALLEL = { concurrency: 8 }
