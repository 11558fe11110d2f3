// Wire format v1 of a lock: one JSON entry in each participant's register, one in the shared register. Pure.
// Tolerant reader: an entry that is no JSON of version 1 makes its register unreadable, a bad request inside it is left
// out and told; an unknown field is ignored. Nothing here throws.
import { Schema } from "effect"
import { FencingToken } from "./FencingToken.ts"
import { remembering } from "./Remembering.ts"
import {
  blankGrants,
  blankRequests,
  Completion,
  Grant,
  type GrantRecord,
  type LockDialect,
  Order,
  PastEvent,
  Pause,
  Request,
  type RequestRecord
} from "./RollingLockRecord.ts"

const Version = Schema.Literal(1)
const RequestsJson = Schema.fromJsonString(
  Schema.Struct({
    v: Version,
    last: Schema.Int,
    queue: Schema.optionalKey(Schema.Array(Schema.Unknown)),
    completed: Schema.optionalKey(Completion),
    problem: Schema.optionalKey(Schema.String),
    ordered: Schema.optionalKey(Schema.Finite),
    group: Schema.optionalKey(Schema.String)
  })
)
const GrantsJson = Schema.fromJsonString(
  Schema.Struct({
    v: Version,
    token: FencingToken,
    permits: Schema.Int,
    grants: Schema.optionalKey(Schema.Array(Grant)),
    pause: Schema.optionalKey(Pause),
    blocked: Schema.optionalKey(Schema.String),
    failed: Schema.optionalKey(Schema.Array(Schema.String)),
    revoked: Schema.optionalKey(
      Schema.Array(Schema.Struct({ participant: Schema.String, ticket: Schema.Finite }))
    ),
    settling: Schema.optionalKey(Schema.Struct({ by: Schema.String, untilMillis: Schema.Finite })),
    history: Schema.optionalKey(Schema.Array(PastEvent)),
    orders: Schema.optionalKey(Schema.Array(Order))
  })
)

/** Rollcall's own format of the lock of that name: its key is `rolling-lock.<name>` in every register. */
export const nativeLockDialect = (lock: string): LockDialect => {
  const key = `rolling-lock.${lock}`
  return {
    owns: (name) => name === key,
    grants: Number.MAX_SAFE_INTEGER,
    orders: true,
    decodeRequests: (entries) => {
      const text = entries.get(key)
      if (text === undefined) return { _tag: "Readable", record: blankRequests }
      const record = readRequests(text)
      return record === undefined
        ? { _tag: "Unreadable", detail: `${key} is no JSON of version 1` }
        : { _tag: "Readable", record }
    },
    encodeRequests: (record) => new Map([[key, requestsText(record)]]),
    decodeGrants: (shared) => {
      const text = shared.get(key)
      if (text === undefined) return { _tag: "Readable", record: blankGrants }
      const record = readGrants(text)
      return record === undefined
        ? { _tag: "Unreadable", detail: `${key} of the shared register is no JSON of version 1` }
        : { _tag: "Readable", record }
    },
    encodeGrants: (record) => new Map([[key, grantsText(record)]])
  }
}

const decodeRequestsJson = Schema.decodeUnknownOption(RequestsJson)
const decodeRequest = Schema.decodeUnknownOption(Request)
const decodeGrantsJson = Schema.decodeUnknownOption(GrantsJson)

const readRequests = remembering((text): RequestRecord | undefined => {
  const json = decodeRequestsJson(text)
  if (json._tag === "None") return undefined
  const { completed, group, last, ordered, problem, queue = [] } = json.value
  const read = queue.map((each) => decodeRequest(each))
  const good = read.flatMap((each) => (each._tag === "Some" ? [each.value] : []))
  const bad = read.length - good.length
  return {
    lastTicket: Math.max(last, ...good.map(({ ticket }) => Math.ceil(ticket))),
    queue: good,
    completed,
    problem: bad === 0 ? problem : `${bad} of its requests cannot be read`,
    ...(ordered === undefined ? {} : { ordered }),
    ...(group === undefined ? {} : { group })
  }
})

const readGrants = remembering((text): GrantRecord | undefined => {
  const json = decodeGrantsJson(text)
  if (json._tag === "None") return undefined
  const { blocked, orders, pause, permits, settling, token } = json.value
  const { failed = [], grants = [], history = [], revoked = [] } = json.value
  const record = { token, permits, grants, pause, blocked, failed, revoked, settling, history }
  return orders === undefined ? record : { ...record, orders }
})

const requestsText = (record: RequestRecord): string => {
  const { completed, group, lastTicket, ordered, problem, queue } = record
  return JSON.stringify({
    v: 1,
    last: lastTicket,
    queue: queue.length === 0 ? undefined : queue,
    completed,
    problem,
    ordered,
    group
  })
}

const grantsText = (record: GrantRecord): string =>
  JSON.stringify({
    v: 1,
    token: record.token,
    permits: record.permits,
    grants: some(record.grants),
    pause: record.pause,
    blocked: record.blocked,
    failed: some(record.failed),
    revoked: some(record.revoked),
    settling: record.settling,
    history: some(record.history),
    orders: some(record.orders ?? [])
  })

const some = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> | undefined =>
  list.length === 0 ? undefined : list
