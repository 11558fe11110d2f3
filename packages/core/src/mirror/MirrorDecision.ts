// What came of a mirror's step, for whoever shows it. Pure.
import type { ParticipantId } from "../Participant.ts"
import { isSpent } from "../token-issuer/TokenIssuerRecord.ts"
import type { Seen } from "./MirrorPolicy.ts"
import type { MirrorOutcome } from "./MirrorState.ts"

/** What a mirror waits for and what it serves; `Standby` is a mirror that does not lead. */
export type MirrorDecision =
  | { readonly _tag: "Standby" }
  | {
      readonly _tag: "Leading"
      readonly hosts: number
      readonly members: number
      /** Hosts whose token is not minted yet. */
      readonly waiting: number
      /** Deployed hosts that were given a token: they do not tell whether they joined. */
      readonly silent: number
      /** Hosts held back until others arrive or the window passes. */
      readonly held: number
      /** Participants that are expected and have not announced a host. */
      readonly missing: number
      /** Participants whose announcement nobody can read, or names no host that there could be. */
      readonly unreadable: ReadonlyArray<ParticipantId>
    }

/** What a leading mirror has to tell. */
export const summary = (
  { held, roll }: MirrorOutcome,
  seen: ReadonlyArray<Seen>,
  missing: number,
  unreadable: ReadonlyArray<ParticipantId>
): MirrorDecision => {
  const issueFor = ({ participant }: (typeof roll.requests)[number]) =>
    participant === undefined ? undefined : roll.issues.get(participant)
  const told = [...roll.issues.values()].filter(isSpent).length
  return {
    _tag: "Leading",
    hosts: seen.filter(({ announcement }) => announcement.host !== undefined).length,
    members: seen.filter(({ announcement }) => announcement.member).length + told,
    waiting: roll.requests.filter((request) => issueFor(request) === undefined).length,
    silent: roll.requests.filter((request) => {
      const issue = issueFor(request)
      return request.incarnation === undefined && issue !== undefined && !isSpent(issue)
    }).length,
    held,
    missing,
    unreadable
  }
}
