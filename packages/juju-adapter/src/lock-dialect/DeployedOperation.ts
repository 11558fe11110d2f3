// One operation in a deployed unit's queue, read from either library's form and written in one. Pure.
//   v1         a JSON string that holds an object of strings, its `kwargs` JSON once more
//   charmlibs  an object of native types
// Readers are as tolerant as the libraries themselves or more; what they cannot run is a problem in words. Fields that
// are not theirs are kept.

import { epochTime, isoTime, type Micros, readTime } from "./LockTime.ts"
import { dumpsStyle, pydanticStyle, readBack, written } from "./PythonText.ts"
import { type RawJson, type RawMembers, rawJson } from "./RawJson.ts"

/** The forms of a deployed queue. */
export type DeployedForm = "v1" | "charmlibs"

/** One operation of a deployed queue. */
export interface DeployedOperation {
  readonly operation: string
  readonly arguments: string
  readonly requestedAt: Micros
  readonly maxRetries: number | undefined
  readonly attempt: number
  /** Fields no version of the libraries knows, as they were written. */
  readonly more: RawMembers
}

/** How the form writes moments. */
export const timeIn: Readonly<Record<DeployedForm, (micros: Micros) => string>> = {
  v1: isoTime,
  charmlibs: epochTime
}

/** The form of an element of a queue; undefined where it is none. */
export const formOf = ({ kind }: RawJson): DeployedForm | undefined =>
  kind === "string" ? "v1" : kind === "object" ? "charmlibs" : undefined

/** An element of a queue in either form, or what is wrong with it. */
export const readOperation = (element: RawJson): DeployedOperation | string => {
  const form = formOf(element)
  if (form === undefined) return "neither a string nor an object"
  const object = element.kind === "string" ? rawJson(element.value) : element
  if (object?.kind !== "object") return "no JSON object"
  const { members } = object
  const operation = textOf(members.get("callback_id"))
  if (operation === undefined || operation.trim() === "") return "no callback_id"
  const requestedAt = readTime(textOf(members.get("requested_at")))
  if (requestedAt === undefined) return "no moment in requested_at"
  const attempt = countOf(members.get("attempt"))
  if (attempt === "bad") return "no count in attempt"
  const maxRetries = countOf(members.get("max_retry"))
  if (maxRetries === "bad") return "no count in max_retry"
  const kwargs = kwargsOf(members.get("kwargs"), form)
  if (kwargs === undefined) return "no object in kwargs"
  const more = new Map([...members].filter(([key]) => !FIELDS.has(key)))
  return { operation, arguments: kwargs, requestedAt, maxRetries, attempt: attempt ?? 0, more }
}

/** The text of a queue, byte for byte as the library would write it. */
export const queueText = (queue: ReadonlyArray<DeployedOperation>, form: DeployedForm): string =>
  `[${queue.map((each) => elementText(each, form)).join(",")}]`

const FIELDS = new Set(["callback_id", "kwargs", "requested_at", "max_retry", "attempt", "result"])

const STYLES = { v1: dumpsStyle, charmlibs: pydanticStyle }

const elementText = (each: DeployedOperation, form: DeployedForm): string => {
  const { string } = STYLES[form]
  const kwargs = written(each.arguments, STYLES[form])
  const at = string(timeIn[form](each.requestedAt))
  const name = string(each.operation)
  const fields: ReadonlyArray<readonly [string, string]> =
    form === "v1"
      ? [
          ["callback_id", name],
          ["kwargs", string(kwargs)],
          ["requested_at", at],
          ["max_retry", `"${each.maxRetries ?? ""}"`],
          ["attempt", `"${each.attempt}"`]
        ]
      : [
          ["callback_id", name],
          ["requested_at", at],
          ["max_retry", `${each.maxRetries ?? null}`],
          ["attempt", `${each.attempt}`],
          ["result", "null"],
          ["kwargs", kwargs]
        ]
  const more = [...each.more].map(([key, { text }]) => [key, text] as const)
  const members = [...fields, ...more].map(([key, text]) => `${string(key)}:${text}`)
  const object = `{${members.join(",")}}`
  return form === "v1" ? string(object) : object
}

const textOf = (json: RawJson | undefined): string | undefined =>
  json?.kind === "string" ? json.value : json?.kind === "number" ? json.text : undefined

/** A count in either form; undefined is none, as both libraries take an empty one. */
const countOf = (json: RawJson | undefined): number | undefined | "bad" => {
  const text = json?.kind === "word" && json.text === "null" ? "" : (textOf(json) ?? json?.text)
  if (text === undefined || text === "") return undefined
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : "bad"
}

const kwargsOf = (json: RawJson | undefined, form: DeployedForm): string | undefined => {
  if (json === undefined) return "{}"
  const text = form === "v1" ? (json.kind === "string" ? json.value || "{}" : undefined) : json.text
  if (text === undefined || rawJson(text)?.kind !== "object") return undefined
  return readBack(text, STYLES[form])
}
