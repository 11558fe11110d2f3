// What a unit's status says of a rolling lock. Pure.
// Nothing while there is nothing to say; else who is waited for, why the roll is paused, what failed and what to do, and
// whose databag cannot be read.
import {
  type LockDecision,
  type LockStatus,
  type ParticipantId,
  type PastEvent,
  type WaitReason,
  wording
} from "@rollcall/core"
import { active, blocked, maintenance, type UnitStatus, waiting } from "./UnitStatus.ts"

/** What a status is made of: the lock as this unit sees it after its step. */
export interface LockSight {
  readonly self: ParticipantId
  readonly decision: LockDecision
  readonly status: LockStatus
  readonly reasons: ReadonlyArray<WaitReason>
  readonly history: ReadonlyArray<PastEvent>
}

/** The status; undefined where there is nothing to say. */
export const lockStatus = (sight: LockSight): UnitStatus | undefined => {
  const { decision, self, status } = sight
  if (status.problem !== undefined) return waiting(`the lock cannot be used: ${status.problem}`)
  const place = placeOf(sight)
  const parts = [
    failureOf(sight),
    place,
    place === undefined ? pauseOf(sight) : undefined,
    place !== undefined || status.leader ? quarantine(decision.quarantined) : undefined,
    told(status.problems.get(self))
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : joinedStatus(parts)
}

/** Several parts' statuses as one: the worst kind, and what every part has to say. */
export const joinedStatus = (parts: ReadonlyArray<UnitStatus>): UnitStatus => {
  const kind = KINDS.find((each) => parts.some((part) => part.kind === each)) ?? "active"
  const message = parts.flatMap((part) => (part.message === "" ? [] : [part.message])).join("; ")
  return { kind, message }
}

const KINDS = ["blocked", "maintenance", "waiting", "active"] as const

/** Where the first request of this unit is. */
const placeOf = ({ reasons, self, status }: LockSight): UnitStatus | undefined => {
  const [request] = status.queue
  const own = reasons.filter(({ _tag }) => _tag !== "Unreadable" && _tag !== "NothingWanted")
  if (request === undefined || own.length === 0) return undefined
  const message = `${request.operation}: ${[...own.map(wording), ...before(self, status, own)].join("; ")}`
  return own[0]?._tag === "Granted" && own.length === 1 ? maintenance(message) : waiting(message)
}

/** Who holds the lock before a turn that is planned. */
const before = (
  self: ParticipantId,
  { grants }: LockStatus,
  own: ReadonlyArray<WaitReason>
): ReadonlyArray<string> => {
  const planned = own.find((reason) => reason._tag === "Planned")
  const first = grants.filter(
    ({ participant, token }) => participant !== self && token < (planned?.token ?? 0)
  )
  return first.length === 0
    ? []
    : [`held by ${first.map(({ participant }) => participant).join(", ")}`]
}

/** How the last operation of this unit failed, until the roll is resumed or another one succeeds. */
const failureOf = ({ decision, history, self, status }: LockSight): UnitStatus | undefined => {
  const { activity } = decision
  if (activity._tag === "Ran" && activity.result === "failed") {
    return failure(activity.operation, activity.reason)
  }
  if (!status.failed.includes(self)) return undefined
  const last = history.findLast(
    ({ event, participant }) => participant === self && (event === "failed" || event === "done")
  )
  return last?.event === "failed"
    ? failure(last.operation ?? "an operation", last.reason)
    : undefined
}

const failure = (operation: string, reason = "it gave no reason"): UnitStatus =>
  blocked(`${operation} failed: ${reason}`)

/** What the leader has to say of a pause while it waits for nothing itself. */
const pauseOf = ({ status: { leader, pause } }: LockSight): UnitStatus | undefined => {
  if (pause === undefined || !leader) return undefined
  return pause.by === undefined
    ? blocked(`the roll is paused: ${pause.reason}; mend it and run rolling-resume`)
    : waiting(`the roll is paused by ${pause.by}: ${pause.reason}`)
}

const quarantine = (units: LockDecision["quarantined"]): UnitStatus | undefined =>
  units.size === 0
    ? undefined
    : active(
        [...units]
          .map(([unit, detail]) => `the databag of ${unit} counts for nothing: ${detail}`)
          .join("; ")
      )

const told = (problem: string | undefined): UnitStatus | undefined =>
  problem === undefined ? undefined : active(problem)
