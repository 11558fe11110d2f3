// A step's commit: one transaction that puts all of the step or nothing (S3), if the participant is still who it was
// and, where it led, still leads (S6). Each commit puts the participant's own key anew, so that of two processes of one
// participant one is refused, and a transaction whose answer was lost can be told from one that never was.
import { NotLeader, type StoreError, StoreUnavailable, type Write } from "@rollcall/core"
import { Effect } from "effect"
import type { Compare, Op, TxnAnswer } from "../client/Etcd.ts"
import { type Changes, changed } from "./OwnRegisters.ts"
import { register, unavailable } from "./Registering.ts"
import { portionsOf } from "./RegisterOps.ts"
import { registerText } from "./RegisterText.ts"
import { type Session, wake } from "./Session.ts"

/** Commits `writes`, as decided on a view that showed the leader of `term`; nothing where there is nothing new to say. */
export const commit = Effect.fnUntraced(function* (
  session: Session,
  term: number | undefined,
  writes: ReadonlyArray<Write>
) {
  const shared = writes.find(({ place }) => place._tag === "shared")
  const group = shared?.place._tag === "shared" ? shared.place.group : session.side
  const deposed = new NotLeader({ participant: session.self, group })
  if (shared !== undefined && term === undefined) return yield* deposed
  const sharedOf = (id: string) => session.sight.sharedOf(id, session.side)
  const changes = changed(session.own, sharedOf, writes)
  if (session.guard !== undefined && !speaks(changes)) return
  yield* Effect.uninterruptible(put(session, changes, term, deposed))
})

const speaks = (changes: Changes): boolean =>
  changes.registers.length > 0 || changes.privately || changes.shared.size > 0

const put = Effect.fnUntraced(function* (
  session: Session,
  changes: Changes,
  term: number | undefined,
  deposed: NotLeader
): Effect.fn.Return<void, StoreError> {
  const arrived = session.guard === undefined
  const { id } = yield* register(session)
  // until etcd has answered nobody knows what it has
  session.certain = false
  for (const ops of portionsOf(session, changes, id))
    yield* putOnce(session, ops, id, term, deposed)
  session.own = changes.own
  session.certain = true
  const modRevision = session.guard?.modRevision ?? 0
  for (const [group, entries] of changes.shared) {
    const key = session.keys.shared(group, session.side)
    session.sight.put({ key, value: registerText(entries), modRevision })
  }
  if (arrived) session.nudge.openUnsafe()
  // what it means for itself, as who mirrors and mints does, is to be looked at in another step
  if (changes.registers.some(([, to]) => to === session.self)) wake(session)
})

const putOnce = Effect.fnUntraced(function* (
  session: Session,
  ops: ReadonlyArray<Op>,
  lease: bigint,
  term: number | undefined,
  deposed: NotLeader
): Effect.fn.Return<void, StoreError> {
  const step = `${lease.toString(16)}.${(steps += 1)}`
  const here = session.keys.here(session.side, session.self)
  const lead = session.keys.lead(session.side)
  const known = session.guard?.modRevision ?? 0
  const when: Array<Compare> = [{ key: here, target: "mod", is: "=", value: known }]
  if (term !== undefined) when.push({ key: lead, target: "mod", is: "=", value: term })
  const answer = yield* session.etcd
    .txn({
      when,
      then: [{ op: "put", key: here, value: step, lease }, ...ops],
      otherwise: [here, lead].map((key) => ({ op: "range", key }))
    })
    .pipe(Effect.mapError(unavailable("commit")))
  const modRevision = committedAt(answer, step)
  if (modRevision !== undefined) {
    session.guard = { modRevision, lease }
    session.spokeUnder.add(lease)
    return
  }
  // where it is still the one that it was, only the term can be over
  if ((answer.ranges[0]?.kvs[0]?.modRevision ?? 0) === known) return yield* deposed
  return yield* new StoreUnavailable({
    operation: "commit",
    detail: `${session.self} was taken away, or another process speaks for it`
  })
})

let steps = 0

/** The revision of a step: of this answer, or of an earlier try of which no answer came. */
const committedAt = (answer: TxnAnswer, step: string): number | undefined => {
  if (answer.succeeded) return answer.revision
  const [here] = answer.ranges[0]?.kvs ?? []
  return here?.value === step ? here.modRevision : undefined
}
