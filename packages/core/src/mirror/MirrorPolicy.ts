// Who owns a host name, who founds the cluster, who mints, and how long to wait for hosts still to come. Pure choices.
// Every choice is total and deterministic: equal inputs give equal answers on every participant.
import { type HostName, naturalOrder, type ParticipantId } from "../Participant.ts"
import type { Announcement, Roll } from "./MirrorRecord.ts"

/** One participant a mirror sees, with what it announced and the group it was seen in. */
export interface Seen {
  readonly participant: ParticipantId
  readonly side: string
  readonly announcement: Announcement
}

/** What a mirror's leaders decided and must not decide twice; kept where only the leader's write commits (T3). */
export interface Ledger {
  readonly leader: ParticipantId | undefined
  /** The number of changes of leader so far. */
  readonly epoch: number
  readonly bootstrap: ParticipantId | undefined
  readonly bootstrapSide: string | undefined
  readonly issuer: ParticipantId | undefined
  /** Since when there is an issuer although none was known of before, in millis: a ledger was lost. */
  readonly rebuiltAtMillis?: number | undefined
  /** Whether a cluster was there when the ledger was last written. */
  readonly formed: boolean
  /** Digests of tokens that must not be handed out again. */
  readonly burned: ReadonlyArray<string>
}

/** A ledger in which nothing was decided. */
export const blankLedger: Ledger = {
  leader: undefined,
  epoch: 0,
  bootstrap: undefined,
  bootstrapSide: undefined,
  issuer: undefined,
  formed: false,
  burned: []
}

/** Sorts what is seen by participant, counting naturally. */
export const inOrder = (seen: ReadonlyArray<Seen>): ReadonlyArray<Seen> =>
  [...seen].sort((a, b) => naturalOrder(a.participant, b.participant))

/**
 * The one owner of every announced host name: a member before the one that is to found the cluster, before one the roll
 * serves already, before the lowest participant. Whoever announces an owned name is told so and gets no token.
 */
export const ownersOf = (
  seen: ReadonlyArray<Seen>,
  before: Roll,
  founder?: ParticipantId
): ReadonlyMap<HostName, Seen> => {
  const name = (
    participant: ParticipantId | undefined,
    of: { readonly host?: string | undefined; readonly incarnation?: string | undefined }
  ) => `${participant} ${of.host} ${of.incarnation}`
  const served = new Set([
    ...before.requests.map((request) => name(request.participant, request)),
    ...[...before.issues].flatMap(([participant, issue]) =>
      issue.refused === undefined ? name(participant, issue) : []
    )
  ])
  const rank = ({ announcement, participant }: Seen) => {
    if (announcement.member) return 0
    if (participant === founder) return 1
    return served.has(name(participant, announcement)) ? 2 : 3
  }
  const owners = new Map<HostName, Seen>()
  for (const candidate of inOrder(seen)) {
    const { host } = candidate.announcement
    if (host === undefined) continue
    const owner = owners.get(host)
    if (owner === undefined || rank(candidate) < rank(owner)) owners.set(host, candidate)
  }
  return owners
}

/** Whether everybody who announced a host speaks the native format. */
export const allNative = (seen: ReadonlyArray<Seen>): boolean =>
  seen.every(({ announcement }) => announcement.native || announcement.host === undefined)

/** Whether somebody the ledger names does not announce itself: then it matters who is expected. */
export const isUnaccounted = ({ bootstrap, issuer }: Ledger, seen: ReadonlyArray<Seen>): boolean =>
  [bootstrap, issuer].some(
    (named) =>
      named !== undefined &&
      !seen.some(
        ({ announcement, participant }) => participant === named && announcement.host !== undefined
      )
  )

/** Whether anybody shows to be a member. */
export const hasMember = (seen: ReadonlyArray<Seen>): boolean =>
  seen.some(({ announcement }) => announcement.member)

/**
 * Whether a cluster exists. One that was there is gone when nobody could be in it any more: no member is seen, nobody
 * is missing, nobody was handed a token whose outcome is unknown, and for ten minutes that was so, in which a host that
 * was cut off tells what it is. Then the next founder splits nothing (T3).
 */
export const isFormed = (input: {
  readonly seen: ReadonlyArray<Seen>
  readonly before: Roll
  readonly ledger: Ledger
  readonly missing: ReadonlySet<ParticipantId>
  /** For how long no member was seen. */
  readonly bereftMillis: number
}): boolean => {
  const { before, bereftMillis, ledger, missing, seen } = input
  if (hasMember(seen)) return true
  const unknown = seen.some(({ announcement: { failure, host, incarnation }, participant }) => {
    const issue = before.issues.get(participant)
    const handed = issue !== undefined && issue.refused === undefined
    const same = issue?.host === host && issue?.incarnation === incarnation
    return handed && same && (failure?.generation ?? 0) < issue.generation
  })
  return ledger.formed && (missing.size > 0 || unknown || bereftMillis < GRACE_MILLIS)
}

const GRACE_MILLIS = 600_000

/**
 * The participant that may found the cluster: the one granted before while it is there or missing, else the first side's
 * candidate; nobody while a deployed unit beside the candidate has not shown whether it founded one already.
 * Where the ledger was lost, a founder that has not said so yet is not known of.
 */
export const chooseBootstrap = (input: {
  readonly seen: ReadonlyArray<Seen>
  readonly formed: boolean
  readonly ledger: Ledger
  /** By side, the participant that the side's leader named. */
  readonly candidates: ReadonlyMap<string, ParticipantId>
  readonly missing: ReadonlySet<ParticipantId>
}): { readonly participant: ParticipantId | undefined; readonly side: string | undefined } => {
  const { candidates, formed, ledger, seen } = input
  const granted = seen.find(({ participant }) => participant === ledger.bootstrap)
  if (granted !== undefined) return { participant: granted.participant, side: granted.side }
  if (ledger.bootstrap !== undefined && input.missing.has(ledger.bootstrap)) {
    return { participant: ledger.bootstrap, side: ledger.bootstrapSide }
  }
  if (formed) return { participant: undefined, side: ledger.bootstrapSide }
  const sides = [...new Set(seen.map(({ side }) => side))].sort(naturalOrder)
  const side = sides.includes(ledger.bootstrapSide ?? "")
    ? ledger.bootstrapSide
    : (sides.find((name) => candidates.has(name)) ?? sides[0])
  const candidate = side === undefined ? undefined : candidates.get(side)
  const found = seen.find(
    ({ announcement, participant, side: of }) =>
      participant === candidate && of === side && announcement.native
  )
  const unsure = seen.some(
    ({ announcement, side: of }) =>
      of === side && !announcement.native && announcement.host === undefined
  )
  return { participant: unsure ? undefined : found?.participant, side }
}

/**
 * The participant that mints: the one named before while it is there or missing, else the founder, else the lowest member.
 * It serves native hosts. Who serves deployed ones is a rule of theirs, and so it is for all before a native host is a member.
 */
export const chooseIssuer = (input: {
  readonly seen: ReadonlyArray<Seen>
  readonly ledger: Ledger
  readonly bootstrap: ParticipantId | undefined
  readonly missing: ReadonlySet<ParticipantId>
}): ParticipantId | undefined => {
  const { bootstrap, ledger, missing, seen } = input
  if (ledger.issuer !== undefined && missing.has(ledger.issuer)) return ledger.issuer
  const able = inOrder(seen).filter(
    ({ announcement, participant }) =>
      announcement.native && (announcement.member || participant === bootstrap)
  )
  const preferred = [ledger.issuer, bootstrap].find((wanted) =>
    able.some(({ participant }) => participant === wanted)
  )
  return preferred ?? able[0]?.participant
}

/** What is waited for before new hosts are published, so that many arrivals cost one round. */
export interface Window {
  /** Participants that are expected and have not announced a host. */
  readonly missing: number
  /** Since when hosts wait to be published, on this participant's clock; undefined when none does. */
  readonly sinceMillis: number | undefined
}

/** Whether new hosts are held back: some are still to come and the window (millis) has not passed. */
export const holdsBack = (window: Window, nowMillis: number, windowMillis: number): boolean =>
  window.missing > 0 &&
  window.sinceMillis !== undefined &&
  nowMillis >= window.sinceMillis &&
  nowMillis - window.sinceMillis < windowMillis
