// A roll over many: one transaction asks for a turn of everybody who is named; each hears of it and waits for itself.
// Who takes part is known by the registers of requests: who serves has one.
import {
  enqueued,
  naturalOrder,
  type ParticipantId,
  RequestInvalid,
  type Wish
} from "@rollcall/core"
import { Effect } from "effect"
import type { Compare, Op } from "../client/Etcd.ts"
import type { LockProcess } from "./LockProcess.ts"
import { readRequests, textOf } from "./OwnRequests.ts"

/** An order that was given. */
export interface EtcdOrder {
  readonly ticket: number
  /** In the order of turns. */
  readonly participants: ReadonlyArray<ParticipantId>
  /** Who was left out because its register cannot be read, and why. */
  readonly quarantined: ReadonlyMap<ParticipantId, string>
}

/** Asks for a turn of each of `named`, of everybody unless set. */
export const order = Effect.fnUntraced(function* (
  process: LockProcess,
  wish: Wish,
  named: ReadonlyArray<ParticipantId> | undefined
) {
  const { etcd, keys, lock } = process
  for (;;) {
    const { kvs, revision } = yield* etcd.range(keys.allRequests)
    const registers = kvs.map((kv) => ({
      kv,
      id: decodeURIComponent(kv.key.slice(keys.allRequests.key.length)) as ParticipantId,
      read: readRequests(lock, kv.value)
    }))
    const quarantined = new Map(
      registers.flatMap(({ id, read }) =>
        read._tag === "Unreadable" ? [[id, read.detail] as const] : []
      )
    )
    const known = registers.map(({ id }) => id).filter((id) => !quarantined.has(id))
    const participants = named ?? known.sort(naturalOrder)
    const allowed = problemOf(participants, known)
    if (allowed !== undefined) return yield* new RequestInvalid({ field: "participants", allowed })
    const when: Array<Compare> = []
    const then: Array<Op> = []
    participants.forEach((id, turn) => {
      const found = registers.find((each) => each.id === id)
      if (found?.read._tag !== "Readable") return
      const { key, modRevision } = found.kv
      const ticket = Math.max(revision, found.read.record.lastTicket + 1) + turn
      const { record } = enqueued(found.read.record, wish, ticket, undefined)
      when.push({ key, target: "mod", is: "=", value: modRevision })
      then.push({ op: "put", key, value: textOf(lock, record) })
      then.push({ op: "put", key: keys.asked(id), value: `${ticket}` })
    })
    const answer = yield* etcd.txn({ when, then, otherwise: [{ op: "range", key: keys.state }] })
    if (answer.succeeded || answer.repeated) {
      return { ticket: revision, participants, quarantined } satisfies EtcdOrder as EtcdOrder
    }
  }
})

/** Makes this participant known to those who order rolls. */
export const takePart = ({ etcd, keys, lock, self }: LockProcess) => {
  const key = keys.requests(self)
  const blank = { lastTicket: 0, queue: [], completed: undefined, problem: undefined }
  return etcd.txn({
    when: [{ key, target: "create", is: "=", value: 0 }],
    then: [{ op: "put", key, value: textOf(lock, blank) }],
    otherwise: []
  })
}

// two writes for each, in one transaction of at most 128
const MOST = 60

const problemOf = (
  participants: ReadonlyArray<ParticipantId>,
  known: ReadonlyArray<ParticipantId>
): string | undefined => {
  const plain = new Set(participants).size === participants.length
  const fits = participants.length > 0 && participants.length <= MOST
  return plain && fits && participants.every((each) => known.includes(each))
    ? undefined
    : `1 to ${MOST} of ${known.join(", ") || "nobody yet"}, each once`
}
