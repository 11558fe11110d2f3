// What a unit's databag says in the keys of rolling_ops v1 and charmlibs-rollingops, which are the same and differ in what
// stands in them. Pure; which of the two wrote it is told by each element and each moment.
import { type Entries, remembering } from "@rollcall/core"
import {
  type DeployedForm,
  type DeployedOperation,
  formOf,
  queueText,
  readOperation,
  timeIn
} from "./DeployedOperation.ts"
import { isEpochTime, type Micros, readTime } from "./LockTime.ts"
import { rawJson } from "./RawJson.ts"

/** The keys of a unit's databag. */
export const UNIT_KEYS = ["operations", "state", "executed_at"] as const

/** The values of `state` that both libraries know; any other one makes a deployed leader fail. */
export type DeployedState = "idle" | "request" | "retry-release" | "retry-hold"

/** A unit's databag. */
export interface DeployedUnit {
  readonly form: DeployedForm | undefined
  readonly queue: ReadonlyArray<DeployedOperation>
  readonly state: string
  /** The text of `executed_at`: that it changed tells more than what it says. */
  readonly executed: string
  readonly executedAt: Micros | undefined
  /** Its queue is worked off through etcd: the lock of the peer relation is nothing to it. */
  readonly elsewhere: boolean
  /** What its own library could not read either. */
  readonly problem: string | undefined
}

/** The databag's deployed part; undefined where it has none. */
export const readUnit = (entries: Entries): DeployedUnit | undefined => {
  if (!entries.has("operations") && !STATES.has(entries.get("state") ?? "")) return undefined
  const executed = entries.get("executed_at") ?? ""
  const { form, problem, queue } = readQueue(entries.get("operations") || "[]")
  return {
    form: form ?? formFrom(executed, entries),
    queue,
    state: entries.get("state") ?? "",
    executed,
    executedAt: readTime(executed),
    elsewhere: entries.get("processing_backend") === "etcd",
    problem
  }
}

/** The deployed part of a databag. */
export const unitEntries = (
  unit: Pick<DeployedUnit, "queue" | "executedAt"> & { readonly state: DeployedState },
  form: DeployedForm
): Map<string, string> => {
  const entries = new Map<string, string>([
    ["operations", queueText(unit.queue, form)],
    ["state", unit.state]
  ])
  if (unit.executedAt !== undefined) entries.set("executed_at", timeIn[form](unit.executedAt))
  return entries
}

const STATES = new Set<string>([
  "idle",
  "request",
  "retry-release",
  "retry-hold"
] satisfies ReadonlyArray<DeployedState>)

const readQueue = remembering((text): Pick<DeployedUnit, "form" | "queue" | "problem"> => {
  const elements = rawJson(text)
  const items = elements?.kind === "array" ? elements.items : []
  const read = items.map(readOperation)
  const queue = read.flatMap((each) => (typeof each === "string" ? [] : [each]))
  const problems = read.flatMap((each, i) =>
    typeof each === "string" ? [`operation ${i + 1} has ${each}`] : []
  )
  if (elements?.kind !== "array") problems.push("operations is no JSON list")
  return {
    form: items.map(formOf).find((form) => form !== undefined),
    queue: distinct(queue),
    problem: problems.length === 0 ? undefined : problems.join("; ")
  }
})

const formFrom = (executed: string, entries: Entries): DeployedForm | undefined => {
  if (executed !== "") return isEpochTime(executed) ? "charmlibs" : "v1"
  return entries.has("processing_backend") ? "charmlibs" : undefined
}

/** The moment names the request: equal ones are told apart. */
const distinct = (queue: ReadonlyArray<DeployedOperation>): ReadonlyArray<DeployedOperation> => {
  const taken = new Set<Micros>()
  return queue.map((each) => {
    let at = each.requestedAt
    while (taken.has(at)) at++
    taken.add(at)
    return at === each.requestedAt ? each : { ...each, requestedAt: at }
  })
}
