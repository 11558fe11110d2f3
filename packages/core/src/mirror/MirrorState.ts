// The mirror's state machine: from what it sees and what it published to what it publishes next. Pure.
// Invariants, whatever the input:
//   1. a placeholder never replaces a value, and a value gives way only to a newer generation (M2);
//   2. seeing the same again changes nothing (M3, L6-like);
//   3. at most one issue for one (host, incarnation, generation) is published (T2), and none for a member (T6);
//   4. a burned token is not published again, wherever it turns up;
//   5. with everything lost but the announcements, no generation starts anew (M4).
import type { HostName, ParticipantId } from "../Participant.ts"
import {
  answers,
  isSpent,
  spent,
  type TokenIssue,
  type TokenRequest
} from "../token-issuer/TokenIssuerRecord.ts"
import { rebuiltAt, trusted } from "./IssuerTrust.ts"
import {
  allNative,
  chooseBootstrap,
  chooseIssuer,
  hasMember,
  holdsBack,
  inOrder,
  isFormed,
  type Ledger,
  ownersOf,
  type Seen
} from "./MirrorPolicy.ts"
import type { Facts, Roll } from "./MirrorRecord.ts"
import { handedTimes, isExpired, isFresh, requestsOf } from "./MirrorRequests.ts"
import { mayWait } from "./Tidying.ts"

/** The value that deployed units take for "wants a token". */
export const PLACEHOLDER = "empty"

/** What a mirror remembers for itself: none of it matters for correctness, only for when things happen. */
export interface MirrorMemory {
  /** Since when hosts are held back, in millis of this participant's clock. */
  readonly heldSinceMillis: number | undefined
  /** Since when no member is seen although there was a cluster, in millis of this participant's clock. */
  readonly bereftSinceMillis: number | undefined
  /** When each host's present answer was first handed on, in millis of this participant's clock. */
  readonly handedAtMillis: ReadonlyMap<HostName, number>
}

/** Everything the next roll depends on. */
export interface MirrorInput {
  readonly self: ParticipantId
  readonly nowMillis: number
  /** Whether this step also cleans up what is no longer used; otherwise that waits for the next change. */
  readonly sweep: boolean
  /** Whether every write wakes every host. */
  readonly frugal: boolean
  readonly seen: ReadonlyArray<Seen>
  readonly candidates: ReadonlyMap<string, ParticipantId>
  /** Participants that are expected and have not announced a host. */
  readonly missing: ReadonlySet<ParticipantId>
  readonly before: Roll
  readonly ledger: Ledger
  readonly memory: MirrorMemory
  readonly digest: (token: string) => string
  readonly reveal: (fact: Facts extends ReadonlyMap<string, infer V> ? V : never) => string
  readonly windowMillis: number
  readonly tokenLifetimeMillis: number
}

/** What a mirror does next; `held` counts the hosts that wait for others to arrive. */
export interface MirrorOutcome {
  readonly roll: Roll
  readonly ledger: Ledger
  readonly memory: MirrorMemory
  readonly held: number
}

/** The leader's next roll. */
export const nextRoll = (given: MirrorInput): MirrorOutcome => {
  const input = { ...given, seen: trusted(given) }
  const { before, ledger, memory, missing, nowMillis, seen, self } = input
  const bereftSinceMillis =
    ledger.formed && !hasMember(seen) ? (memory.bereftSinceMillis ?? nowMillis) : undefined
  const bereftMillis = nowMillis - (bereftSinceMillis ?? nowMillis)
  const formed = isFormed({ seen, before, ledger, missing, bereftMillis })
  const { candidates } = input
  const bootstrap = chooseBootstrap({ seen, formed, ledger, candidates, missing })
  const burned = burnedBy(input, formed)
  const founder = formed ? undefined : bootstrap.participant
  const issuer = chooseIssuer({ seen, ledger, bootstrap: founder, missing })
  const owners = ownersOf(seen, before, founder)
  const wanted = requestsOf(input, owners, founder, formed)
  const fresh = wanted.filter((request) => isFresh(input, request))
  // founding waits, too: who is not seen yet may be a member already, where the ledger was lost (T3)
  const grants = bootstrap.participant !== undefined && bootstrap.participant !== ledger.bootstrap
  const news = grants || fresh.length > 0
  const sinceMillis = news ? (memory.heldSinceMillis ?? nowMillis) : undefined
  const held = holdsBack({ missing: missing.size, sinceMillis }, nowMillis, input.windowMillis)
  const requests = held ? wanted.filter((request) => !fresh.includes(request)) : wanted
  const nextLedger: Ledger = {
    leader: self,
    epoch: ledger.leader === self ? ledger.epoch : ledger.epoch + 1,
    bootstrap: held ? ledger.bootstrap : bootstrap.participant,
    // a deployed unit looks for the side once, when it first sees a mirror: it cannot be told later
    bootstrapSide: held && allNative(seen) ? ledger.bootstrapSide : bootstrap.side,
    issuer: held ? ledger.issuer : issuer,
    ...rebuiltAt(ledger, !held && hasMember(seen), nowMillis),
    formed,
    burned
  }
  const desired: Roll = {
    native: true,
    up: true,
    frugal: input.frugal && allNative(seen),
    epoch: nextLedger.epoch,
    formed,
    bootstrap: nextLedger.bootstrap,
    bootstrapSide: nextLedger.bootstrapSide,
    issuer: nextLedger.issuer,
    requests,
    issues: issuesFor(input, owners, requests, burned),
    facts: factsOf(input, owners, burned)
  }
  return {
    roll: mayWait(input, desired) ? before : desired,
    ledger: nextLedger,
    memory: {
      heldSinceMillis: held ? sinceMillis : undefined,
      bereftSinceMillis: formed ? bereftSinceMillis : undefined,
      handedAtMillis: handedTimes(input, desired.issues)
    },
    held: held ? fresh.length : 0
  }
}

/**
 * What a participant publishes that no longer leads: what it knew, but down, and without tokens (T6). Nobody reads those
 * in a mirror that is down, and its successor has them from the members that minted them.
 */
export const resigned = (before: Roll): Roll => ({ ...before, up: false, issues: new Map() })

/** For each request the answer to hand on, and for each loser of a host name its refusal. */
const issuesFor = (
  input: MirrorInput,
  owners: ReadonlyMap<HostName, Seen>,
  requests: ReadonlyArray<TokenRequest>,
  burned: ReadonlyArray<string>
): ReadonlyMap<ParticipantId, TokenIssue> => {
  const issues = new Map<ParticipantId, TokenIssue>()
  const minted = new Map<HostName, ReadonlyArray<TokenIssue>>()
  for (const { announcement } of inOrder(input.seen.filter((one) => one.announcement.member))) {
    for (const issue of announcement.issues) {
      minted.set(issue.host, [...(minted.get(issue.host) ?? []), issue])
    }
  }
  const deployed = inOrder(input.seen.filter((one) => !one.announcement.native))
  for (const request of requests) {
    if (request.participant === undefined) continue
    const native = minted.get(request.host)?.find((issue) => answers(issue, request))
    const kept = input.before.issues.get(request.participant)
    // a refusal holds as long as somebody says so; a token that is on its way stays until the host is seen as a member
    const stays = kept !== undefined && !isRefusal(kept) && answers(kept, request)
    const news = native !== undefined && isSpent(native)
    const issue =
      stays && !news ? kept : (native ?? deployedIssue(input, request, deployed, burned))
    if (issue === undefined) continue
    const expired = issue.token !== undefined && isExpired(input, request)
    issues.set(request.participant, expired ? { ...spent(issue), refused: "expired" } : issue)
  }
  for (const { announcement, participant } of input.seen) {
    const { host, incarnation } = announcement
    if (host === undefined || owners.get(host)?.participant === participant) continue
    issues.set(participant, {
      host,
      generation: 1,
      refused: "name-taken",
      ...(incarnation === undefined ? {} : { incarnation })
    })
  }
  return issues
}

const isRefusal = ({ refused }: TokenIssue): boolean =>
  refused !== undefined && refused !== "expired"

/**
 * A token that a deployed communicator minted for the host, as an answer to the request. One that is communicator no more
 * is read too, but after the others: its last token may not have been seen in time.
 */
const deployedIssue = (
  input: MirrorInput,
  request: TokenRequest,
  deployed: ReadonlyArray<Seen>,
  burned: ReadonlyArray<string>
): TokenIssue | undefined => {
  const up = deployed.filter(({ announcement }) => announcement.communicator)
  for (const { announcement } of new Set([...up, ...deployed])) {
    const token = announcement.facts.get(request.host)
    if (token === undefined || !isToken(input.reveal(token))) continue
    if (burned.includes(input.digest(input.reveal(token)))) continue
    return {
      host: request.host,
      generation: request.generation,
      token,
      ...(request.incarnation === undefined ? {} : { incarnation: request.incarnation })
    }
  }
  return undefined
}

/** Values that are mirrored for their own sake: what communicators publish under keys that are no announced host. */
const factsOf = (
  input: MirrorInput,
  owners: ReadonlyMap<HostName, Seen>,
  burned: ReadonlyArray<string>
): Facts => {
  const hosts: ReadonlySet<string> = new Set(owners.keys())
  const facts = new Map([...input.before.facts].filter(([key]) => !hosts.has(key)))
  for (const { announcement } of inOrder(input.seen)) {
    if (!announcement.communicator) continue
    for (const [key, value] of announcement.facts) {
      if (hosts.has(key) || facts.has(key)) continue
      const text = input.reveal(value)
      if (!isToken(text) || burned.includes(input.digest(text))) continue
      facts.set(key, value)
    }
  }
  return facts
}

/**
 * Tokens out of use: of a cluster that is gone, of hosts that left, came back as another machine, failed to join or have
 * joined. They are kept in mind as long as a register shows them.
 */
const burnedBy = (input: MirrorInput, formed: boolean): ReadonlyArray<string> => {
  const { before, ledger, seen } = input
  const burned = new Set(ledger.burned)
  for (const [participant, issue] of before.issues) {
    const owner = seen.find((one) => one.participant === participant)?.announcement
    const left = owner === undefined || owner.host !== issue.host
    const replaced = owner?.incarnation !== issue.incarnation
    const failed = (owner?.failure?.generation ?? 0) >= issue.generation
    if (issue.token !== undefined && (!formed || left || replaced || failed)) {
      burned.add(input.digest(input.reveal(issue.token)))
    }
  }
  const done = doneHosts(input)
  const shown = new Set<string>()
  for (const { announcement } of seen) {
    for (const [host, token] of announcement.facts) {
      const digest = input.digest(input.reveal(token))
      shown.add(digest)
      if (!announcement.native && done.has(host)) burned.add(digest)
    }
    for (const { token } of announcement.issues) {
      if (token !== undefined) shown.add(input.digest(input.reveal(token)))
    }
  }
  return [...burned].filter((digest) => shown.has(digest))
}

/** Hosts for which no token that was minted so far is of any use: members, and such as nobody announces any more. */
const doneHosts = ({ before, seen }: MirrorInput): ReadonlySet<string> => {
  const announced = new Set(
    seen.map(({ announcement, participant }) => `${participant} ${announcement.host}`)
  )
  const members = seen.filter(({ announcement }) => announcement.member)
  const gone = before.requests.filter(
    ({ host, participant }) => !announced.has(`${participant} ${host}`)
  )
  return new Set([
    ...members.flatMap(({ announcement }) => announcement.host ?? []),
    ...gone.map(({ host }) => host)
  ])
}

const isToken = (value: string): boolean => value !== "" && value !== PLACEHOLDER
