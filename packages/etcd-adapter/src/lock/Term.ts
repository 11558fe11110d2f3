// The lease of a process at a lock, and what it hears under it: its grants, and whether it is to watch for dead holders.
// One watch on its own keys for as long as it lives: a hand-off wakes the one it is for, and nobody else.
import { FencingToken, SECTION } from "@rollcall/core"
import { Deferred, Effect, Exit, Fiber, Queue, Random, Scope, Stream } from "effect"
import type { KeyValue, WatchBatch, WatchEvent } from "../client/Etcd.ts"
import type { EtcdError } from "../client/EtcdError.ts"
import { attempt, freshSnapshot, handOut } from "./Attempting.ts"
import { watchHolders } from "./Guarding.ts"
import { hintedIn } from "./HandOverHint.ts"
import { type Grant, type LockProcess, lostFor, type Term } from "./LockProcess.ts"
import { readHolder } from "./LockRecord.ts"
import { freePermits } from "./LockSnapshot.ts"

/** The lease of this process; opened where there is none. */
export const currentTerm = (process: LockProcess): Effect.Effect<Term, EtcdError> =>
  process.opening.withPermit(
    Effect.suspend(() =>
      process.term === undefined ? openTerm(process) : Effect.succeed(process.term)
    )
  )

/** A grant as its process keeps it; whoever waits for it is told. */
export const granted = (
  process: LockProcess,
  holder: { readonly ticket: number; readonly operation: string; readonly atMillis: number },
  token: number,
  lease: bigint | undefined,
  hint: Grant["hint"] = () => undefined
): Grant => {
  const known = process.grants.get(holder.ticket)
  if (known?.token === token) return known
  const grant: Grant = {
    key: process.keys.grant(process.self, holder.ticket),
    ticket: holder.ticket,
    token: FencingToken.make(token),
    operation: holder.operation,
    atMillis: holder.atMillis,
    lease,
    hint,
    taken: Deferred.makeUnsafe()
  }
  process.grants.set(holder.ticket, grant)
  const waiter = process.waiting.get(holder.ticket)
  if (waiter !== undefined) Deferred.doneUnsafe(waiter, Effect.succeed(grant))
  return grant
}

const openTerm = Effect.fnUntraced(function* (process: LockProcess) {
  const scope = yield* Scope.fork(process.scope)
  const opened = Effect.gen(function* () {
    const lease = yield* process.etcd.lease(process.ttlSeconds)
    const term: Term = { lease, lost: Deferred.makeUnsafe(), scope, queued: new Set() }
    const ready = yield* Deferred.make<void, EtcdError>()
    yield* Effect.forkScoped(
      listen(process, term, ready).pipe(
        Effect.catch((error: EtcdError) =>
          Effect.andThen(Deferred.fail(ready, error), endTerm(process, term, error.message))
        )
      )
    )
    yield* Deferred.await(ready)
    yield* Effect.forkIn(
      Effect.catch(lease.lost, (error) => endTerm(process, term, error.detail)),
      process.scope
    )
    yield* Effect.forkScoped(lookNowAndThen(process, term))
    process.term = term
    return term
  })
  return yield* opened.pipe(
    Scope.provide(scope),
    Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit)))
  )
})

/** Everything under the lease is lost: work under it is interrupted, who waits asks anew. */
const endTerm = (process: LockProcess, term: Term, detail: string) =>
  Effect.gen(function* () {
    if (process.term === term) process.term = undefined
    const error = lostFor(term.lease.id, detail)
    yield* Deferred.fail(term.lost, error)
    for (const grant of [...process.grants.values(), ...process.leaving]) {
      if (grant.lease === term.lease.id) yield* Deferred.fail(grant.taken, error)
    }
    process.grants.clear()
    yield* Queue.offer(process.woken, undefined)
    // revoking it may take a while where etcd does not answer
    yield* Effect.forkDetach(Scope.close(term.scope, Exit.void))
  })

const listen = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  ready: Deferred.Deferred<void, EtcdError>
) {
  const mailbox = process.keys.mailbox(process.self)
  const guard: { fiber: Fiber.Fiber<unknown, unknown> | undefined } = { fiber: undefined }
  yield* Stream.runForEach(process.etcd.watch(mailbox), (batch) =>
    Effect.gen(function* () {
      for (const event of yield* eventsOf(process, batch)) yield* hear(process, term, event, guard)
      yield* Deferred.succeed(ready, undefined)
    })
  )
})

/** At the beginning and after a gap everything is heard anew: what is there, and that what is not there is gone. */
const eventsOf = (process: LockProcess, batch: WatchBatch) =>
  batch._tag === "Events" && batch.events.length > 0
    ? Effect.succeed(batch.events)
    : Effect.map(process.etcd.range(process.keys.mailbox(process.self)), ({ kvs, revision }) => {
        const there = new Set(kvs.map(({ key }) => key))
        const gone = [...process.grants.values()].filter(({ key }) => !there.has(key))
        return [
          ...gone.map(({ key }): WatchEvent => ({ type: "delete", key, modRevision: revision })),
          ...kvs.map((kv): WatchEvent => ({ type: "put", kv }))
        ]
      })

const hear = Effect.fnUntraced(function* (
  process: LockProcess,
  term: Term,
  event: WatchEvent,
  guard: { fiber: Fiber.Fiber<unknown, unknown> | undefined }
) {
  const key = event.type === "put" ? event.kv.key : event.key
  if (key.endsWith("/guard")) {
    if (guard.fiber !== undefined) yield* Fiber.interrupt(guard.fiber)
    guard.fiber =
      event.type === "put" && event.kv.lease === term.lease.id
        ? yield* Effect.forkIn(Effect.ignore(watchHolders(process)), term.scope)
        : undefined
  } else if (key.endsWith("/asked")) {
    process.own = undefined
    yield* Queue.offer(process.woken, undefined)
  } else if (key.endsWith("/hint")) {
    if (event.type === "put") hearHint(process, event.kv)
  } else if (event.type === "put") {
    yield* hearGrant(process, term, event.kv)
  } else {
    const ticket = Number(key.slice(key.lastIndexOf("/") + 1))
    process.spent.delete(ticket)
    const grant = process.grants.get(ticket)
    if (grant !== undefined && grant.token < event.modRevision) {
      process.grants.delete(grant.ticket)
      yield* Deferred.fail(grant.taken, lostFor(grant.lease, "the grant was taken away"))
    }
    yield* Queue.offer(process.woken, undefined)
  }
})

const hearHint = ({ grants }: LockProcess, { modRevision, value }: KeyValue): void => {
  for (const grant of grants.values()) {
    const hint = hintedIn(value, modRevision, grant)
    if (hint?.holders[0]?.holder.ticket === grant.ticket) grant.hint = () => hint
  }
}

const hearGrant = Effect.fnUntraced(function* (process: LockProcess, term: Term, kv: KeyValue) {
  const holder = readHolder(kv.value)
  if (holder === undefined) return
  const mine = kv.lease === term.lease.id
  if (holder.operation === SECTION && !process.waiting.has(holder.ticket)) {
    // its section gave up while the grant was under way
    const known =
      process.grants.get(holder.ticket)?.token === kv.modRevision ||
      process.spent.has(holder.ticket)
    const release = [{ key: kv.key, token: kv.modRevision }]
    if (mine && !known)
      yield* Effect.forkIn(Effect.ignore(attempt(process, { release })), term.scope)
    return
  }
  const { lease, modRevision } = kv
  const grant = { key: kv.key, token: modRevision, lease }
  const hint = lazily(() => (mine ? hintedIn(kv.value, modRevision, grant) : undefined))
  granted(process, holder, kv.modRevision, kv.lease, hint)
  yield* Queue.offer(process.woken, undefined)
  // the holder goes first
  yield* Effect.yieldNow
  const told = hint()
  if (told !== undefined) process.until = told.state.until
})

const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** The backstop, not the mechanism: somebody who waits looks whether anybody still watches, and grants what lies idle. */
const lookNowAndThen = (process: LockProcess, term: Term) =>
  Effect.gen(function* () {
    for (;;) {
      const chance = yield* Random.next
      yield* Effect.sleep(BACKSTOP_MILLIS * (0.75 + chance / 2))
      if (process.waiting.size + term.queued.size === 0) continue
      const snapshot = yield* freshSnapshot(process)
      for (const { holder, lease, token } of snapshot.holders) {
        const mine = holder.participant === process.self && lease === term.lease.id
        if (mine && process.waiting.has(holder.ticket)) granted(process, holder, token, lease)
      }
      const idle = freePermits(snapshot.holders, process.limits.permits) > 0
      if (idle || snapshot.guard === undefined) yield* handOut(process)
    }
  }).pipe(Effect.ignore, Effect.forever)

const BACKSTOP_MILLIS = 20_000
