// What charmlibs-rollingops keeps in etcd, as values. Pure. Layout and bytes as its versions 1.1.2 to 1.1.5 write them
// (charmlibs/rollingops: _etcd/_models.py RollingOpsKeys, _common/_models.py _Operation).
// The value of an operation is written anew only where it changes, and its keyword arguments never: Python's numbers
// (2.0, 2**70) are other numbers here.
import { canonicalJson, parsedJson } from "@rollcall/core"
import { Schema } from "effect"
import { type Keys, prefixEnd } from "../../client/Etcd.ts"

const Operation = Schema.Struct({
  callback_id: Schema.NonEmptyString,
  requested_at: Schema.String,
  max_retry: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  attempt: Schema.optionalKey(Schema.Int),
  result: Schema.optionalKey(Schema.NullOr(Schema.String)),
  kwargs: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})

/** One operation of a unit. */
export interface CharmlibsOperation {
  readonly callback: string
  /** Seconds since 1970 as Python prints a float: the operation's name, with the callback. */
  readonly requestedAt: string
  /** Undefined where there is no bound. */
  readonly maxRetry: number | undefined
  readonly attempt: number
  /** A JSON object, as it was read. */
  readonly kwargs: string
}

/** The keys of one owner in one cluster. */
export interface CharmlibsKeys {
  /** Held by whoever has it, in all applications of the cluster. */
  readonly lock: string
  readonly cluster: Keys
  readonly pending: Keys
  readonly inprogress: Keys
  readonly completed: Keys
}

/** The keys of `owner`. */
export const charmlibsKeys = (cluster: string, owner: string, lock = "default"): CharmlibsKeys => {
  const root = `/rollingops/${lock}/${cluster}/`
  const queue = (name: string) => within(`${root}${owner}/${name}/`)
  return {
    lock: `${root}granted-unit/`,
    cluster: within(root),
    pending: queue("pending"),
    inprogress: queue("inprogress"),
    completed: queue("completed")
  }
}

/** The owner's name of a unit: `<model uuid>-<unit>`, without slashes. */
export const charmlibsOwner = (modelUuid: string, unit: string): string =>
  `${modelUuid}-${unit}`.replaceAll("/", "-")

/** The last part of an operation's key; Python computes it anew from the value. */
export const operationId = ({ callback, requestedAt }: CharmlibsOperation): string =>
  `${requestedAt}-${callback}`

/** The value of an operation; `result` is set while it is among the completed. */
export const operationText = (operation: CharmlibsOperation, result?: string): string => {
  const { attempt, callback, kwargs, maxRetry, requestedAt } = operation
  const [id, at, outcome] = [callback, requestedAt, result ?? null].map((each) =>
    JSON.stringify(each)
  )
  return `{"callback_id":${id},"requested_at":${at},"max_retry":${maxRetry ?? null},"attempt":${attempt},"result":${outcome},"kwargs":${kwargs}}`
}

/** The operation in a value; undefined where there is none, as after an etcdctl that broke it at a space. */
export const readOperation = (
  text: string
): { readonly operation: CharmlibsOperation; readonly result: string | undefined } | undefined => {
  const read = decode(text)
  if (read._tag === "None") return undefined
  const { attempt = 0, callback_id, kwargs = {}, max_retry, requested_at, result } = read.value
  // it is the last one wherever Python wrote it
  const raw = /"kwargs": ?(\{.*\})\}$/s.exec(text)?.[1]
  const same = raw !== undefined && canonicalJson(parsedJson(raw)) === canonicalJson(kwargs)
  return {
    operation: {
      callback: callback_id,
      requestedAt: requested_at,
      maxRetry: max_retry ?? undefined,
      attempt,
      kwargs: same ? raw : JSON.stringify(kwargs)
    },
    result: result ?? undefined
  }
}

/** Whether two operations ask for the same: then the later one is not added behind the other. */
export const isSameOperation = (left: CharmlibsOperation, right: CharmlibsOperation): boolean =>
  left.callback === right.callback &&
  canonicalJson(parsedJson(left.kwargs)) === canonicalJson(parsedJson(right.kwargs))

/** A time as Python prints `str(float)`. */
export const pythonTime = (micros: number): string => {
  const text = String(micros / 1e6)
  return text.includes(".") ? text : `${text}.0`
}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Operation))

const within = (prefix: string): Keys => ({ key: prefix, end: prefixEnd(prefix) })
