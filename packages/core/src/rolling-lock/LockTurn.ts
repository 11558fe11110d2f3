// One turn of a participant: read the lock, settle the own queue, decide as leader where it leads, and say what may be
// tried now. What is tried was granted in a commit before this one; it is tried after this one (never in it).
import { Clock, Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Registers } from "./Fate.ts"
import type { LockMemory } from "./LockJournal.ts"
import { grantWrites, readableGrants, requestWrites, type SeenLock, seenLock } from "./LockScene.ts"
import { type LockSession, recall } from "./LockSession.ts"
import { withOrder, withTurns } from "./Orders.ts"
import { grantFor, isItsTurn, isOf, runnable, settled } from "./RequestQueue.ts"
import type { Grant, GrantRecord, Order, Request, RequestRecord } from "./RollingLockRecord.ts"
import { type LeaderInput, nextGrants } from "./RollingLockState.ts"
import { opensAtMillis } from "./Window.ts"

/** A try that may begin now, or one whose end is still to be told to the requester's code. */
export interface Trial {
  readonly request: Request
  readonly grant: Pick<Grant, "token">
  readonly memory: LockMemory | undefined
  readonly interrupted: boolean
}

/** What a turn saw and left behind. */
export interface Turn {
  readonly seen: SeenLock
  readonly own: RequestRecord
  readonly grants: GrantRecord | undefined
  readonly trial: Trial | undefined
  /** When another turn is of use although nobody changes anything; by this participant's clock. */
  readonly wakeAtMillis: number | undefined
}

/** What makes an order out of what is seen; it may refuse. */
export type Ordering<E> = (
  seen: SeenLock,
  grants: GrantRecord,
  memory: LockMemory | undefined
) => Effect.Effect<Order, E>

/**
 * Takes one turn; undefined while there is no group. A trial is marked as running: who gets it carries it out. With
 * `ordering` the leader gives that order, and grants its turns, in the same write.
 */
export const takeTurn = <E = never>(
  session: LockSession,
  tries: boolean,
  ordering?: Ordering<E>
): Effect.Effect<Turn | undefined, StoreError | E> =>
  session.turns.withPermit(
    Effect.tap(
      session.store.step((view) => {
        const seen = seenLock(session, view)
        return seen === undefined
          ? Effect.succeed([undefined, []])
          : decide(session, seen, tries, ordering)
      }),
      (turn) =>
        Effect.sync(() => {
          if (turn?.trial !== undefined) startTrial(session, turn.trial)
          if (turn !== undefined && session.commitsAtEnd) noteGranted(session, turn)
        })
    )
  )

const decide = Effect.fnUntraced(function* <E>(
  session: LockSession,
  seen: SeenLock,
  tries: boolean,
  ordering: Ordering<E> | undefined
) {
  const { dialect, limits, running } = session
  const memory = yield* recall(session)
  const nowMillis = yield* Clock.currentTimeMillis
  const grants = readableGrants(seen)
  const input = {
    self: seen.view.self,
    nowMillis,
    record: seen.own,
    grants,
    memory,
    running,
    capMillis: limits.backoff.capMillis,
    group: limits.perGroup === undefined ? undefined : (session.group ?? "")
  }
  const own = settled(input)
  const registers: Registers = new Map([
    ...seen.registers,
    [seen.view.self, { _tag: "Readable", record: own }]
  ])
  const before =
    grants === undefined || ordering === undefined
      ? grants
      : withOrder(grants, yield* ordering(seen, grants, memory))
  const after =
    before !== undefined && seen.view.leader
      ? yield* lead(session, seen, before, withTurns(registers, before), nowMillis)
      : before
  const trial = tries ? trialOf(session, { ...input, record: own }, seen.registers) : undefined
  const writes = [
    ...requestWrites(dialect, seen, own, nowMillis),
    ...grantWrites(dialect, seen, after, nowMillis)
  ]
  const wakeAtMillis = wakeOf(session, { own, after, memory, nowMillis, registers, seen })
  const turn: Turn = { seen, own, grants: after, trial, wakeAtMillis }
  return [turn, writes] as const
})

/** The leader's next record; the health gate is asked only when a grant depends on it, the census when a holder is not seen. */
const lead = Effect.fnUntraced(function* (
  session: LockSession,
  seen: SeenLock,
  before: GrantRecord,
  registers: Registers,
  nowMillis: number
) {
  const { dialect, gate, limits, policy, store } = session
  const named = [...before.grants, ...before.revoked].map(({ participant }) => participant)
  // the last order is kept whoever is there
  const ordered = before.orders?.slice(0, -1).flatMap(({ participants }) => participants) ?? []
  const missing = [...named, ...ordered].some((each) => !registers.has(each as ParticipantId))
  const siblings = missing ? (yield* store.census).siblings : undefined
  const permits = Math.min(limits.permits, dialect.grants)
  const ahead = Math.min(limits.ahead, dialect.grants - permits)
  const input: LeaderInput = {
    self: seen.view.self,
    nowMillis,
    before,
    registers,
    takenUp: seen.takenUp,
    departed: (participant) => siblings !== undefined && !siblings.has(participant),
    limits: { ...limits, permits, ahead },
    policy,
    gated: gate !== undefined,
    unhealthy: undefined,
    defers: dialect.orders === true
  }
  const after = nextGrants(input)
  if (gate === undefined || after.token === before.token) return after
  const late = () => Effect.succeed("the health check did not answer in time")
  const unhealthy = yield* Effect.timeoutOrElse(gate, { duration: GATE_DEADLINE, orElse: late })
  return unhealthy === undefined ? after : nextGrants({ ...input, unhealthy })
})

const trialOf = (
  session: LockSession,
  input: Parameters<typeof runnable>[0],
  registers: Registers
): Trial | undefined => {
  const { memory, record } = input
  const [first] = record.queue
  const untold = memory?.ended !== undefined && memory.told !== true
  if (first !== undefined && untold && isOf(memory, first)) {
    if (session.running.has(first.ticket)) return undefined
    return { request: first, grant: memory, memory, interrupted: false }
  }
  const found = runnable(input, registers)
  if (found === undefined || session.granted.has(found.grant.token)) return undefined
  return { ...found, memory: found.interrupted ? memory : undefined }
}

const startTrial = ({ running }: LockSession, { request }: Trial): void => {
  running.set(request.ticket, request)
}

const noteGranted = ({ granted }: LockSession, { grants, seen }: Turn): void => {
  const before = readableGrants(seen)?.token ?? 0
  for (const { token } of grants?.grants ?? []) if (token > before) granted.add(token)
}

/** When this participant has something to do without being woken: a rest or a wait ends, or it granted itself. */
const wakeOf = (
  session: LockSession,
  scene: {
    readonly own: RequestRecord
    readonly after: GrantRecord | undefined
    readonly memory: LockMemory | undefined
    readonly nowMillis: number
    readonly registers: Registers
    readonly seen: SeenLock
  }
): number | undefined => {
  const { after, memory, nowMillis, own, registers, seen } = scene
  const times: Array<number> = []
  const [first] = own.queue
  const grant = first && grantFor(after, seen.view.self, first)
  const waits = first?.resting === true || first?.retry === "hold"
  const retryAt = waits ? Math.max(nowMillis, memory?.retryAtMillis ?? 0) : nowMillis
  if (first?.resting === true) times.push(retryAt)
  const paused = after?.pause !== undefined
  if (after !== undefined && grant !== undefined && !paused && isItsTurn(grant, after, registers)) {
    times.push(retryAt)
  }
  for (const { expiresAtMillis } of own.queue) {
    if (expiresAtMillis !== undefined && grant === undefined) times.push(expiresAtMillis)
  }
  if (seen.view.leader && after?.blocked !== undefined) {
    const opens = opensAtMillis(session.limits.windows, nowMillis)
    const settling = after.settling?.untilMillis
    times.push(Math.max(opens ?? nowMillis, settling ?? 0, nowMillis + 1))
  }
  return times.length === 0 ? undefined : Math.min(...times)
}

const GATE_DEADLINE = "30 seconds"
