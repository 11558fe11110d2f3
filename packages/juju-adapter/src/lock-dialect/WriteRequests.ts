// A request record as entries of our unit's databag: the record itself, and what deployed units need of it in the form that
// is set. Pure.
// `executed_at` is written in the clock of the leader that granted: one microsecond after `granted_at`, so that a deployed
// leader sees the end of that grant, and no end of a later one in it. `requested_at` is the own clock's, but later than
// every one that can be seen, so that a slow clock gains nothing. Only states that the libraries know are written.
import { type Entries, type LockScene, noEntries, type RequestRecord } from "@rollcall/core"
import type { DeployedForm, DeployedOperation } from "./DeployedOperation.ts"
import { type DeployedState, type DeployedUnit, readUnit, unitEntries } from "./DeployedUnit.ts"
import { type LockKeys, requestTickets, unitMark, unitMarkText } from "./DialectMarks.ts"
import { isEpochTime, type Micros, readTime } from "./LockTime.ts"
import { sharedGrant, toldBy } from "./SharedGrant.ts"

/** The entries of the unit that writes, for deployed units in `form`; in the native format only where they must be answered. */
export const writeRequests = (
  record: RequestRecord,
  scene: LockScene,
  keys: LockKeys,
  form: DeployedForm | "native"
): Entries => {
  const before = scene.registers.get(scene.self) ?? noEntries
  const entries = new Map(keys.native.encodeRequests(record, scene))
  const unit = readUnit(before)
  const grant = sharedGrant(scene.shared, keys, scene)
  const granted = grant?.unit === scene.self ? grant : undefined
  const answers = granted !== undefined && granted.ours === undefined && granted.at !== ""
  if (form === "native" && !answers) return entries

  const told = toldBy(before, keys)
  const over = record.completed !== undefined && record.completed.token !== told?.token
  const ends = granted !== undefined && granted.at !== "" && over
  const queue = form === "native" ? [] : queueOf(record, before, unit, scene, keys)
  const state = form === "native" ? "idle" : stateOf(record)
  const executedAt = ends
    ? (readTime(granted.at) ?? scene.nowMillis * 1000) + 1
    : (unit?.executedAt ?? (state === "retry-release" ? queue[0]?.requestedAt : undefined))
  const answer = isEpochTime(granted?.at ?? "") ? "charmlibs" : "v1"
  const written = unitEntries({ queue, state, executedAt }, form === "native" ? answer : form)
  const mark = unitMarkText({
    state,
    executed: written.get("executed_at") ?? "",
    requests: queue.map(({ requestedAt }, i) => [requestedAt, record.queue[i]?.ticket ?? 0]),
    of: ends ? granted.at : (unit && unitMark(before, keys, unit))?.of
  })
  if (form !== "native" && before.get("processing_backend") === "etcd") {
    written.set("processing_backend", "peer")
  }
  return new Map([...entries, ...written, [keys.mark, mark]])
}

/** A request that rests waits for nothing, and a deployed leader must not grant it anything. */
const stateOf = ({ queue }: RequestRecord): DeployedState => {
  const [head] = queue
  if (head === undefined || head.resting === true) return "idle"
  if (head.retry === "hold") return "retry-hold"
  return head.retry === "release" ? "retry-release" : "request"
}

const queueOf = (
  record: RequestRecord,
  before: Entries,
  unit: DeployedUnit | undefined,
  scene: LockScene,
  keys: LockKeys
): ReadonlyArray<DeployedOperation> => {
  const tickets = unit === undefined ? [] : requestTickets(before, keys, unit)
  const known = new Map(unit?.queue.map((each, i) => [tickets[i], each] as const))
  let last = Math.max(scene.nowMillis * 1000 - 1, ...requestedIn(scene))
  return record.queue.map((request): DeployedOperation => {
    const was = known.get(request.ticket)
    return {
      operation: request.operation,
      arguments: request.arguments,
      requestedAt: was?.requestedAt ?? ++last,
      maxRetries: request.maxRetries,
      attempt: request.attempt ?? 0,
      more: was?.more ?? new Map()
    }
  })
}

const requestedIn = ({ registers }: LockScene): ReadonlyArray<Micros> =>
  [...registers.values()].flatMap(
    (entries) => readUnit(entries)?.queue.map(({ requestedAt }) => requestedAt) ?? []
  )
