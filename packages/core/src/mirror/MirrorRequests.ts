// Who waits for a token, for which try, and since when. Pure.
// A generation only ever grows: it is known from the roll, from what the members published, or from what the host says
// failed, so that a mirror that lost everything goes on counting where it stopped (M4).
import type { HostName, ParticipantId } from "../Participant.ts"
import { answers, type TokenRequest } from "../token-issuer/TokenIssuerRecord.ts"
import { inOrder, type Seen } from "./MirrorPolicy.ts"
import type { MirrorInput } from "./MirrorState.ts"

/** Whether two requests are the same on the wire. */
export const sameRequest = (a: TokenRequest, b: TokenRequest): boolean =>
  a.host === b.host &&
  a.incarnation === b.incarnation &&
  a.generation === b.generation &&
  a.participant === b.participant &&
  a.publicKey === b.publicKey

/** Whether a member has published an answer: then the request was there before, in whatever mirror. */
export const isAnswered = (seen: ReadonlyArray<Seen>, request: TokenRequest): boolean =>
  seen.some(({ announcement }) =>
    announcement.issues.some((issue) => announcement.member && answers(issue, request))
  )

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

/** When each request was first published, by host. */
export const requestTimes = (
  input: MirrorInput,
  requests: ReadonlyArray<TokenRequest>
): ReadonlyMap<HostName, number> =>
  new Map(
    requests.map((request) => {
      const old = input.before.requests.find((before) => before.host === request.host)
      const known = input.memory.requestedAtMillis.get(request.host)
      const same = old !== undefined && sameRequest(old, request) && known !== undefined
      return [request.host, same ? known : input.nowMillis]
    })
  )

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
  const { before, memory, nowMillis, seen, tokenLifetimeMillis } = input
  const { failure, host, incarnation } = announcement
  const same = (of: { readonly host: string; readonly incarnation?: string }) =>
    of.host === host && of.incarnation === incarnation
  const known = [
    ...before.requests.filter((request) => request.participant === participant && same(request)),
    ...[...before.issues.values()].filter(same),
    ...seen.flatMap((one) => one.announcement.issues.filter(same))
  ].map(({ generation }) => generation)
  const current = Math.max(1, ...known)
  if (failure !== undefined && failure.generation >= current) return failure.generation + 1
  const delivered = before.issues.get(participant)
  if (delivered === undefined || delivered.refused !== undefined) return current
  const since = host === undefined ? undefined : memory.requestedAtMillis.get(host)
  const aged = since !== undefined && nowMillis - since >= tokenLifetimeMillis
  return aged || !formed ? current + 1 : current
}
