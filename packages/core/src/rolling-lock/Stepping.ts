// One step of a lock: a turn; where it may try something, the try and a turn that tells its end.
import { Effect } from "effect"
import type { ParticipantId } from "../Participant.ts"
import type { StoreError } from "../store/StoreError.ts"
import { reasonsFor, type WaitReason } from "./Explanation.ts"
import { quarantined } from "./LockScene.ts"
import type { LockSession } from "./LockSession.ts"
import { type Trial, type Turn, takeTurn } from "./LockTurn.ts"
import type { OperationResult } from "./Operation.ts"
import type { Ended } from "./RequestQueue.ts"
import { handOver } from "./Section.ts"
import { carryOut } from "./Trying.ts"

/** What a step came to. */
export type LockActivity =
  | {
      readonly _tag: "Ran"
      readonly operation: string
      readonly token: number
      readonly result: OperationResult
      readonly reason: string | undefined
    }
  | { readonly _tag: "Waiting"; readonly reasons: ReadonlyArray<WaitReason> }
  | { readonly _tag: "Idle" }

/** A step's activity, and what else its caller should know. */
export interface LockDecision {
  readonly activity: LockActivity
  /** When another step is of use although nobody changes anything, by the own clock; now or earlier means at once. */
  readonly wakeAtMillis: number | undefined
  /** Participants whose register cannot be read, and why: they count for nothing and stop nobody. */
  readonly quarantined: ReadonlyMap<ParticipantId, string>
}

/** The step of a session. */
export const stepOf = (session: LockSession): Effect.Effect<LockDecision, StoreError> =>
  Effect.gen(function* () {
    const turn = yield* takeTurn(session, true)
    if (turn?.trial === undefined) return decisionOf(session, turn)
    const { trial } = turn
    const { ticket } = trial.request
    if (
      yield* Effect.onError(handOver(session, ticket, trial.grant.token), () =>
        stopped(session, trial)
      )
    ) {
      return decisionOf(session, turn)
    }
    const ended = yield* carryOut(session, trial)
    const after = yield* takeTurn(session, false)
    return decisionOf(session, after ?? turn, { trial, ended })
  }).pipe(Effect.withSpan("RollingLock.step"))

const stopped = (session: LockSession, { request }: Trial) =>
  Effect.sync(() => session.running.delete(request.ticket))

const decisionOf = (
  session: LockSession,
  turn: Turn | undefined,
  ran?: { readonly trial: Trial; readonly ended: Ended }
): LockDecision => ({
  activity: activityOf(session, turn, ran),
  wakeAtMillis: turn?.wakeAtMillis,
  quarantined: turn === undefined ? new Map() : quarantined(turn.seen)
})

const activityOf = (
  { limits, policy, store }: LockSession,
  turn: Turn | undefined,
  ran: { readonly trial: Trial; readonly ended: Ended } | undefined
): LockActivity => {
  if (ran !== undefined) {
    const { ended, trial } = ran
    const { reason, result } = ended
    return {
      _tag: "Ran",
      operation: trial.request.operation,
      token: trial.grant.token,
      result,
      reason
    }
  }
  const seen = turn && asLeft(turn)
  const reasons = reasonsFor(store.self, seen, limits, policy)
  const idle = reasons[0]?._tag === "NothingWanted"
  return idle ? { _tag: "Idle" } : { _tag: "Waiting", reasons }
}

/** The lock as it is after the turn's own writes. */
const asLeft = ({ grants, own, seen }: Turn) => ({
  ...seen,
  own,
  grants: grants === undefined ? seen.grants : ({ _tag: "Readable", record: grants } as const),
  registers: new Map([
    ...seen.registers,
    [seen.view.self, { _tag: "Readable", record: own } as const]
  ])
})
