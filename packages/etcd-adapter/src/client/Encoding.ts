// Between the words of Etcd.ts and the messages on the wire, and between names with and without the prefix. Pure.
// Every key goes out with the prefix and comes back without, so a client cannot name a key outside of it: a range that
// is open to the right ends where the prefix ends.
import type {
  DeleteRangeRequest,
  PutRequest,
  RangeResponse,
  TxnResponse,
  WatchCreateRequest,
  WatchResponse,
  Compare as WireCompare,
  KeyValue as WireKeyValue,
  RangeRequest as WireRangeRequest
} from "../proto/etcd_pb.ts"
import {
  type Compare,
  type Keys,
  type KeyValue,
  type Op,
  prefixEnd,
  type RangeAnswer,
  type RangeRequest,
  type TxnAnswer,
  type TxnRequest,
  type WatchEvent,
  type WatchRequest
} from "./Etcd.ts"
import type { WatchAnswer } from "./WatchState.ts"

/** A message as it may be given to be sent: fields left out have their default. */
export type Outgoing<A> = Partial<Omit<A, "$typeName" | "$unknown">>

/** The end that means "all keys from here on". */
export const OPEN_END = "\0"

/** Encodes for one prefix. */
export interface Encoding {
  readonly range: (request: RangeRequest) => Outgoing<WireRangeRequest>
  readonly rangeAnswer: (response: RangeResponse) => RangeAnswer
  readonly txn: (request: TxnRequest) => TxnMessage
  readonly txnAnswer: (response: TxnResponse, repeated: boolean) => TxnAnswer
  /** Asks for a watch by an id, from a revision; 0 is "from now on". */
  readonly watch: (request: WatchRequest, watchId: bigint, from: number) => WatchMessage
  readonly watchAnswer: (response: WatchResponse) => WatchAnswer
}

/** What is said on the stream of watches. */
export interface WatchMessage {
  readonly requestUnion:
    | { readonly case: "createRequest"; readonly value: Outgoing<WatchCreateRequest> }
    | { readonly case: "cancelRequest"; readonly value: { readonly watchId: bigint } }
    | { readonly case: "progressRequest"; readonly value: Record<string, never> }
}

/** A transaction to be sent. */
export interface TxnMessage {
  readonly compare: Array<Outgoing<WireCompare>>
  readonly success: Array<OpMessage>
  readonly failure: Array<OpMessage>
}

/** An `Encoding` for keys below `prefix`; "" is all of them. */
export const encodingFor = (prefix: string): Encoding => {
  const keys = keysFor(prefix)
  const keyValue = keyValueFor(prefix)
  const rangeAnswer = ({ header, kvs, count }: RangeResponse): RangeAnswer => ({
    revision: Number(header?.revision ?? 0n),
    kvs: kvs.map(keyValue),
    count: Number(count)
  })
  const op = opFor(keys)
  return {
    range: (request) => rangeMessage(keys, request),
    rangeAnswer,
    txn: ({ when, then, otherwise }) => ({
      compare: when.map((each) => compareMessage(keys, each)),
      success: then.map(op),
      failure: (otherwise ?? []).map(op)
    }),
    txnAnswer: ({ header, succeeded, responses }, repeated) => {
      const revision = Number(header?.revision ?? 0n)
      const ranges = responses.flatMap(({ response }) =>
        response.case === "responseRange" ? [{ ...rangeAnswer(response.value), revision }] : []
      )
      return { succeeded, revision, ranges, repeated }
    },
    watch: ({ only, ...request }, watchId, from) => ({
      requestUnion: {
        case: "createRequest",
        value: {
          ...keys(request),
          watchId,
          startRevision: BigInt(from),
          progressNotify: true,
          filters: only === undefined ? [] : [only === "put" ? NO_DELETIONS : NO_PUTS]
        }
      }
    }),
    watchAnswer: ({ header, created, compactRevision, events }) => ({
      revision: Number(header?.revision ?? 0n),
      created,
      compacted: compactRevision > 0n,
      events: events.flatMap(({ type, kv }) =>
        kv === undefined ? [] : [eventOf(type, keyValue(kv))]
      )
    })
  }
}

const eventOf = (type: number, kv: KeyValue): WatchEvent =>
  type === DELETION
    ? { type: "delete", key: kv.key, modRevision: kv.modRevision }
    : { type: "put", kv }

const DELETION = 1
const NO_PUTS = 0
const NO_DELETIONS = 1
const SORT_BY = { key: 0, create: 2, mod: 3 } as const
const RESULT = { "=": 0, ">": 1, "<": 2, "!=": 3 } as const

type WireKeys = {
  readonly key: Uint8Array<ArrayBuffer>
  readonly rangeEnd?: Uint8Array<ArrayBuffer>
}
type ToWire = (keys: Keys) => WireKeys
type OpMessage = { request: RequestCase }
type RequestCase =
  | { case: "requestRange"; value: Outgoing<WireRangeRequest> }
  | { case: "requestPut"; value: Outgoing<PutRequest> }
  | { case: "requestDeleteRange"; value: Outgoing<DeleteRangeRequest> }

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const encode = (text: string) => encoder.encode(text)
const decode = (bytes: Uint8Array) => decoder.decode(bytes)

const keysFor =
  (prefix: string): ToWire =>
  ({ key, end }) => ({
    key: encode(prefix + key),
    ...(end === undefined ? {} : { rangeEnd: encode(endBelow(prefix, end)) })
  })

const endBelow = (prefix: string, end: string): string => {
  if (end !== OPEN_END || prefix === "") return prefix + end
  return prefixEnd(prefix)
}

const keyValueFor =
  (prefix: string) =>
  ({ key, value, createRevision, modRevision, version, lease }: WireKeyValue): KeyValue => ({
    key: decode(key).slice(prefix.length),
    value: decode(value),
    createRevision: Number(createRevision),
    modRevision: Number(modRevision),
    version: Number(version),
    lease: lease === 0n ? undefined : lease
  })

const rangeMessage = (keys: ToWire, request: RangeRequest): Outgoing<WireRangeRequest> => ({
  ...keys(request),
  ...(request.limit === undefined ? {} : { limit: BigInt(request.limit) }),
  ...(request.sortBy === undefined && request.descending === undefined
    ? {}
    : {
        sortOrder: request.descending === true ? 2 : 1,
        sortTarget: SORT_BY[request.sortBy ?? "key"]
      }),
  ...(request.revision === undefined ? {} : { revision: BigInt(request.revision) }),
  ...(request.minCreateRevision === undefined
    ? {}
    : { minCreateRevision: BigInt(request.minCreateRevision) }),
  ...(request.maxCreateRevision === undefined
    ? {}
    : { maxCreateRevision: BigInt(request.maxCreateRevision) }),
  countOnly: request.countOnly ?? false,
  keysOnly: request.keysOnly ?? false
})

const opFor =
  (keys: ToWire) =>
  (op: Op): OpMessage => {
    switch (op.op) {
      case "put":
        return {
          request: {
            case: "requestPut",
            value: { key: keys(op).key, value: encode(op.value), lease: op.lease ?? 0n }
          }
        }
      case "delete":
        return { request: { case: "requestDeleteRange", value: keys(op) } }
      case "range":
        return { request: { case: "requestRange", value: rangeMessage(keys, op) } }
    }
  }

const compareMessage = (keys: ToWire, compare: Compare): Outgoing<WireCompare> => ({
  ...keys(compare),
  result: RESULT[compare.is],
  ...targetOf(compare)
})

const targetOf = (compare: Compare): Pick<WireCompare, "target" | "targetUnion"> => {
  switch (compare.target) {
    case "version":
      return { target: 0, targetUnion: { case: "version", value: BigInt(compare.value) } }
    case "create":
      return { target: 1, targetUnion: { case: "createRevision", value: BigInt(compare.value) } }
    case "mod":
      return { target: 2, targetUnion: { case: "modRevision", value: BigInt(compare.value) } }
    case "value":
      return { target: 3, targetUnion: { case: "value", value: encode(compare.value) } }
    case "lease":
      return { target: 4, targetUnion: { case: "lease", value: compare.value } }
  }
}
