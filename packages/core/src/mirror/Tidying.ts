// What of a mirror's register may stay until it changes anyway: every write wakes somebody, and tidiness can wait. Pure.
import { sameIssue } from "../token-issuer/TokenIssuerRecord.ts"
import { allNative } from "./MirrorPolicy.ts"
import type { Roll } from "./MirrorRecord.ts"
import { sameRequest } from "./MirrorRequests.ts"
import type { MirrorInput } from "./MirrorState.ts"

/**
 * Whether the new roll can wait for the next change. A sweep takes away at once what is out of use; where that would wake
 * every host for a single token, it leaves that: its host has joined and destroyed its key, so nobody can open it (T6).
 */
export const mayWait = (input: MirrorInput, desired: Roll): boolean => {
  const { before, seen, sweep } = input
  if (!onlyTidier(before, desired, allNative(seen))) return false
  if (!sweep) return true
  const joined = new Set(
    seen.flatMap(({ announcement, participant }) => (announcement.member ? participant : []))
  )
  const gone = [...before.issues].filter(([participant]) => !desired.issues.has(participant))
  return (
    desired.frugal && gone.length <= 1 && gone.every(([participant]) => joined.has(participant))
  )
}

/** Whether the new roll only leaves out what nobody uses any more and holds no secret in clear. */
const onlyTidier = (before: Roll, desired: Roll, natives: boolean): boolean =>
  natives &&
  before.native &&
  before.up === desired.up &&
  before.frugal === desired.frugal &&
  before.epoch === desired.epoch &&
  // that a cluster formed can wait for the next change; that it is gone cannot: somebody has to be named anew
  (desired.formed || !before.formed) &&
  before.bootstrap === desired.bootstrap &&
  before.bootstrapSide === desired.bootstrapSide &&
  before.issuer === desired.issuer &&
  desired.requests.every((request) => before.requests.some((old) => sameRequest(old, request))) &&
  [...desired.issues].every(([participant, issue]) => {
    const old = before.issues.get(participant)
    return old !== undefined && sameIssue(old, issue)
  }) &&
  desired.facts.size === before.facts.size &&
  [...before.issues].every(
    ([participant, issue]) => issue.token === undefined || desired.issues.has(participant)
  )
