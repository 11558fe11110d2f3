// Keeps a session's sight up to date: first the watches, then one read, then what the watches say.
// In this order no watch begins in the past, where etcd would serve it every 100 ms only; what comes twice changes
// nothing. When etcd has forgotten what came between, all of it is read again.
import { Deferred, Effect, type Scope, Stream } from "effect"
import { type Keys, prefixEnd, type WatchBatch } from "../client/Etcd.ts"
import type { EtcdError } from "../client/EtcdError.ts"
import { ownRanges, takeOwn } from "./Registering.ts"
import { otherSide, type Session, wake } from "./Session.ts"

/** Follows until the scope closes; while etcd refuses it says why, and tries again. */
export const follow = (session: Session): Effect.Effect<never> =>
  Effect.scoped(watchOnce(session)).pipe(
    Effect.ensuring(Effect.sync(() => session.told.closeUnsafe())),
    Effect.catch((error) =>
      Effect.andThen(
        Effect.sync(() => {
          session.problem = error.message
          session.told.openUnsafe()
          wake(session)
        }),
        Effect.sleep(PAUSE)
      )
    ),
    Effect.forever
  )

/** What this participant watches: what the other sides show, what is meant for it, and who leads its side. */
export const rangesOf = ({ groups, keys, self, side }: Session): ReadonlyArray<Keys> => {
  const shown = groups.map((group) => under(keys.shows(group.id, otherSide(group, side))))
  return [...shown, under(keys.inbox(self)), { key: keys.lead(side) }]
}

/** All keys that begin with `prefix`. */
export const under = (prefix: string): Keys => ({ key: prefix, end: prefixEnd(prefix) })

const watchOnce = (session: Session): Effect.Effect<void, EtcdError, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<void, EtcdError>()
    const ranges = rangesOf(session)
    let silent = ranges.length
    const begun = yield* Deferred.make<void, EtcdError>()
    for (const range of ranges) {
      let first = true
      const watching = Stream.runForEach(session.etcd.watch(range), (batch) =>
        Effect.suspend(() => {
          if (first && --silent === 0) Deferred.doneUnsafe(begun, Effect.void)
          first = false
          return batch._tag === "Resync"
            ? Deferred.succeed(ended, undefined)
            : Effect.sync(() => hear(session, batch))
        })
      )
      yield* Effect.forkScoped(
        Effect.onExit(watching, (exit) =>
          exit._tag === "Failure" ? Deferred.done(ended, exit) : Deferred.succeed(ended, undefined)
        )
      )
    }
    yield* Effect.raceFirst(Deferred.await(begun), Deferred.await(ended))
    const mine = ownRanges(session)
    const answer = yield* session.etcd.txn({
      when: [],
      then: [...ranges, ...mine].map((range) => ({ op: "range", ...range }))
    })
    const [seen, own] = [answer.ranges.slice(0, ranges.length), answer.ranges.slice(ranges.length)]
    const shared = own.slice(-session.groups.length)
    session.sight.load(
      [...seen, ...shared].flatMap(({ kvs }) => kvs),
      answer.revision
    )
    // later a step may be under way, and reads what it needs when it begins
    if (!session.begun) yield* takeOwn(session, own)
    else {
      session.certain = false
      wake(session)
    }
    session.begun = true
    session.problem = undefined
    session.told.openUnsafe()
    session.nudge.openUnsafe()
    yield* Deferred.await(ended)
  })

const hear = (session: Session, batch: Extract<WatchBatch, { readonly _tag: "Events" }>): void => {
  const before = session.sight.lead
  let seen = false
  for (const event of batch.events) seen = session.sight.hear(event) || seen
  if (session.sight.lead !== before) session.nudge.openUnsafe()
  if (seen) wake(session)
}

const PAUSE = "1 second"
