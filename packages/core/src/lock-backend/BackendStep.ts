// One step at a lock that may move: a turn, and, where this participant may act, a step of the backend's lock. A backend
// that does not answer is a reason to wait, not a failure.
import { Clock, Effect } from "effect"
import type { LockDecision } from "../rolling-lock/Stepping.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { BackendSession } from "./BackendSession.ts"
import { type BackendTurn, takeBackendTurn } from "./BackendTurn.ts"
import { blockedBy } from "./BackendView.ts"

/** The step of a session. */
export const stepOf = (session: BackendSession): Effect.Effect<LockDecision, StoreError> =>
  Effect.gen(function* () {
    const turn = yield* takeBackendTurn(session)
    const { acting } = session
    if (turn?.lock === undefined || acting === undefined) return resting(session, turn)
    const taken = yield* acting.backend === session.names.preferred
      ? Effect.catch(turn.lock.step, (error) => missed(session, error))
      : turn.lock.step
    if (taken === undefined) {
      const again = (yield* Clock.currentTimeMillis) + AGAIN_MILLIS
      return resting(session, { ...turn, detail: session.away, wakeAtMillis: again })
    }
    const times = [taken.wakeAtMillis, turn.wakeAtMillis].flatMap((each) => each ?? [])
    const wakeAtMillis = times.length === 0 ? undefined : Math.min(...times)
    const { activity } = taken
    const mapped =
      activity._tag === "Ran" ? { ...activity, token: acting.floor + activity.token } : activity
    return { ...taken, activity: mapped, wakeAtMillis }
  }).pipe(Effect.withSpan("MovingLock.step"))

const resting = (session: BackendSession, turn: BackendTurn | undefined): LockDecision => ({
  activity:
    turn !== undefined && session.wanted.size === 0
      ? { _tag: "Idle" }
      : { _tag: "Waiting", reasons: [blockedBy(session, turn?.record, turn?.detail)] },
  wakeAtMillis: turn?.wakeAtMillis,
  quarantined: new Map()
})

const missed = (session: BackendSession, { message }: StoreError) =>
  Effect.sync(() => {
    session.away = message
    return undefined
  })

const AGAIN_MILLIS = 5_000
