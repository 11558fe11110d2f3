// A roll over many: the leader orders it with one write of the shared register, in which it also grants ahead all that
// can be planned. Nobody writes a request; each participant runs its turn when it sees the one before it completed. Where
// limits make every grant a decision of its moment (groups, a settle delay, windows, a health gate), the leader grants
// turn by turn.
import { Effect } from "effect"
import { naturalOrder, type ParticipantId } from "../Participant.ts"
import type { StoreError } from "../store/StoreError.ts"
import { notReady } from "./LockCalls.ts"
import { quarantined, readableGrants } from "./LockScene.ts"
import type { LockSession } from "./LockSession.ts"
import { type Ordering, takeTurn } from "./LockTurn.ts"
import { MOST_TURNS, sameIn } from "./Orders.ts"
import { drawTicket } from "./RequestQueue.ts"
import { type RequestOptions, wishOf } from "./RequestWish.ts"
import { LockNotReady, RequestInvalid, RollUnsupported } from "./RollingLockError.ts"

/** A roll as its caller words it; a deadline and a group are each participant's own and cannot be given for all. */
export interface RollOptions extends Omit<RequestOptions, "deadlineMillis" | "group"> {
  /** Who runs it, in this order of turns; all whose register the leader can read, by name, unless set. */
  readonly participants?: ReadonlyArray<ParticipantId>
}

/** An order that was given. */
export interface OrderedRoll {
  readonly ticket: number
  /** In the order of turns. */
  readonly participants: ReadonlyArray<ParticipantId>
  /** Who was left out because its register cannot be read, and why. */
  readonly quarantined: ReadonlyMap<ParticipantId, string>
}

/** Gives the order; nothing is written where it is refused. */
export const roll = (
  session: LockSession,
  options: RollOptions
): Effect.Effect<OrderedRoll, StoreError | RequestInvalid | LockNotReady | RollUnsupported> =>
  Effect.gen(function* () {
    const { dialect, lock } = session
    if (dialect.orders !== true) return yield* new RollUnsupported({ lock })
    const wish = yield* wishOf(options, { ...session, group: undefined, nowMillis: 0 })
    let given: OrderedRoll | undefined
    const ordering: Ordering<RequestInvalid> = (seen, grants, memory) =>
      Effect.gen(function* () {
        const left = quarantined(seen)
        const known = [...seen.registers.keys()].filter((id) => !left.has(id)).sort(naturalOrder)
        const { participants = known } = options
        const allowed = problemOf(participants, known)
        if (allowed !== undefined) {
          return yield* new RequestInvalid({ field: "participants", allowed })
        }
        const ticket = drawTicket(seen.own, seen.registers, grants, memory)
        const merged = sameIn(wish, participants, seen.registers, grants)
        given = { ticket, participants, quarantined: left }
        return { ...wish, ticket, participants, ...(merged === undefined ? {} : { merged }) }
      })
    const turn = yield* takeTurn(session, false, ordering)
    if (turn === undefined) return yield* notReady(session)
    if (given === undefined || readableGrants(turn.seen) === undefined) {
      const detail = "its shared register cannot be read, force a release to write it anew"
      return yield* new LockNotReady({ lock, detail })
    }
    return given
  })

const problemOf = (
  participants: ReadonlyArray<ParticipantId>,
  known: ReadonlyArray<ParticipantId>
): string | undefined => {
  const isPlain = new Set(participants).size === participants.length
  const fits = participants.length > 0 && participants.length <= MOST_TURNS
  return isPlain && fits && participants.every((each) => known.includes(each))
    ? undefined
    : `1 to ${MOST_TURNS} of ${known.join(", ")}, each once`
}
