// Who is next. Pure: from who holds, who waits and what is allowed to the grants that follow.
// Order: by priority, raised by age; then what was not tried yet before what asked to be tried again; then by ticket,
// and what is tried again by the token of its last try. No clock takes part (L8).
import { naturalOrder, type ParticipantId } from "../Participant.ts"
import type { LockLimits } from "./LockLimits.ts"

/** A request that could be granted: the first of its participant, which holds nothing and does not rest. */
export interface Waiter {
  readonly participant: ParticipantId
  readonly ticket: number
  readonly operation: string
  readonly priority: number
  readonly permits: number
  readonly group: string | undefined
  /** The token of its last try, where that gave the permit back. */
  readonly triedAt: number | undefined
}

/** A grant that is not over. */
export interface Holder {
  readonly participant: ParticipantId
  readonly permits: number
  readonly group: string | undefined
}

/** Everything a choice depends on. */
export interface Situation {
  readonly waiters: ReadonlyArray<Waiter>
  readonly holders: ReadonlyArray<Holder>
  /** The highest ticket drawn so far: against it a waiter's age is counted. */
  readonly horizon: number
  readonly limits: Pick<LockLimits, "permits" | "perGroup" | "ageing"> & {
    readonly ahead: number
  }
}

/** A rule that chooses; `chosen` is in the order in which tokens are given. */
export interface GrantPolicy {
  readonly ordered: (situation: Situation) => ReadonlyArray<Waiter>
  readonly chosen: (situation: Situation) => ReadonlyArray<Waiter>
}

/** By priority with ageing, then first come, first served. **Guarantee** L1, L8 */
export const fairPolicy: GrantPolicy = {
  ordered: ({ horizon, limits: { ageing }, waiters }) =>
    [...waiters].sort((left, right) => byTurn(left, right, horizon, ageing)),
  chosen: (situation) => fitting(situation, fairPolicy.ordered(situation))
}

/**
 * The waiters that fit, in order. One that has to wait for permits is not overtaken, so that it is served; one whose
 * group is full is, and so is one that could never fit.
 */
const fitting = (
  { holders, limits }: Situation,
  ordered: ReadonlyArray<Waiter>
): ReadonlyArray<Waiter> => {
  const taken = [...holders]
  const chosen: Array<Waiter> = []
  let ahead = limits.ahead
  for (const waiter of ordered) {
    if (waiter.permits > limits.permits) continue
    const inGroup = taken.filter(({ group }) => group !== undefined && group === waiter.group)
    if (limits.perGroup !== undefined && waiter.group !== undefined) {
      if (sum(inGroup) + waiter.permits > limits.perGroup) continue
    }
    if (sum(taken) + waiter.permits > limits.permits && ahead-- <= 0) break
    taken.push(waiter)
    chosen.push(waiter)
  }
  return chosen
}

const byTurn = (left: Waiter, right: Waiter, horizon: number, ageing: number): number =>
  raised(right, horizon, ageing) - raised(left, horizon, ageing) ||
  Number(left.triedAt !== undefined) - Number(right.triedAt !== undefined) ||
  (left.triedAt ?? 0) - (right.triedAt ?? 0) ||
  left.ticket - right.ticket ||
  naturalOrder(left.participant, right.participant)

const raised = ({ priority, ticket }: Waiter, horizon: number, ageing: number): number =>
  priority + (ageing === 0 ? 0 : Math.floor(Math.max(0, horizon - ticket) / ageing))

const sum = (holders: ReadonlyArray<Holder>): number =>
  holders.reduce((total, { permits }) => total + permits, 0)
