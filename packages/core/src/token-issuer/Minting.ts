// A member's service to others: one look at the members, then a token for each open request (T2).
// What was minted is in the journal before anything else happens, sealed where it can be: if the step fails, the next
// one hands the same token on instead of asking for another.
import { Clock, Effect, Redacted } from "effect"
import { ClusterCli } from "../cluster-cli/ClusterCli.ts"
import { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import type { Member } from "../cluster-cli/MemberRecord.ts"
import type { Roll } from "../mirror/MirrorRecord.ts"
import type { HostName, ParticipantId } from "../Participant.ts"
import type { HostMemory } from "./HostJournal.ts"
import type { HostSession } from "./HostSession.ts"
import { eventName, type LifecycleFailed } from "./Lifecycle.ts"
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
  readonly problem: ClusterCliError | LifecycleFailed | undefined
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
  const untold = yield* tell(session)
  const remembered = session.memory().minted
  const kept = [
    ...published,
    ...remembered.filter((issue) => !published.some((old) => same(old, issue)))
  ].filter((issue) => !(sweep && isToldInVain(issue, roll)))
  const nowMillis = yield* Clock.currentTimeMillis
  // a name that the product does not take is none the next time either
  const settled = sweep
    ? kept.filter(({ refused }) => refused === undefined || refused === "bad-name")
    : kept
  const open = openRequests(roll, self, settled).filter(
    (request) =>
      mayMint(roll, self, request) !== "no" && isDue(session.memory(), request, nowMillis)
  )
  // a token in clear is of a host that does not say when it has joined
  const stale = sweep && kept.some(({ token }) => token !== undefined)
  if (open.length === 0 && !stale) {
    const fresh = kept.length - published.length
    const { mintAtMillis, mintProblem } = session.memory()
    return { issues: kept, fresh, problem: nowMillis < mintAtMillis ? mintProblem : untold }
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
    problem: problem ?? untold
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
  // a token that nobody can be given would bar the name until it is too old
  yield* wrapped(session, request, Redacted.make(""))
  if (verdict === "replace") yield* cli.remove(request.host, { force: true })
  const minted = yield* Effect.result(cli.add(request.host))
  if (minted._tag === "Failure") {
    if (minted.failure.reason !== "bad-name") return yield* minted.failure
    return { ...named, refused: "bad-name" } satisfies TokenIssue
  }
  const issue = { ...named, ...(yield* wrapped(session, request, minted.success)) }
  const { minted: before } = session.memory()
  const untold = [...untoldOf(session.memory()), named]
  yield* Effect.orDie(session.change({ minted: [...before, issue], untold }))
  yield* Effect.ignore(session.deliver({ _tag: "TokenIssued", ...named }))
  return issue
})

/** Tells the user's code of tokens that it was not told of in the steps before, and returns its failure if there was one. */
const tell = Effect.fnUntraced(function* (session: HostSession) {
  let problem: LifecycleFailed | undefined
  for (const issue of untoldOf(session.memory())) {
    const told = yield* Effect.result(session.deliver({ _tag: "TokenIssued", ...issue }))
    if (told._tag === "Failure" && told.failure._tag === "LifecycleFailed") problem = told.failure
  }
  return problem
})

const untoldOf = ({ delivered, untold = [] }: HostMemory) =>
  untold.filter((issue) => !delivered.includes(eventName({ _tag: "TokenIssued", ...issue })))

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
          detail: `${request.host} announced a key that is none: ${detail}; replace its unit`
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

/** The token of a host that is a member now is taken away here: a deployed host never says so, a frugal one rarely. */
const withoutMember = (issue: TokenIssue, members: ReadonlyArray<Member>): TokenIssue => {
  const member = members.find(({ name }) => name === issue.host)
  if (member === undefined) return issue
  // a host that can say that its join failed is believed to have joined when the product is done with it
  const joined = issue.token !== undefined || member.role !== "pending"
  return joined && issue.refused === undefined ? spent(issue) : issue
}
