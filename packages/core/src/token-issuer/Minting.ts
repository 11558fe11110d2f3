// A member's service to others: one look at the members, then a token for each open request (T2).
// What was minted is in the journal before anything else happens, sealed where it can be: if the step fails, the next
// one hands the same token on instead of asking for another.
import { Clock, Effect, type Redacted } from "effect"
import { ClusterCli } from "../cluster-cli/ClusterCli.ts"
import { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import type { Member } from "../cluster-cli/MemberRecord.ts"
import type { Roll } from "../mirror/MirrorRecord.ts"
import type { HostName, ParticipantId } from "../Participant.ts"
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

/** Answers the open requests if it is this host's turn to; 0 calls when there is nothing to do. */
export const mint = Effect.fn("TokenIssuer.mint")(function* (
  session: HostSession,
  host: HostName,
  self: ParticipantId,
  roll: Roll,
  published: ReadonlyArray<TokenIssue>
) {
  const remembered = session.memory().minted
  const kept = [
    ...published,
    ...remembered.filter((issue) => !published.some((old) => same(old, issue)))
  ]
  const open = openRequests(roll, self, kept)
  const idle: Minted = { issues: kept, fresh: kept.length - published.length, problem: undefined }
  const turn = mayMint(roll, self)
  const nowMillis = yield* Clock.currentTimeMillis
  if (open.length === 0 || turn === "no" || nowMillis < session.memory().mintAtMillis) return idle
  const cli = yield* ClusterCli
  const list = yield* Effect.result(cli.list)
  if (list._tag === "Failure") return { ...idle, problem: yield* postpone(session, list.failure) }
  if (turn === "by-rule" && !mintsByRule(list.success, host)) return idle
  const issues = [...kept.filter((issue) => !isMember(list.success, issue, roll))]
  let problem: ClusterCliError | undefined
  for (const request of open) {
    const outcome = yield* Effect.result(answer(session, request, list.success, host))
    if (outcome._tag === "Failure") problem = outcome.failure
    else if (outcome.success !== undefined) issues.push(outcome.success)
  }
  if (problem !== undefined) yield* postpone(session, problem)
  else if (session.memory().mintFailures > 0)
    yield* session.change({ mintFailures: 0, mintAtMillis: 0 })
  return { issues, fresh: issues.length - published.length, problem } satisfies Minted
})

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

const postpone = Effect.fnUntraced(function* (session: HostSession, problem: ClusterCliError) {
  const mintFailures = session.memory().mintFailures + 1
  const nowMillis = yield* Clock.currentTimeMillis
  yield* Effect.orDie(
    session.change({ mintFailures, mintAtMillis: nowMillis + pauseMillis(mintFailures) })
  )
  return problem
})

const same = (left: TokenIssue, right: TokenIssue): boolean => answers(left, { ...right })

const incarnationOf = ({ incarnation }: TokenRequest) =>
  incarnation === undefined ? {} : { incarnation }

/** Through a deployed mirror nobody reports a join: a token of a host that is a member now is taken away here. */
const isMember = (members: ReadonlyArray<Member>, issue: TokenIssue, roll: Roll): boolean =>
  !roll.native && members.some(({ name }) => name === issue.host)
