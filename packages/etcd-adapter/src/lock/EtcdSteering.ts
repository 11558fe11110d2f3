// What an operator does to a roll: pause, resume, and end a grant by force. Anybody can; all of it is in the history.
import {
  type Audit,
  GrantUnknown,
  type ParticipantId,
  type PastEvent,
  StoreUnavailable
} from "@rollcall/core"
import { Clock, Effect } from "effect"
import { attempt, freshSnapshot, handOut, type Wanted } from "./Attempting.ts"
import type { LockProcess } from "./LockProcess.ts"
import { blankState, type LockState } from "./LockRecord.ts"
import type { LockSnapshot, Outstanding } from "./LockSnapshot.ts"
import { readRequests, textOf } from "./OwnRequests.ts"

/** Grants nothing more until the roll is resumed; a paused roll stays as it is. */
export const pause = (process: LockProcess, audit: Audit) =>
  Effect.flatMap(Clock.currentTimeMillis, (atMillis) =>
    attempt(process, ({ state }) =>
      state.pause !== undefined ? undefined : pausing(audit, atMillis)
    )
  )

/** Lets the roll go on, and forgets the failures that stopped it. */
export const resume = (process: LockProcess, audit: Audit) =>
  Effect.gen(function* () {
    const atMillis = yield* Clock.currentTimeMillis
    yield* attempt(process, ({ state }) =>
      state.pause === undefined
        ? undefined
        : {
            events: [{ event: "resumed", ...audit, atMillis }],
            steer: ({ failed: _, pause: __, ...rest }) => rest
          }
    )
    yield* handOut(process)
  })

/** Ends all grants of `participant` with the requests they answer, and pauses the roll: nobody knows what became of it. */
export const forceRelease = Effect.fnUntraced(function* (
  process: LockProcess,
  participant: ParticipantId,
  audit: Audit
) {
  const atMillis = yield* Clock.currentTimeMillis
  for (let tries = 0; tries < MANY; tries++) {
    const snapshot = yield* freshSnapshot(process)
    if (snapshot.broken) return yield* rebuild(process, snapshot, audit, atMillis)
    const held = heldBy(snapshot, participant)
    if (held.length === 0) {
      const holders = snapshot.holders.map(({ holder }) => holder.participant)
      return yield* new GrantUnknown({ participant, holders })
    }
    const registers = yield* withoutThem(process, participant, held)
    const outcome = yield* attempt(
      process,
      forced(held, registers, participant, audit, atMillis),
      snapshot
    )
    if (outcome._tag === "Done") return
  }
  const detail = `${participant} changed its requests ${MANY} times meanwhile`
  return yield* new StoreUnavailable({ operation: "force a release", detail })
})

const heldBy = ({ holders }: LockSnapshot, participant: string): ReadonlyArray<Outstanding> =>
  holders.filter(({ holder }) => holder.participant === participant)

const pausing = (audit: Audit, atMillis: number) => ({
  events: [{ event: "paused", ...audit, atMillis } satisfies PastEvent as PastEvent],
  steer: (state: LockState): LockState => ({ ...state, pause: { ...audit, atMillis } })
})

const forced = (
  held: ReadonlyArray<Outstanding>,
  registers: ReadonlyArray<{
    readonly key: string
    readonly value: string
    readonly revision: number
  }>,
  participant: string,
  audit: Audit,
  atMillis: number
): Wanted => {
  const stop = pausing(
    { by: audit.by, reason: `${participant} was released by force: ${audit.reason}` },
    atMillis
  )
  const ends = held.map(
    ({ holder, token }): PastEvent => ({
      event: "forced",
      sinceMillis: holder.atMillis,
      token: token as NonNullable<PastEvent["token"]>,
      participant,
      operation: holder.operation,
      ...audit,
      atMillis
    })
  )
  return ({ state }) => ({
    release: held.map(({ key, token }) => ({ key, token })),
    registers,
    events: [...ends, ...(state.pause === undefined ? stop.events : [])],
    steer: (before) => (before.pause === undefined ? stop.steer(before) : { ...before })
  })
}

/** The participant's register without the requests whose grants end. */
const withoutThem = Effect.fnUntraced(function* (
  { etcd, keys, lock }: LockProcess,
  participant: string,
  held: ReadonlyArray<Outstanding>
) {
  const key = keys.requests(participant)
  const [kv] = (yield* etcd.range({ key })).kvs
  const register = readRequests(lock, kv?.value)
  if (kv === undefined || register._tag === "Unreadable") return []
  const gone = new Set(held.map(({ holder }) => holder.ticket))
  const { record } = register
  const ended = record.queue.filter(({ ticket }) => gone.has(ticket))
  if (ended.length === 0) return []
  const queue = record.queue.filter(({ ticket }) => !gone.has(ticket))
  const problem = `${ended.map(({ operation }) => operation).join(", ")} was ended by force`
  return [{ key, value: textOf(lock, { ...record, queue, problem }), revision: kv.modRevision }]
})

/** A state in place of one that cannot be read: paused; grants that are there stay, and tokens are revisions anyway. */
const rebuild = (
  { etcd, keys, limits }: LockProcess,
  seen: LockSnapshot,
  audit: Audit,
  atMillis: number
) =>
  Effect.asVoid(
    etcd.txn({
      when: [{ key: keys.state, target: "mod", is: "=", value: seen.stateRevision }],
      then: [
        {
          op: "put",
          key: keys.state,
          value: JSON.stringify({
            ...blankState,
            permits: limits.permits,
            token: seen.revision,
            holders: seen.holders.map(({ holder }) => holder),
            pause: { ...audit, atMillis }
          })
        }
      ]
    })
  )

const MANY = 100
