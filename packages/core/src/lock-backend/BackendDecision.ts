// What a participant says and, where it leads, decides of a lock that may move: one commit, from one view.
import { Clock, Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { LockStatus } from "../rolling-lock/Explanation.ts"
import type { Write } from "../store/Register.ts"
import type { StoreError } from "../store/StoreError.ts"
import { type BackendSession, type SeenBackend, seenBackend } from "./BackendSession.ts"
import { requestWrites } from "./Carrying.ts"
import { type Left, monotonicMillis } from "./Leaving.ts"
import { fitnessAfter, looksAgainAt } from "./LockBackendPolicy.ts"
import {
  type BackendRecord,
  type BackendRequests,
  type BackendStatement,
  backendKey
} from "./LockBackendRecord.ts"
import {
  type BackendInput,
  nextBackend,
  nextStatement,
  roleOf,
  waitsFor
} from "./LockBackendState.ts"

/** What a participant wrote in a turn, and knows after it. */
export interface Decided {
  readonly record: BackendRecord | undefined
  readonly said: BackendStatement
  readonly requests: BackendRequests
  readonly wakeAtMillis: number | undefined
}

/** Says what is to be said, and decides where this participant leads, in one commit. */
export const decide = (
  session: BackendSession,
  before: SeenBackend,
  current: LockStatus | undefined,
  left: Left | undefined
): Effect.Effect<Decided, StoreError> =>
  Effect.tap(
    session.store.step((view) =>
      Effect.gen(function* () {
        const seen = seenBackend(session, view) ?? before
        const nowMillis = yield* Clock.currentTimeMillis
        const { record, said } = seen
        const known = dropLate(session, seen.requests, nowMillis)
        const limits = limitsAt(session, record)
        const was = { fit: said?.fit, changedAtMillis: known.changedAtMillis }
        const fitness = fitnessAfter(was, session.away === undefined, nowMillis, limits)
        // an answer is to the record it was made for
        const same = record?.epoch === before.record?.epoch
        const says = saying(seen, same ? left : undefined, fitness.fit)
        const statements = new Map([...seen.statements, [view.self, says]])
        const input = yield* leaderInput(
          session,
          { ...seen, statements },
          same ? current : undefined
        )
        const leads = view.leader && seen.problem === undefined
        const after = leads ? nextBackend(input) : record
        session.waits = record?.moving === undefined ? [] : waitsFor(record, input)
        const requests = keptRequests(known, fitness.changedAtMillis)
        session.wanted = new Map(requests.queue.map((each) => [each.ticket, each]))
        const writes = writesOf(session, seen, { record: after, said: says, requests })
        const times = requests.queue.flatMap(({ expiresAtMillis }) => expiresAtMillis ?? [])
        const unproved = session.absent.size > session.proving.size
        const again = after !== record || !isSame(says, said) || unproved
        times.push(again ? 0 : (looksAgainAt(fitness, limits) ?? Number.POSITIVE_INFINITY))
        const first = Math.min(...times)
        const wakeAtMillis = first === Number.POSITIVE_INFINITY ? undefined : first
        return [
          { record: after, said: says, requests, wakeAtMillis, wrote: after !== record },
          writes
        ]
      })
    ),
    ({ record, wrote }) =>
      Effect.sync(() => {
        if (wrote) session.wrote = Math.max(session.wrote, record?.epoch ?? 0)
      })
  )

/** What this participant says now; without an answer to a record that wants one it says what it said. */
const saying = (
  { record, said, view }: SeenBackend,
  left: Left | undefined,
  fit: boolean | undefined
): BackendStatement => {
  const role = roleOf(record, view.self, said)
  if (role._tag === "Waits" || (role._tag === "Leaves" && left === undefined)) {
    return { ...(said ?? { v: 1, epoch: 0 }), ...(fit === undefined ? {} : { fit }) }
  }
  return nextStatement(record, said, fit, left ?? NOTHING_LEFT)
}

const writesOf = (
  { lock }: BackendSession,
  seen: SeenBackend,
  { record, requests, said }: Pick<Decided, "record" | "requests" | "said">
): ReadonlyArray<Write> => {
  const key = backendKey(lock)
  const group = seen.group.id
  const own = { _tag: "own", group } as const
  const shared = { _tag: "shared", group } as const
  return [
    ...(isSame(said, seen.said) ? [] : [{ place: own, key, value: JSON.stringify(said) }]),
    ...(requests === seen.requests ? [] : requestWrites(lock, requests)),
    ...(record === seen.record ? [] : [{ place: shared, key, value: JSON.stringify(record) }])
  ]
}

/** What the leader knows when it decides by `seen`. */
export const leaderInput = Effect.fnUntraced(function* (
  session: BackendSession,
  seen: SeenBackend,
  current: LockStatus | undefined
) {
  const { record, statements } = seen
  const missing = (record?.admitted ?? []).filter((id) => !isSeen(seen, id))
  const siblings = missing.length === 0 ? undefined : (yield* session.store.census).siblings
  const departed = (id: ParticipantId) =>
    missing.includes(id) && siblings !== undefined && !siblings.has(id)
  const now = yield* monotonicMillis
  for (const id of [...session.absent.keys()]) if (!departed(id)) session.absent.delete(id)
  for (const id of missing) {
    if (departed(id) && !session.absent.has(id)) session.absent.set(id, now)
  }
  const input: BackendInput = {
    nowMillis: yield* Clock.currentTimeMillis,
    before: record,
    statements,
    departed,
    unproven: (id) => unproven(session, record, current, id, now),
    token: current?.token,
    names: session.names,
    limits: session.policy
  }
  return input
})

/** Why a departed participant is not known to be gone. */
const unproven = (
  session: BackendSession,
  record: BackendRecord | undefined,
  current: LockStatus | undefined,
  participant: ParticipantId,
  nowMillis: number
): string | undefined => {
  // the peers' lock ends with the participant
  if (record === undefined || record.backend === session.names.other) return undefined
  if (current !== undefined) {
    if (!session.proving.has(participant)) return "it departed just now"
    const holds = [...current.grants, ...current.waiters].some(
      (each) => each.participant === participant
    )
    return holds ? `it departed, and its lease in ${record.backend} has not passed` : undefined
  }
  const { departedMillis } = session.policy
  const gone = nowMillis - (session.absent.get(participant) ?? nowMillis)
  if (departedMillis !== undefined && gone >= departedMillis) return undefined
  return `it departed without a word, and ${record.backend} cannot be read`
}

/** Requests that were not granted before their deadline go; what was begun stays. */
const dropLate = (
  { running }: BackendSession,
  requests: BackendRequests,
  nowMillis: number
): BackendRequests => {
  if (running.size > 0) return requests
  const late = requests.queue.filter(
    ({ attempt = 0, expiresAtMillis = Number.POSITIVE_INFINITY }) =>
      attempt === 0 && expiresAtMillis <= nowMillis
  )
  if (late.length === 0) return requests
  const words = late.map(({ operation }) => `${operation} was not granted before its deadline`)
  const queue = requests.queue.filter((each) => !late.includes(each))
  return { ...requests, queue, problem: words.join("; ") }
}

const keptRequests = (requests: BackendRequests, changed: number | undefined): BackendRequests => {
  if (requests.changedAtMillis === changed) return requests
  const { changedAtMillis: _, ...rest } = requests
  return changed === undefined ? rest : { ...rest, changedAtMillis: changed }
}

const isSeen = ({ group, view }: SeenBackend, participant: ParticipantId): boolean =>
  participant === view.self || group.peers.has(participant)

const isSame = (one: BackendStatement, other: BackendStatement | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

/** Where the lock lives in the preferred backend, whoever reaches it again says so at once: nothing has moved yet. */
const limitsAt = ({ names, policy }: BackendSession, record: BackendRecord | undefined) =>
  record?.backend === names.preferred ? { ...policy, backMillis: 0 } : policy

const NOTHING_LEFT: Left = { bound: undefined, token: 0, paused: undefined }
