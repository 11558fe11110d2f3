// Who leads a side: one key for each side, held under a short lease by whoever was first to find it free.
// A term is the revision at which the key was put: whoever puts it anew, to lead or to make somebody lead, ends the term
// before, and every commit that was decided in it is refused (S6).
import { Effect } from "effect"
import type { EtcdError } from "../client/EtcdError.ts"
import { tenure } from "./Registering.ts"
import { leads, type Session, termSeconds, wake } from "./Session.ts"

/** Runs for leader whenever the side has none, until the scope closes. */
export const elect = (session: Session): Effect.Effect<never> => {
  let said: string | undefined
  const say = ({ message }: EtcdError) => {
    if (said === message) return Effect.void
    said = message
    return Effect.logWarning(`${session.self} cannot run for leader: ${message}`)
  }
  return session.nudge.await.pipe(
    Effect.andThen(Effect.sync(() => session.nudge.closeUnsafe())),
    Effect.andThen(consider(session)),
    Effect.catch((error) =>
      say(error).pipe(
        Effect.andThen(Effect.sync(() => session.nudge.openUnsafe())),
        Effect.andThen(Effect.sleep(PAUSE))
      )
    ),
    Effect.forever
  )
}

/** Gives up what this process led. */
export const resign = Effect.fnUntraced(function* (session: Session) {
  const { term } = session
  session.term = undefined
  if (term !== undefined) yield* term.end
})

const consider = Effect.fnUntraced(function* (session: Session) {
  const { lead } = session.sight
  if (session.term !== undefined && !leads(session)) {
    yield* resign(session)
    wake(session)
  }
  const free = lead === undefined || lead.participant === session.self
  const { registration } = session
  if (session.term !== undefined || !free || registration === undefined) return
  if (session.options.elects === false || session.guard === undefined) return
  yield* run(session, lead?.term ?? 0, registration.lease.id)
})

/** Takes the key if it still is as it was at `before`; at 0 there is none. */
const run = Effect.fnUntraced(function* (session: Session, before: number, under: bigint) {
  const { groups, keys, self, side } = session
  const { end, lease } = yield* tenure(session, termSeconds(session))
  const lead = keys.lead(side)
  const answer = yield* session.etcd
    .txn({
      when: [
        { key: lead, target: "mod", is: "=", value: before },
        // who is not there cannot lead, and of two processes only the one that speaks for it
        { key: keys.here(side, self), target: "lease", is: "=", value: under }
      ],
      then: [
        { op: "put", key: lead, value: self, lease: lease.id },
        // what the leaders before it wrote: it decides on nothing older
        ...groups.map(({ id }) => ({ op: "range", key: keys.shared(id, side) }) as const)
      ],
      otherwise: [{ op: "range", key: lead }]
    })
    .pipe(Effect.onError(() => end))
  const [found] = answer.succeeded ? [] : (answer.ranges[0]?.kvs ?? [])
  const won = answer.succeeded || found?.lease === lease.id
  if (!won) {
    yield* end
    if (found !== undefined) session.sight.put(found)
    return
  }
  const revision = found?.modRevision ?? answer.revision
  if (answer.succeeded) {
    for (const { kvs } of answer.ranges) for (const kv of kvs) session.sight.put(kv)
  } else {
    // the try that won had no answer: read again what it would have said
    session.certain = false
  }
  session.sight.put({ key: lead, value: self, modRevision: revision })
  const term = { revision, lease, end }
  session.term = term
  wake(session)
  const lose = Effect.suspend(() => {
    if (session.term !== term) return Effect.void
    session.nudge.openUnsafe()
    wake(session)
    return resign(session)
  })
  yield* Effect.forkIn(
    Effect.catch(lease.lost, () => lose),
    session.scope
  )
})

const PAUSE = "1 second"
