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
import { answerFor, mayMint, mintsByRule, openRequests } from "./TokenIssuerPolicy.ts"
import { answers, sealContext, type TokenIssue, type TokenRequest } from "./TokenIssuerRecord.ts"
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
  ]
  const settled = sweep ? kept.filter(({ refused }) => refused === undefined) : kept
  const nowMillis = yield* Clock.currentTimeMillis
  const open = openRequests(roll, self, settled).filter((request) =>
    isDue(session.memory(), request, nowMillis)
  )
  const idle: Minted = { issues: kept, fresh: kept.length - published.length, problem: undefined }
  const turn = mayMint(roll, self)
  const stale = sweep && !roll.native && kept.length > 0
  if ((open.length === 0 || turn === "no") && !stale) return idle
  const cli = yield* ClusterCli
  const list = yield* Effect.result(cli.list)
  if (list._tag === "Failure") {
    return { ...idle, problem: yield* postpone(session, list.failure, [EVERYBODY]) }
  }
  const issues = [...settled.filter((issue) => !isMember(list.success, issue, roll))]
  if (turn === "by-rule" && !mintsByRule(list.success, host)) {
    return { ...idle, issues: stale ? issues : kept }
  }
  let problem: ClusterCliError | undefined
  const failed: Array<string> = []
  for (const request of open) {
    const outcome = yield* Effect.result(answer(session, request, list.success, host))
    if (outcome._tag === "Success") {
      if (outcome.success !== undefined) issues.push(outcome.success)
      continue
    }
    problem = outcome.failure
    failed.push(nameOf(request))
    if (OF_ONE_REQUEST.has(problem.reason)) continue
    // what this call met the next one would meet too
    failed.push(EVERYBODY)
    break
  }
  if (problem !== undefined) yield* postpone(session, problem, failed)
  else if (session.memory().mintFailures > 0 && nowMillis >= session.memory().mintAtMillis)
    yield* session.change({ mintFailures: 0, mintAtMillis: 0 }, ["postponed"])
  return { issues, fresh: issues.length - published.length, problem } satisfies Minted
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
  if (verdict === "leave") return undefined
  if (verdict === "refuse") return { ...named, refused: "name-taken" } satisfies TokenIssue
  if (verdict === "replace") yield* cli.remove(request.host, { force: true })
  const token = yield* cli.add(request.host)
  const issue = { ...named, ...(yield* wrapped(session, request, token)) }
  yield* Effect.orDie(session.change({ minted: [...session.memory().minted, issue] }))
  yield* Effect.ignore(
    session.deliver({ _tag: "TokenIssued", host: request.host, generation: request.generation })
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
      postponed: [...new Set([...still, ...failed])]
    })
  )
  return problem
})

const same = (left: TokenIssue, right: TokenIssue): boolean => answers(left, { ...right })

const incarnationOf = ({ incarnation }: TokenRequest) =>
  incarnation === undefined ? {} : { incarnation }

/** Through a deployed mirror nobody reports a join: a token of a host that is a member now is taken away here. */
const isMember = (members: ReadonlyArray<Member>, issue: TokenIssue, roll: Roll): boolean =>
  !roll.native && members.some(({ name }) => name === issue.host)
