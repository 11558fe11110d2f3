// A member's service to others: one look at the members, then a token for each open request (T2).
// What was minted is in the journal before anything else happens, sealed where it can be: if the step fails, the next
// one hands the same token on instead of asking for another.
import { Clock, Effect, type Redacted } from "effect"
import { ClusterCli } from "../cluster-cli/ClusterCli.ts"
import { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import type { Member } from "../cluster-cli/MemberRecord.ts"
import type { Roll } from "../mirror/MirrorRecord.ts"
import type { HostName, ParticipantId } from "../Participant.ts"
import type { HostMemory } from "./HostJournal.ts"
import type { HostSession } from "./HostSession.ts"
import {
  answerFor,
  isToldInVain,
  isUnheard,
  mayMint,
  mintsByRule,
  openRequests
} from "./TokenIssuerPolicy.ts"
import {
  answers,
  sealContext,
  spent,
  type TokenIssue,
  type TokenRequest
} from "./TokenIssuerRecord.ts"
import { pauseMillis } from "./TokenIssuerState.ts"

/** What came of minting: all issues to publish, how many are new, and the last problem if there was one. */
export interface Minted {
  readonly issues: ReadonlyArray<TokenIssue>
  readonly fresh: number
  readonly problem: ClusterCliError | undefined
}

/** Everything that minting depends on. */
export interface MintingInput {
  readonly host: HostName
  readonly self: ParticipantId
  readonly roll: Roll
  /** What this host has published so far. */
  readonly published: ReadonlyArray<TokenIssue>
  readonly sweep: boolean
}

/**
 * Answers the open requests if it is this host's turn to; 0 calls when there is nothing to do. With `sweep` it also
 * looks whether what it refused is still to be refused.
 */
export const mint = Effect.fn("TokenIssuer.mint")(function* (
  session: HostSession,
  { host, published, roll, self, sweep }: MintingInput
) {
  const remembered = session.memory().minted
  const kept = [
    ...published,
    ...remembered.filter((issue) => !published.some((old) => same(old, issue)))
  ].filter((issue) => !(sweep && isToldInVain(issue, roll)))
  const nowMillis = yield* Clock.currentTimeMillis
  const settled = sweep ? kept.filter(({ refused }) => refused === undefined) : kept
  const open = openRequests(roll, self, settled).filter(
    (request) =>
      mayMint(roll, self, request) !== "no" && isDue(session.memory(), request, nowMillis)
  )
  // a token in clear is of a host that does not say when it has joined
  const stale = sweep && kept.some(({ token }) => token !== undefined)
  if (open.length === 0 && !stale) {
    const fresh = kept.length - published.length
    const { mintAtMillis, mintProblem } = session.memory()
    return { issues: kept, fresh, problem: nowMillis < mintAtMillis ? mintProblem : undefined }
  }
  const cli = yield* ClusterCli
  const list = yield* Effect.result(cli.list)
  if (list._tag === "Failure") {
    const problem = yield* postpone(session, list.failure, [EVERYBODY])
    return { issues: kept, fresh: kept.length - published.length, problem } satisfies Minted
  }
  const byRule = mintsByRule(list.success, host)
  const mine = open.filter(
    (request) =>
      byRule || mayMint(roll, self, request) === "yes" || (sweep && isUnheard(roll, request))
  )
  const left = kept
    .filter((issue) => !mine.some((request) => answers(issue, request)))
    .map((issue) => withoutMember(issue, list.success))
  const { failed, issues, problem } = yield* serve(session, mine, list.success, host)
  if (problem !== undefined) yield* postpone(session, problem, failed)
  else if (session.memory().mintFailures > 0 && nowMillis >= session.memory().mintAtMillis)
    yield* session.change({ mintFailures: 0, mintAtMillis: 0 }, ["postponed", "mintProblem"])
  return {
    issues: [...left, ...issues],
    fresh: left.length + issues.length - published.length,
    problem
  } satisfies Minted
})

/** Answers requests one after the other; what one call met that is not its request's own ends the round. */
const serve = Effect.fnUntraced(function* (
  session: HostSession,
  requests: ReadonlyArray<TokenRequest>,
  members: ReadonlyArray<Member>,
  host: HostName
) {
  const issues: Array<TokenIssue> = []
  const failed: Array<string> = []
  let problem: ClusterCliError | undefined
  for (const request of requests) {
    const outcome = yield* Effect.result(answer(session, request, members, host))
    if (outcome._tag === "Success") {
      if (outcome.success !== undefined) issues.push(outcome.success)
      continue
    }
    problem = outcome.failure
    failed.push(nameOf(request))
    if (OF_ONE_REQUEST.has(problem.reason)) continue
    failed.push(EVERYBODY)
    break
  }
  return { issues, failed, problem }
})

/** Whether a request is to be tried now: it has not failed, or the pause after that has passed. */
const isDue = (memory: HostMemory, request: TokenRequest, nowMillis: number): boolean => {
  const { mintAtMillis, postponed = [] } = memory
  if (nowMillis >= mintAtMillis) return true
  return !postponed.includes(nameOf(request)) && !postponed.includes(EVERYBODY)
}

const nameOf = ({ generation, host, incarnation }: TokenRequest): string =>
  `${host}/${incarnation ?? ""}/${generation}`

/** In the place of a request's name: a failure that is nobody's own. */
const EVERYBODY = "*"
const OF_ONE_REQUEST: ReadonlySet<ClusterCliError["reason"]> = new Set([
  "name-taken",
  "already-a-member",
  "unknown"
])

const answer = Effect.fnUntraced(function* (
  session: HostSession,
  request: TokenRequest,
  members: ReadonlyArray<Member>,
  host: HostName
) {
  const cli = yield* ClusterCli
  const verdict = answerFor(request, members, host)
  const named = { host: request.host, generation: request.generation, ...incarnationOf(request) }
  if (verdict === "leave") return request.incarnation === undefined ? spent(named) : undefined
  if (verdict === "refuse") return { ...named, refused: "name-taken" } satisfies TokenIssue
  if (verdict === "replace") yield* cli.remove(request.host, { force: true })
  const token = yield* cli.add(request.host)
  const issue = { ...named, ...(yield* wrapped(session, request, token)) }
  yield* Effect.orDie(session.change({ minted: [...session.memory().minted, issue] }))
  yield* Effect.ignore(
    session.deliver({
      _tag: "TokenIssued",
      host: request.host,
      generation: request.generation,
      ...incarnationOf(request)
    })
  )
  return issue
})

/** The token as it travels: sealed where both ends can. A key that cannot be used stops its own host only. */
const wrapped = Effect.fnUntraced(function* (
  session: HostSession,
  request: TokenRequest,
  token: Redacted.Redacted<string>
) {
  const { sealer } = session
  if (sealer === undefined || request.publicKey === undefined) return { token }
  const sealed = yield* sealer.seal(request.publicKey, token, sealContext(request)).pipe(
    Effect.mapError(
      ({ detail }) =>
        new ClusterCliError({
          operation: "add",
          reason: "unknown",
          detail: `the key that ${request.host} announced cannot be used: ${detail}`
        })
    )
  )
  return { sealed }
})

const postpone = Effect.fnUntraced(function* (
  session: HostSession,
  problem: ClusterCliError,
  failed: ReadonlyArray<string>
) {
  const mintFailures = session.memory().mintFailures + 1
  const nowMillis = yield* Clock.currentTimeMillis
  const still = nowMillis < session.memory().mintAtMillis ? (session.memory().postponed ?? []) : []
  yield* Effect.orDie(
    session.change({
      mintFailures,
      mintAtMillis: nowMillis + pauseMillis(mintFailures),
      mintProblem: problem,
      postponed: [...new Set([...still, ...failed])]
    })
  )
  return problem
})

const same = (left: TokenIssue, right: TokenIssue): boolean => answers(left, { ...right })

const incarnationOf = ({ incarnation }: TokenRequest) =>
  incarnation === undefined ? {} : { incarnation }

/** A deployed host does not report its join: the token of one that is a member now is taken away here. */
const withoutMember = (issue: TokenIssue, members: ReadonlyArray<Member>): TokenIssue =>
  issue.token !== undefined && members.some(({ name }) => name === issue.host)
    ? spent(issue)
    : issue
