// Who waits for a token, for which try, and since when. Pure.
// A generation only ever grows: it is known from the roll, from what the members published, or from what the host says
// failed, so that a mirror that lost everything goes on counting where it stopped (M4).
import type { HostName, ParticipantId } from "../Participant.ts"
import { answers, type TokenIssue, type TokenRequest } from "../token-issuer/TokenIssuerRecord.ts"
import { inOrder, type Seen } from "./MirrorPolicy.ts"
import type { Roll } from "./MirrorRecord.ts"
import type { MirrorInput } from "./MirrorState.ts"

/** Whether two requests are the same on the wire. */
export const sameRequest = (a: TokenRequest, b: TokenRequest): boolean =>
  a.host === b.host &&
  a.incarnation === b.incarnation &&
  a.generation === b.generation &&
  a.participant === b.participant &&
  a.publicKey === b.publicKey

/**
 * Whether the machine asks for the first time, in this mirror or any before: it has no request and no token here, and no
 * member has published an answer to it.
 */
export const isFresh = ({ before, seen }: MirrorInput, request: TokenRequest): boolean => {
  const { host, incarnation, participant } = request
  const same = (of: { readonly host: string; readonly incarnation?: string }) =>
    of.host === host && of.incarnation === incarnation
  const handed = participant === undefined ? undefined : before.issues.get(participant)
  return (
    !before.requests.some((old) => old.participant === participant && same(old)) &&
    !(handed !== undefined && handed.refused === undefined && same(handed)) &&
    !seen.some(({ announcement }) =>
      announcement.issues.some((issue) => announcement.member && answers(issue, request))
    )
  )
}

/** Hosts that are announced, owned, not members, and not the one that founds the cluster. */
export const requestsOf = (
  input: MirrorInput,
  owners: ReadonlyMap<HostName, Seen>,
  founder: ParticipantId | undefined,
  formed: boolean
): ReadonlyArray<TokenRequest> => {
  const requests: Array<TokenRequest> = []
  for (const { announcement, participant } of inOrder([...owners.values()])) {
    const { host, incarnation, publicKey } = announcement
    if (host === undefined || announcement.member || participant === founder) continue
    const generation = generationOf(input, participant, announcement, formed)
    requests.push({
      participant,
      host,
      generation,
      ...(incarnation === undefined ? {} : { incarnation }),
      ...(publicKey === undefined ? {} : { publicKey })
    })
  }
  return requests
}

/** When each host's present answer was first handed on: a token may be minted long after it was asked for. */
export const handedTimes = (
  { before, memory, nowMillis }: MirrorInput,
  issues: Roll["issues"]
): ReadonlyMap<HostName, number> =>
  new Map(
    [...issues].flatMap(([participant, issue]) => {
      // who is refused for another one's sake has its name, and not its token
      if (issue.refused === "name-taken") return []
      const old = before.issues.get(participant)
      const known = memory.handedAtMillis.get(issue.host)
      const same = old !== undefined && answers(old, issue) && known !== undefined
      return [[issue.host, same ? known : nowMillis]] as const
    })
  )

/**
 * Whether the token of a request is out of time and nobody may ask for another: a deployed host does not say whether it
 * joined, and most have.
 */
export const isExpired = (input: MirrorInput, { host, incarnation }: TokenRequest): boolean =>
  incarnation === undefined && isAged(input, host)

const isAged = (input: MirrorInput, host: HostName | undefined): boolean => {
  const since = host === undefined ? undefined : input.memory.handedAtMillis.get(host)
  return since !== undefined && input.nowMillis - since >= input.tokenLifetimeMillis
}

/**
 * The generation a host waits for: the highest that is known, or one more where its token failed, aged, or is of a
 * cluster that is gone.
 */
const generationOf = (
  input: MirrorInput,
  participant: ParticipantId,
  announcement: Seen["announcement"],
  formed: boolean
): number => {
  const { before, seen } = input
  const { failure, host, incarnation } = announcement
  const same = (of: { readonly host: string; readonly incarnation?: string }) =>
    of.host === host && of.incarnation === incarnation
  // a token that is burned has answered a predecessor of the same name
  const after = ({ generation, token }: TokenIssue) =>
    token !== undefined && input.ledger.burned.includes(input.digest(input.reveal(token)))
      ? generation + 1
      : generation
  const current = Math.max(
    1,
    ...before.requests
      .filter((request) => request.participant === participant && same(request))
      .map(({ generation }) => generation),
    ...[...before.issues.values()].filter(same).map(after),
    ...seen.flatMap((one) => one.announcement.issues.filter(same).map(after))
  )
  if (failure !== undefined && failure.generation >= current) return failure.generation + 1
  const delivered = before.issues.get(participant)
  if (delivered === undefined || delivered.refused !== undefined) return current
  if (!formed) return current + 1
  return announcement.native && isAged(input, host) ? current + 1 : current
}
