// Who mints, for whom, and what to do about a name that is in the cluster already. Pure.
import { Redacted } from "effect"
import type { Member } from "../cluster-cli/MemberRecord.ts"
import type { Announcement, Roll } from "../mirror/MirrorRecord.ts"
import { type HostName, hostName, type ParticipantId } from "../Participant.ts"
import {
  answers,
  isSpent,
  sameIssue,
  type TokenIssue,
  type TokenRequest
} from "./TokenIssuerRecord.ts"
import { generationsOf } from "./TokenIssuerState.ts"

/**
 * The prefix of the mirrored key by which a host asks a deployed mirror's issuer for another token. Each asking has a key
 * of its own, for a mirror of LIBPATCH 8 never replaces a value.
 */
export const WANT_PREFIX = ".want."

/**
 * The requests this participant would answer if it is the issuer: those of the roll that it has not answered. A
 * deployed mirror shows a request as a placeholder, and a repeated one under a key of Rollcall's.
 */
export const openRequests = (
  roll: Roll,
  self: ParticipantId,
  issues: ReadonlyArray<TokenIssue>
): ReadonlyArray<TokenRequest> => {
  const requests = roll.native ? roll.requests : deployedRequests(roll)
  return requests.filter(
    (request) =>
      request.participant !== self &&
      !issues.some((issue) => answers(issue, request)) &&
      !(request.participant !== undefined && deliveredTo(roll, request))
  )
}

/**
 * Whether this participant may answer `request`: the roll names the issuer for native hosts; for others, and where it
 * names nobody, the members' own rule decides.
 */
export const mayMint = (
  roll: Roll,
  self: ParticipantId,
  { incarnation }: TokenRequest
): "yes" | "no" | "by-rule" => {
  if (!roll.native || roll.issuer === undefined || incarnation === undefined) return "by-rule"
  return roll.issuer === self ? "yes" : "no"
}

/** Whether deployed members do not know of `request`: then whoever could be the issuer answers it, if late. */
export const isUnheard = (roll: Roll, { incarnation }: TokenRequest): boolean =>
  !roll.native && incarnation !== undefined

/**
 * Whether `host` mints by the rule that deployed units follow: the lowest name among the online voters, compared as
 * strings. While there is no online voter (a cluster founded a moment ago) the lowest online member does.
 */
export const mintsByRule = (members: ReadonlyArray<Member>, host: HostName): boolean => {
  const online = members.filter(({ status }) => status === "online")
  const voters = online.filter(({ role }) => role === "voter")
  const names = (voters.length > 0 ? voters : online).map(({ name }) => name)
  return names.length > 0 && names.every((name) => host <= name) && names.includes(host)
}

/** What to do for a request, given the members: mint, replace a member that does not answer, or leave it. */
export const answerFor = (
  request: TokenRequest,
  members: ReadonlyArray<Member>,
  own: HostName
): "mint" | "replace" | "leave" | "refuse" => {
  if (request.host === own) return "leave"
  const member = members.find(({ name }) => name === request.host)
  if (member === undefined) return "mint"
  // without an incarnation nobody can tell the member from its successor: it is taken for the member
  if (request.incarnation === undefined) return "leave"
  return member.status === "offline" ? "replace" : "refuse"
}

/**
 * The issues that are still of use: the roll shows their request or hands them on; others may be taken away. Those of
 * deployed hosts only in a sweep: a mirror that lost everything knows of them from here alone, and must see them first.
 */
export const issuesInUse = (
  issues: ReadonlyArray<TokenIssue>,
  roll: Roll,
  sweep: boolean
): ReadonlyArray<TokenIssue> => {
  if (!roll.up) return issues
  // a deployed mirror keeps what it was shown once, so that what says no more than "member" need not stay
  if (!roll.native) {
    return issues.filter((issue) => !(isSpent(issue) && shown(roll, issue)?.startsWith(".")))
  }
  return issues.filter(
    (issue) =>
      (!sweep && issue.incarnation === undefined) ||
      roll.requests.some((request) => answers(issue, request)) ||
      [...roll.issues.values()].some((handed) => answers(handed, issue))
  )
}

/** Whether a deployed mirror was shown long enough that a host is a member: one that never replaces a token keeps it. */
export const isToldInVain = (issue: TokenIssue, roll: Roll): boolean =>
  !roll.native && isSpent(issue) && ![undefined, PLACEHOLDER].includes(shown(roll, issue))

/** Whether two announcements would be the same on the wire but for issues nobody uses any more. */
export const onlyFewerIssues = (before: Announcement, after: Announcement): boolean =>
  before.native === after.native &&
  before.host === after.host &&
  before.incarnation === after.incarnation &&
  before.publicKey === after.publicKey &&
  before.member === after.member &&
  before.communicator === after.communicator &&
  before.failure?.generation === after.failure?.generation &&
  before.facts.size === after.facts.size &&
  after.issues.every((issue) => before.issues.some((old) => sameIssue(old, issue))) &&
  before.issues.every(
    (issue) => issue.token === undefined || after.issues.some((kept) => answers(kept, issue))
  )

/**
 * Whether a host need not say now that it joined: the mirror is frugal, and its issuer will find the host among the
 * members when it mints for the next one. So the mirror is in doubt about one host at most, and a sweep ends the doubt.
 */
export const keepsQuiet = (
  self: ParticipantId,
  roll: Roll,
  before: Announcement,
  after: Announcement,
  sweep: boolean
): boolean => {
  if (!roll.native || !roll.up || !roll.frugal || roll.issuer === undefined) return false
  if (before.member || !after.member) return false
  const mine = roll.issues.get(self)
  // a token in clear must go at once
  if (mine === undefined || mine.token !== undefined) return false
  const inDoubt = [...roll.issues].filter(([, issue]) => !isSpent(issue))
  const known = isSpent(mine)
  const alone = inDoubt.every(([participant]) => participant === self)
  if (!known && (sweep || !alone)) return false
  return onlyFewerIssues({ ...before, member: after.member }, after)
}

const PLACEHOLDER = "empty"

const deliveredTo = (roll: Roll, request: TokenRequest): boolean => {
  const issue = request.participant === undefined ? undefined : roll.issues.get(request.participant)
  return issue !== undefined && issue.refused === undefined && answers(issue, request)
}

const shown = ({ facts }: Roll, { host }: TokenIssue): string | undefined => {
  const value = facts.get(host)
  return value === undefined ? undefined : Redacted.value(value)
}

const deployedRequests = (roll: Roll): ReadonlyArray<TokenRequest> => {
  const wants = [...roll.facts.keys()].flatMap((key) => wantIn(key, roll))
  const wanted = new Set(wants.map(({ host }) => host))
  const fresh = [...roll.facts].flatMap(([key, value]) => {
    const host = hostName(key)
    const asks = Redacted.value(value) === PLACEHOLDER && host !== undefined && !wanted.has(host)
    return asks ? [{ host, generation: 1 }] : []
  })
  return [...wants, ...fresh]
}

/** The request under a key `.want.<host>~<incarnation>~<failed generation>`, unless a later token is there already. */
const wantIn = (key: string, roll: Roll): ReadonlyArray<TokenRequest> => {
  if (!key.startsWith(WANT_PREFIX)) return []
  const [name, incarnation = "", failed = ""] = key.slice(WANT_PREFIX.length).split("~")
  const host = hostName(name)
  if (host === undefined || incarnation === "" || !/^[1-9]\d{0,5}$/.test(failed)) return []
  const generation = Number(failed) + 1
  return generation > Math.max(1, ...generationsOf(roll, host))
    ? [{ host, incarnation, generation }]
    : []
}
