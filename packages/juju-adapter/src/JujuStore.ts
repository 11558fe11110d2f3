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
  noEntries,
  ParticipantId,
  Store,
  StoreUnavailable,
  type View,
  type Write
} from "@rollcall/core"
import { Clock, Effect, Layer, Stream } from "effect"
import { relationOf, stageOwn, stageShared, toEntries } from "./Databags.ts"
import { censusOf } from "./GoalCensus.ts"
import { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { isSweep } from "./HookEvent.ts"
import { isLeader } from "./hook-commands/leader.ts"
import {
  relationGet,
  relationIds,
  relationList,
  relationListApp
} from "./hook-commands/relation.ts"
import { stateGet } from "./hook-commands/state.ts"
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
            yield* stageOwn([...left, ...remembering(view, options)]).pipe(
              Effect.provideService(HookCommand, commands)
            )
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

const isBroken = ({ event }: JujuContextShape, id: number): boolean =>
  event.name.endsWith("-relation-broken") && event.relation?.id === id

/** Reads go side by side: each is a process of Juju's, and a distributor reads one databag for each host. */
const PARALLEL = { concurrency: 8 }
