// A participant's registration: the lease that all it writes stands on, kept alive while its process runs.
// A process that ends hands it all to a lease that nobody keeps alive, so that a restart in time finds everything as it
// was; one that is killed leaves it to its own lease, which lasts as long. After that it has departed (S7).
import { ParticipantId, StoreUnavailable } from "@rollcall/core"
import { Effect, Exit, Scope } from "effect"
import type { Lease, RangeAnswer, RangeRequest } from "../client/Etcd.ts"
import type { EtcdError } from "../client/EtcdError.ts"
import { ALL, nothingOwn, type OwnRegisters } from "./OwnRegisters.ts"
import { everyOp, inPortions } from "./RegisterOps.ts"
import { readRegister, readSent } from "./RegisterText.ts"
import { absenceSeconds, type Session, wake } from "./Session.ts"

/** The lease that this process writes under; granted when there is none yet. */
export const register = Effect.fnUntraced(function* (session: Session) {
  if (session.registration !== undefined) return session.registration.lease
  const { end, lease } = yield* tenure(session, absenceSeconds(session)).pipe(
    Effect.mapError(unavailable("register"))
  )
  const registration = { lease, end }
  session.registration = registration
  const lose = Effect.suspend(() => {
    if (session.registration !== registration) return Effect.void
    session.registration = undefined
    session.certain = false
    wake(session)
    return end
  })
  yield* Effect.forkIn(
    Effect.catch(lease.lost, () => lose),
    session.scope
  )
  return lease
})

/** A lease of its own, which ends before the session does. */
export const tenure = Effect.fnUntraced(function* (session: Session, ttlSeconds: number) {
  const scope = yield* Scope.make()
  const end = Scope.close(scope, Exit.void)
  const lease: Lease = yield* session.etcd.lease(ttlSeconds).pipe(
    Scope.provide(scope),
    Effect.onError(() => end)
  )
  return { lease, end }
})

/** What has to be read to know what this participant has written. */
export const ownRanges = ({ groups, keys, self, side }: Session): ReadonlyArray<RangeRequest> => [
  { key: keys.here(side, self) },
  { key: keys.privately(self) },
  { key: keys.sent(self) },
  ...groups.map(({ id }) => ({ key: keys.register(id, side, self) })),
  ...groups.map(({ id }) => ({ key: keys.shared(id, side) }))
]

/** Takes in what `ownRanges` found; reads what it wrote to single participants, if there is any. */
export const takeOwn = Effect.fnUntraced(function* (
  session: Session,
  answers: ReadonlyArray<RangeAnswer>
) {
  const { groups } = session
  const [here, privately, sent] = answers.map(({ kvs }) => kvs[0])
  const registers = answers.slice(3, 3 + groups.length).map(({ kvs }) => kvs[0])
  for (const { kvs } of answers.slice(3 + groups.length))
    for (const kv of kvs) session.sight.put(kv)
  if (here === undefined) {
    session.own = nothingOwn
    session.guard = undefined
  } else {
    const addressed = yield* readAddressed(session, readSent(sent?.value ?? "[]"))
    session.own = {
      groups: new Map(
        groups.map(({ id }, index) => [
          id,
          new Map([[ALL, entriesIn(registers[index]?.value)], ...(addressed.get(id) ?? [])])
        ])
      ),
      privately: entriesIn(privately?.value)
    }
    session.guard = { modRevision: here.modRevision, lease: here.lease }
  }
  session.certain = true
})

/** Makes a session certain of what it wrote, and puts it under this process's lease where it is under another. */
export const recall = Effect.fnUntraced(function* (session: Session) {
  if (!session.certain) {
    const ranges = ownRanges(session)
    const answer = yield* session.etcd
      .txn({ when: [], then: ranges.map((range) => ({ op: "range", ...range })) })
      .pipe(Effect.mapError(unavailable("read")))
    yield* takeOwn(session, answer.ranges).pipe(Effect.mapError(unavailable("read")))
  }
  if (session.guard === undefined) return
  const { spokeUnder } = session
  const under = session.guard.lease ?? 0n
  if (spokeUnder.size > 0 && !spokeUnder.has(under)) return yield* superseded(session)
  const lease = yield* register(session)
  if (under !== lease.id) yield* moveTo(session, lease.id)
})

/** Of two processes of one participant the later one speaks for it, until it has departed. */
const superseded = ({ self }: Session) =>
  new StoreUnavailable({
    operation: "commit",
    detail: `another process speaks for ${self}; one of the two has to be ended`
  })

/** Leaves everything to a lease that nobody keeps alive: what a process does that ends, in case it is started again. */
export const handOver = Effect.fnUntraced(function* (session: Session) {
  if (session.guard === undefined || session.registration === undefined) return
  yield* recall(session)
  // it may have been taken away meanwhile: nothing is left of it, and nothing may come back
  if (!isThere(session)) return
  const { id } = yield* session.etcd.grant(absenceSeconds(session))
  yield* moveTo(session, id)
})

const isThere = ({ guard }: Session): boolean => guard !== undefined

/** The words of a store for what etcd says. */
export const unavailable =
  (operation: string) =>
  ({ message }: EtcdError): StoreUnavailable =>
    new StoreUnavailable({ operation, detail: message })

const moveTo = Effect.fnUntraced(function* (session: Session, lease: bigint) {
  const ops = everyOp(session, session.own, lease)
  const key = session.keys.here(session.side, session.self)
  for (const [index, part] of inPortions(ops).entries()) {
    const value = `moved to ${lease.toString(16)} ${index}`
    const modRevision = session.guard?.modRevision ?? 0
    session.certain = false
    const answer = yield* session.etcd
      .txn({
        when: [{ key, target: "mod", is: "=", value: modRevision }],
        then: [{ op: "put", key, value, lease }, ...part],
        otherwise: [{ op: "range", key }]
      })
      .pipe(Effect.mapError(unavailable("register")))
    const [here] = answer.ranges[0]?.kvs ?? []
    const moved = answer.succeeded ? answer.revision : here?.value === value && here.modRevision
    if (moved === undefined || moved === false) {
      return yield* superseded(session)
    }
    session.guard = { modRevision: moved, lease }
    session.certain = true
  }
  session.spokeUnder.add(lease)
  // its predecessor may have led
  session.nudge.openUnsafe()
})

const readAddressed = Effect.fnUntraced(function* (
  session: Session,
  sent: ReturnType<typeof readSent>
): Effect.fn.Return<ReadonlyMap<string, ReadonlyArray<readonly [string, OwnEntries]>>, EtcdError> {
  const { keys, self } = session
  const found = new Map<string, Array<readonly [string, OwnEntries]>>()
  for (const part of inPortions(sent)) {
    const answer = yield* session.etcd.txn({
      when: [],
      then: part.map(([group, to]) => ({
        op: "range",
        key: keys.addressed(ParticipantId.make(to), group, self)
      }))
    })
    for (const [index, [group, to]] of part.entries()) {
      const [kv] = answer.ranges[index]?.kvs ?? []
      if (kv !== undefined) {
        found.set(group, [...(found.get(group) ?? []), [to, entriesIn(kv.value)]])
      }
    }
  }
  return found
})

type OwnEntries = OwnRegisters["privately"]

const entriesIn = (value: string | undefined): OwnEntries =>
  (value === undefined ? undefined : readRegister(value)) ?? new Map()
