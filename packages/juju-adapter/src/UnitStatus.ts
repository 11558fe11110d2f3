// The status of a unit as a value. Pure.
// A charm has several parts that each have a status; Juju shows one. The worst wins: what needs the operator before what
// the unit is doing, before what it waits for. The order is the one that ops documents for its collect-status events.

/** The kinds of status that a charm may set, the best first. */
export const STATUS_KINDS = ["active", "waiting", "maintenance", "blocked"] as const

/** One kind of status that a charm may set. */
export type StatusKind = (typeof STATUS_KINDS)[number]

/** What Juju shows of a unit: active; waiting for another; busy with maintenance; blocked until the operator acts. */
export interface UnitStatus {
  readonly kind: StatusKind
  readonly message: string
}

/** All is well; the message may say what the unit is. */
export const active = (message = ""): UnitStatus => ({ kind: "active", message })

/** The unit waits for another; nobody needs to act. */
export const waiting = (message: string): UnitStatus => ({ kind: "waiting", message })

/** The unit is at work; nobody needs to act. */
export const maintenance = (message: string): UnitStatus => ({ kind: "maintenance", message })

/** The operator must act; the message says how. */
export const blocked = (message: string): UnitStatus => ({ kind: "blocked", message })

/** The worst of several statuses, the first of the equally bad ones; `active` of none. */
export const worstStatus = (statuses: Iterable<UnitStatus>): UnitStatus => {
  let worst: UnitStatus | undefined
  for (const status of statuses) {
    if (worst === undefined || rank(status) > rank(worst)) worst = status
  }
  return worst ?? active()
}

/** `message` on one line of at most 500 characters; what was cut off is marked by an ellipsis. */
export const statusLine = (message: string): string => {
  const line = Array.from(message.replaceAll(/[\s\p{Cc}]+/gu, " ").trim())
  return line.length <= 500 ? line.join("") : `${line.slice(0, 499).join("")}…`
}

const rank = (status: UnitStatus): number => STATUS_KINDS.indexOf(status.kind)
