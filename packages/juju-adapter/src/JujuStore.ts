// `Store` over Juju's databags. A step is part of a hook: what it stages, Juju makes visible when the hook ends well.
//
//   participant       unit                          own register      the unit's databag in a relation
//   group             relation of the endpoint      shared register   the application's databag in it
//   council           peer relation                 private register  the unit's state (state-get, state-set)
//
// Guarantees and the Juju rule behind each: S1 a unit writes its own databag only; S2 a hook reads its own writes;
// S3 one flush at the hook's end, all relations in one transaction; S4 a databag is cached as of its last
// relation-changed; S5 relation-changed; S6 the flush is fenced by the leadership lease; S7 relation-departed.
import {
  type Entries,
  type GroupView,
  NotLeader,
  noEntries,
  ParticipantId,
  Store,
  type StoreError,
  StoreUnavailable,
  type View,
  type Write
} from "@rollcall/core"
import { Clock, Effect, Layer, Stream } from "effect"
import { censusOf } from "./GoalCensus.ts"
import { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { isSweep } from "./HookEvent.ts"
import { isLeader } from "./hook-commands/leader.ts"
import {
  relationGet,
  relationIds,
  relationList,
  relationListApp,
  relationSet
} from "./hook-commands/relation.ts"
import { stateDelete, stateGet, stateSet } from "./hook-commands/state.ts"
import { JujuContext, type JujuContextShape } from "./JujuContext.ts"
import { post, receive } from "./Mailbox.ts"
import { boxesOf, MAILBOXES_KEY, type Mailboxes, readMailboxes } from "./MailboxRecord.ts"
import { recall, remember } from "./PeerMemory.ts"
import { type RelationId, relationText } from "./RelationId.ts"

/** The endpoints a store is made of. */
export interface JujuStoreOptions {
  /** The endpoint whose relations are the groups. */
  readonly endpoint: string
  /** A peer endpoint, where the charm has one: its application databag is where leaders keep what must not be lost. */
  readonly peers?: string
  /**
   * Whether entries that are meant for one unit travel in Juju secrets instead of the databag, so that only that unit is
   * woken. For the side that writes them; the reading side follows what it finds. Needs Juju 3.1.
   */
  readonly mailboxes?: boolean
  /**
   * Which databags of other units may be kept in this unit's state, so that a hook reads only those that changed: for the
   * side that sees many. None unless given; one that may hold a token in clear must not be.
   */
  readonly remembers?: (databag: Entries) => boolean
}

/** The store of this hook's unit. */
export const jujuStore = (
  options: JujuStoreOptions
): Layer.Layer<Store, never, HookCommand | JujuContext> =>
  Layer.effect(
    Store,
    Effect.gen(function* () {
      const context = yield* JujuContext
      const commands = yield* HookCommand
      const run = <A>(operation: string, effect: Effect.Effect<A, HookCommandError, HookCommand>) =>
        effect.pipe(
          Effect.provideService(HookCommand, commands),
          Effect.mapError(({ message }) => new StoreUnavailable({ operation, detail: message }))
        )
      return Store.of({
        self: ParticipantId.make(context.unit),
        step: (body) =>
          Effect.gen(function* () {
            const { tables, view } = yield* run("read", readView(context, options))
            const [result, writes] = yield* body(view)
            // a unit that does not lead is refused here, before anything is sent or staged
            yield* stageShared(context, writes).pipe(Effect.provideService(HookCommand, commands))
            const left = yield* run("send", sendLetters(view, tables, writes, options))
            yield* run("stage a write", stage([...left, ...remembering(view, options)]))
            return result
          }),
        census: run("ask for the goal state", censusOf(context, options.endpoint)),
        changes: Stream.empty
      })
    })
  )

const readView = (context: JujuContextShape, options: JujuStoreOptions) =>
  Effect.gen(function* () {
    const { endpoint, peers } = options
    const [leader, entered, state, councils] = yield* Effect.all(
      [
        isLeader,
        relationIds(endpoint),
        stateGet,
        peers === undefined ? Effect.succeed([]) : relationIds(peers)
      ],
      PARALLEL
    )
    const relations = entered.filter(({ id }) => !isBroken(context, id)).sort((a, b) => a.id - b.id)
    const memory = toEntries(state)
    const groups = yield* Effect.forEach(
      relations,
      (id) =>
        readGroup(context, id, { leader, memory, remembers: options.remembers !== undefined }),
      PARALLEL
    )
    const [council] = councils
    const read = groups.flatMap((group) => (group === undefined ? [] : [group]))
    const view: View = {
      self: ParticipantId.make(context.unit),
      side: context.app,
      leader,
      groups: read.map(({ group }) => group),
      council: council === undefined ? undefined : yield* readCouncil(context, council),
      private: memory
    }
    return { view, tables: new Map(read.map(({ group, table }) => [group.id, table])) }
  })

interface Reading {
  readonly leader: boolean
  readonly memory: Entries
  readonly remembers: boolean
}

/** One relation; undefined when Juju has let it go under the hook. */
const readGroup = (
  context: JujuContextShape,
  relation: RelationId,
  { leader, memory, remembers }: Reading
) =>
  Effect.gen(function* () {
    const get = (bag: { readonly unit: string } | { readonly app: string }) =>
      Effect.map(relationGet(relation, bag), toEntries)
    const [remote, units, bag, shared] = yield* Effect.all(
      [
        relationListApp(relation),
        relationList(relation),
        get({ unit: context.unit }),
        leader ? get({ app: context.app }) : Effect.succeed(undefined)
      ],
      PARALLEL
    )
    const again = { sweep: isSweep(context), nowMillis: yield* Clock.currentTimeMillis }
    const known = remembers
      ? recall(memory, context, relationText(relation), units, again)
      : new Map<string, Entries>()
    const readUnit = (unit: string) => {
      const entries = known.get(unit)
      return Effect.map(
        entries === undefined ? readPeer(relation, unit, context.unit) : Effect.succeed(entries),
        (read) => [ParticipantId.make(unit), read] as const
      )
    }
    const [counterpart, peers] = yield* Effect.all(
      [get({ app: remote }), Effect.forEach(units, readUnit, PARALLEL)],
      PARALLEL
    )
    const group: GroupView = {
      id: relationText(relation),
      symmetric: false,
      own: withBoxes(bag, memory, relationText(relation)),
      peers: new Map(peers),
      shared,
      counterpart,
      counterpartName: remote
    }
    return { group, table: readMailboxes(bag) }
  }).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "permission-denied" || reason === "relation-not-found",
      () => Effect.succeed(undefined)
    )
  )

/** A unit's databag, and what it put into this unit's mailbox. */
const readPeer = (relation: RelationId, unit: string, self: string) =>
  Effect.gen(function* () {
    const bag = toEntries(yield* relationGet(relation, { unit }))
    return new Map([...bag, ...(yield* receive(bag, self))])
  })

/** The own databag with what this unit put into others' mailboxes: together they are its register. */
const withBoxes = (bag: Entries, memory: Entries, group: string): Entries =>
  new Map([
    ...[...bag].filter(([key]) => key !== MAILBOXES_KEY),
    ...[...boxesOf(memory, group).values()].flatMap((entries) => [...entries])
  ])

/** Sends by mailbox what can be sent so, and returns what is left to stage. */
const sendLetters = (
  view: View,
  tables: ReadonlyMap<string, Mailboxes>,
  writes: ReadonlyArray<Write>,
  { mailboxes }: JujuStoreOptions
) =>
  Effect.gen(function* () {
    if (mailboxes !== true || !view.leader) return writes
    let left = writes
    for (const group of view.groups) {
      const named = tables.get(group.id) ?? new Map()
      left = yield* post(relationOf(group.id), group, named, view.private, left)
    }
    return left
  })

/** What this unit is to remember of the others. */
const remembering = (view: View, { remembers }: JujuStoreOptions): ReadonlyArray<Write> =>
  remembers === undefined
    ? []
    : view.groups.flatMap(({ id, peers }) => remember(view.private, id, peers, remembers))

/** Of the peer relation only the application's databag is read: the units' own say nothing here. */
const readCouncil = (context: JujuContextShape, relation: RelationId) =>
  Effect.map(
    relationGet(relation, { app: context.app }),
    (shared): GroupView => ({
      id: relationText(relation),
      symmetric: true,
      own: noEntries,
      peers: new Map(),
      shared: toEntries(shared),
      counterpart: noEntries,
      counterpartName: context.app
    })
  )

/** The application's databags go first: nothing is staged where one of them is refused. */
const stageShared = (
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
            : new StoreUnavailable({ operation: "stage a write", detail: error.message })
        )
      ),
    { discard: true }
  )

const stage = (writes: ReadonlyArray<Write>) =>
  Effect.gen(function* () {
    const own = byGroup(writes.filter(({ place }) => place._tag === "own" || place._tag === "to"))
    for (const [group, entries] of own) yield* relationSet(relationOf(group), entries)
    const state = writes.filter(({ place }) => place._tag === "private")
    const kept = state.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value]]))
    yield* stateSet(Object.fromEntries(kept))
    for (const { key, value } of state) if (value === undefined) yield* stateDelete(key)
  })

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

const relationOf = (group: string): RelationId => {
  const colon = group.lastIndexOf(":")
  return { endpoint: group.slice(0, colon), id: Number(group.slice(colon + 1)) }
}

const isBroken = ({ event }: JujuContextShape, id: number): boolean =>
  event.name.endsWith("-relation-broken") && event.relation?.id === id

const toEntries = (record: Readonly<Record<string, string>>): Entries =>
  new Map(Object.entries(record))

/** Reads go side by side: each is a process of Juju's, and a distributor reads one databag for each host. */
const PARALLEL = { concurrency: 8 }
