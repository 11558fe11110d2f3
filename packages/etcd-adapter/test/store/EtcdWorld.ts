// A world of conformance over a real etcd: every participant is a session of its own, as a process of its own would be.
// The suites run on a test's clock and read at once what was written; etcd runs on the machine's clock and tells it a
// moment later. So every call of etcd is made by the real clock, and whoever acts first hears of all that was done.
import { Crash, type Layout, type World, type WorldFactory } from "@rollcall/conformance"
import { type ParticipantId, Store, type StoreShape } from "@rollcall/core"
import { Clock, Effect, Exit, Layer, Scope, Stream } from "effect"
import { Etcd, type EtcdShape } from "../../src/client/Etcd.ts"
import { openSession, storeOf } from "../../src/store/EtcdStore.ts"
import { rangesOf, under } from "../../src/store/Following.ts"
import { appointLeader, expectParticipant, retireParticipant } from "../../src/store/Roster.ts"
import { leads, type Session } from "../../src/store/Session.ts"
import type { EtcdGroup } from "../../src/store/StoreKeys.ts"

interface Process {
  readonly session: Session
  readonly shape: StoreShape
  readonly scope: Scope.Closeable
}

interface Cast {
  readonly layout: Layout
  readonly formation: string
  readonly etcd: EtcdShape
  readonly scope: Scope.Scope
  readonly sides: Map<ParticipantId, string>
  readonly processes: Map<ParticipantId, Process>
  readonly woken: Set<ParticipantId>
  readonly doomed: Set<ParticipantId>
  /** How many calls were made that may have changed something, and how many when all had heard of all. */
  readonly calls: { made: number; heard: number }
}

let worlds = 0

/** A world of participants over the client that `etcd` gives; each world has a formation of its own in it. */
export const etcdWorld =
  (etcd: () => EtcdShape): WorldFactory =>
  (layout) =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const calls = { made: 0, heard: -1 }
      const cast: Cast = {
        layout,
        formation: `world ${process.pid}/${(worlds += 1)}`,
        calls,
        etcd: byRealClock(etcd(), () => (calls.made += 1)),
        scope,
        sides: new Map(),
        processes: new Map(),
        woken: new Set(),
        doomed: new Set()
      }
      return worldOf(cast)
    })

const worldOf = (cast: Cast): World => {
  const { doomed, formation, processes, sides, woken } = cast
  const onEtcd = <A, E>(effect: Effect.Effect<A, E, Etcd>) =>
    Effect.orDie(Effect.provideService(effect, Etcd, cast.etcd))
  const named = (participant: ParticipantId) => ({
    formation,
    participant,
    side: sides.get(participant) ?? ""
  })
  return {
    enter: Effect.fnUntraced(function* (participant, side) {
      sides.set(participant, side)
      const { shape } = yield* start(cast, participant)
      yield* Effect.orDie(shape.step(() => Effect.succeed([undefined, []] as const)))
      yield* allHaveHeard(cast)
    }),
    expect: (participant, side) => onEtcd(expectParticipant({ formation, participant, side })),
    depart: Effect.fnUntraced(function* (participant) {
      yield* onEtcd(retireParticipant(named(participant), groupsOf(cast.layout)))
      const process = processes.get(participant)
      sides.delete(participant)
      processes.delete(participant)
      if (process !== undefined) yield* Scope.close(process.scope, Exit.void)
      yield* allHaveHeard(cast)
    }),
    electLeader: Effect.fnUntraced(function* (participant) {
      yield* onEtcd(appointLeader(named(participant)))
      yield* allHaveHeard(cast)
    }),
    store: (participant) => Layer.effect(Store, current(cast, participant)),
    crashNextCommit: (participant) => Effect.sync(() => doomed.add(participant)),
    settle: Effect.map(allHaveHeard(cast), () => {
      const taken = new Set([...woken].sort())
      woken.clear()
      return taken
    })
  }
}

/** The store of a participant's process; asked for again, of its next process. */
const current = (cast: Cast, participant: ParticipantId) =>
  Effect.gen(function* () {
    const known = cast.processes.get(participant)
    const taken = given.has(known?.shape as StoreShape)
    const { shape } = known === undefined || taken ? yield* restart(cast, participant) : known
    given.add(shape)
    return {
      ...shape,
      step: (body) =>
        Effect.andThen(
          allHaveHeard(cast),
          shape.step((view) =>
            Effect.tap(body(view), () =>
              cast.doomed.delete(participant)
                ? Effect.die(new Crash("before the commit"))
                : Effect.void
            )
          )
        )
    } satisfies StoreShape
  })

const given = new WeakSet<StoreShape>()

const restart = Effect.fnUntraced(function* (cast: Cast, participant: ParticipantId) {
  const before = cast.processes.get(participant)
  if (before !== undefined) yield* Scope.close(before.scope, Exit.void)
  const process = yield* start(cast, participant)
  // it takes over what its predecessor left
  yield* Effect.orDie(process.shape.step(() => Effect.succeed([undefined, []] as const)))
  return process
})

const start = Effect.fnUntraced(function* (cast: Cast, participant: ParticipantId) {
  const scope = yield* Scope.fork(cast.scope)
  const session = yield* openSession({
    formation: cast.formation,
    participant,
    side: cast.sides.get(participant) ?? "",
    groups: groupsOf(cast.layout)
  }).pipe(Effect.provideService(Etcd, cast.etcd), Scope.provide(scope))
  session.wakers.add(() => cast.woken.add(participant))
  const process: Process = { session, shape: storeOf(session), scope }
  cast.processes.set(participant, process)
  return process
})

/** Waits until every process has heard of all that is in etcd, and every side that somebody is on has a leader. */
const allHaveHeard = (cast: Cast): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { made } = cast.calls
    if (made === cast.calls.heard) return
    const all = yield* Effect.orDie(
      cast.etcd.range({
        ...under(`store/1/${encodeURIComponent(cast.formation)}/`),
        keysOnly: true
      })
    )
    const revisions = new Map(all.kvs.map(({ key, modRevision }) => [key, modRevision]))
    const late = [...cast.processes.values()].filter(({ session }) => !hasHeard(session, revisions))
    if (late.length === 0) {
      cast.calls.heard = made
      return
    }
    yield* byRealTime(Effect.sleep("1 millis"))
    yield* Effect.suspend(() => allHaveHeard(cast))
  })

const hasHeard = (session: Session, revisions: ReadonlyMap<string, number>): boolean => {
  const ranges = rangesOf(session)
  const seen = [...revisions].filter(([key]) =>
    ranges.some(
      (range) =>
        key === range.key || (range.end !== undefined && key >= range.key && key < range.end)
    )
  )
  const current = seen.every(
    ([key, revision]) => (session.sight.revisions.get(key) ?? 0) >= revision
  )
  const gone = [...session.sight.revisions.keys()].some((key) => !revisions.has(key))
  const lead = session.sight.lead
  // a leader that was made one has yet to take its term
  const led = lead !== undefined && (lead.participant !== session.self || leads(session))
  const alone = session.guard === undefined
  return current && !gone && (led || alone)
}

/** The groups of a layout; ids look as Juju's relations do, so that nobody takes them for positions. */
const groupsOf = ({ hostSides, mirrorSide, name }: Layout): ReadonlyArray<EtcdGroup> =>
  name === "one-sided"
    ? [{ id: "peers:0", sides: [mirrorSide] }]
    : [
        ...hostSides.map((side, index) => ({
          id: `cluster:${index + 1}`,
          sides: [mirrorSide, side] as const
        })),
        { id: "peers:0", sides: [mirrorSide] }
      ]

const realClock = Clock.Clock.defaultValue()

const byRealTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Clock.Clock, realClock)

/** A client whose deadlines and keep-alives go by the machine's clock, whatever clock its caller has. */
const byRealClock = (etcd: EtcdShape, changes: () => void): EtcdShape => {
  const counted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.ensuring(Effect.andThen(Effect.sync(changes), byRealTime(effect)), Effect.sync(changes))
  return {
    ...etcd,
    range: (request) => byRealTime(etcd.range(request)),
    txn: (request) => counted(etcd.txn(request)),
    grant: (ttl) => byRealTime(etcd.grant(ttl)),
    revoke: (lease) => counted(etcd.revoke(lease)),
    lease: (ttl) =>
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        yield* Scope.addFinalizer(scope, Effect.sync(changes))
        const lease = yield* byRealTime(etcd.lease(ttl))
        return {
          ...lease,
          lost: byRealTime(lease.lost),
          remainingMillis: byRealTime(lease.remainingMillis)
        }
      }),
    watch: (request) => Stream.provideService(etcd.watch(request), Clock.Clock, realClock)
  }
}
