// `Store` over etcd. A step is decided on what the watches told, and committed in one transaction; it reads nothing.
//
//   participant       its key, under a lease       own register      one key for each group, one for each addressee
//   group             told to all alike            shared register   one key for each side, written in a leader's term
//   leader            the side's key, as Leading   private register  one key
//
// Guarantees and the rule behind each: S1 keys carry their owner's name, roles of etcd keep others off; S2 what was
// committed is remembered; S3 one transaction; S4 revisions; S5 watches; S6 the transaction compares the leader's term;
// S7 everything of a participant stands on its lease.
// Not kept from others by etcd alone: its older versions have ways around their roles, so secrets are sealed.
import {
  type Census,
  type GroupView,
  noEntries,
  type ParticipantId,
  Store,
  type StoreError,
  type StoreShape,
  StoreUnavailable,
  type View
} from "@rollcall/core"
import { Effect, Layer, Queue, Scope, Semaphore, Stream } from "effect"
import { Etcd } from "../client/Etcd.ts"
import { commit } from "./Committing.ts"
import { follow, under } from "./Following.ts"
import { elect, resign } from "./Leading.ts"
import { ownEntries } from "./OwnRegisters.ts"
import { handOver, recall, unavailable } from "./Registering.ts"
import { type EtcdStoreOptions, leads, newSession, otherSide, type Session } from "./Session.ts"
import { type EtcdGroup, participantIn } from "./StoreKeys.ts"

/** The store of a participant. Its first step makes it one. **Guarantee** S1 to S7 */
export const etcdStore = (options: EtcdStoreOptions): Layer.Layer<Store, never, Etcd> =>
  Layer.effect(
    Store,
    Effect.map(openSession(options), (session) => Store.of(storeOf(session)))
  )

/** One process of a participant, until the scope closes. */
export const openSession = Effect.fnUntraced(function* (options: EtcdStoreOptions) {
  const etcd = yield* Etcd
  const scope = yield* Effect.scope
  const session = newSession(options, etcd, scope)
  yield* Scope.addFinalizer(scope, close(session))
  yield* Effect.forkScoped(follow(session))
  yield* Effect.forkScoped(elect(session))
  return session
})

/** A session as core knows it. */
export const storeOf = (session: Session): StoreShape => {
  const turns = Semaphore.makeUnsafe(1)
  return {
    self: session.self,
    step: (body) =>
      Effect.gen(function* () {
        yield* ready(session)
        // of this moment: a term that begins while the body decides is another one
        const term = leads(session) ? session.term?.revision : undefined
        const [result, writes] = yield* body(viewOf(session))
        yield* commit(session, term, writes)
        return result
      }).pipe(Semaphore.withPermit(turns)),
    census: census(session),
    changes: Stream.callback<void>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const waker = () => void Queue.offerUnsafe(queue, undefined)
            session.wakers.add(waker)
            return waker
          }),
          (waker) => Effect.sync(() => session.wakers.delete(waker))
        ),
      { bufferSize: 1, strategy: "sliding" }
    )
  }
}

/** Waits until the watches run, no longer than etcd may take for one call, and knows what it wrote before. */
const ready = Effect.fnUntraced(function* (session: Session): Effect.fn.Return<void, StoreError> {
  yield* session.told.await.pipe(
    Effect.timeoutOrElse({
      duration: PATIENCE,
      orElse: () => Effect.fail(away(session))
    })
  )
  if (session.problem !== undefined) return yield* away(session)
  const [key] = session.sight.unreadable
  if (key !== undefined) {
    const detail = `no participant wrote what is at ${key} (below the client's prefix); delete it: etcdctl del`
    return yield* new StoreUnavailable({ operation: "read", detail })
  }
  yield* recall(session)
})

const away = ({ problem }: Session) =>
  new StoreUnavailable({ operation: "read", detail: problem ?? "etcd has not answered yet" })

const viewOf = (session: Session): View => {
  const leader = leads(session)
  const views = session.groups.map((group) => groupView(session, group, leader))
  // a side's group of its own is its council where it also has groups with others
  const twoSided = views.some(({ symmetric }) => !symmetric)
  return {
    self: session.self,
    side: session.side,
    leader,
    groups: twoSided ? views.filter(({ symmetric }) => !symmetric) : views,
    council: views.find(({ symmetric }) => symmetric),
    private: session.own.privately
  }
}

const groupView = ({ own, side, sight }: Session, group: EtcdGroup, leader: boolean): GroupView => {
  const symmetric = group.sides.length === 1
  const other = otherSide(group, side)
  return {
    id: group.id,
    symmetric,
    own: ownEntries(own, group.id),
    peers: sight.peersOf(group.id),
    shared: symmetric || leader ? sight.sharedOf(group.id, side) : undefined,
    counterpart: symmetric ? noEntries : sight.sharedOf(group.id, other),
    counterpartName: symmetric ? group.id : other
  }
}

/** Read from etcd, for whoever asks depends on who is there and not on who was seen. */
const census = (session: Session): Effect.Effect<Census, StoreError> =>
  Effect.gen(function* () {
    const { etcd, groups, keys, side } = session
    const sides = [...new Set([side, ...groups.map((group) => otherSide(group, side))])]
    const answer = yield* etcd
      .txn({
        when: [],
        then: sides.flatMap((name) => [
          { op: "range", ...under(keys.present(name)), keysOnly: true },
          { op: "range", ...under(keys.awaited(name)), keysOnly: true }
        ])
      })
      .pipe(Effect.mapError(unavailable("count")))
    const on = (name: string): ReadonlySet<ParticipantId> => {
      const index = 2 * sides.indexOf(name)
      const found = answer.ranges.slice(index, index + 2).flatMap(({ kvs }) => kvs)
      return new Set(found.flatMap(({ key }) => participantIn(key) ?? []))
    }
    return {
      siblings: on(side),
      counterparts: new Map(groups.map((group) => [group.id, on(otherSide(group, side))]))
    }
  })

const close = Effect.fnUntraced(function* (session: Session) {
  yield* resign(session)
  // where etcd does not answer any more, the lease itself says for how long all stays
  yield* Effect.ignore(handOver(session))
  if (session.registration !== undefined) yield* session.registration.end
})

const PATIENCE = "10 seconds"
