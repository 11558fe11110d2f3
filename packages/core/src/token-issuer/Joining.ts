// A host's own way in: founding, joining, and finding out what became of an attempt that was cut off.
// Every call to the cluster's command stands between two journal entries, so that a step that is tried again knows.
import { Clock, Effect, Hash, Redacted } from "effect"
import { ClusterCli } from "../cluster-cli/ClusterCli.ts"
import { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import type { HostName } from "../Participant.ts"
import type { HostSession } from "./HostSession.ts"
import type { LifecycleFailed } from "./Lifecycle.ts"
import { sealContext, type TokenIssue } from "./TokenIssuerRecord.ts"
import { type Attempt, pauseMillis } from "./TokenIssuerState.ts"

/** A short mark of a token that does not give it away: enough to know it again. */
export const digest = (token: string): string => (Hash.string(token) >>> 0).toString(16)

/** Founds the cluster; on return the host is a member, or the problem is told and the next try is set. */
export const found = Effect.fn("TokenIssuer.bootstrap")(function* (
  session: HostSession,
  host: HostName
) {
  const cli = yield* ClusterCli
  yield* session.deliver({ _tag: "PreBootstrap" })
  const args = yield* session.lifecycle.bootstrapArguments
  yield* session.change({ attempt: { _tag: "Bootstrap" } })
  const result = yield* Effect.result(cli.bootstrap(args))
  if (result._tag === "Success") return yield* conclude(session, "bootstrapped")
  return yield* settle(session, host, { _tag: "Bootstrap" }, result.failure)
})

/** Joins with `issue`; on return the host is a member, or the problem is told and the next try is set. */
export const join = Effect.fn("TokenIssuer.join")(function* (
  session: HostSession,
  host: HostName,
  issue: TokenIssue
) {
  const cli = yield* ClusterCli
  const opened = yield* Effect.result(openToken(session, issue))
  if (opened._tag === "Failure") return yield* refuse(session, issue, opened.failure)
  const token = opened.success
  yield* session.deliver({ _tag: "PreJoin", generation: issue.generation })
  const args = yield* session.lifecycle.joinArguments
  const attempt: Attempt = { _tag: "Join", generation: issue.generation }
  yield* session.change({ attempt })
  const result = yield* Effect.result(cli.join(token, args))
  if (result._tag === "Success") return yield* conclude(session, "joined")
  return yield* settle(session, host, attempt, result.failure, issue)
})

/** Finds out what became of an attempt that was begun in a step that did not end. */
export const lookInto = Effect.fn("TokenIssuer.lookInto")(function* (
  session: HostSession,
  host: HostName,
  attempt: Attempt
) {
  const member = yield* isMember(host)
  if (member === "yes") {
    return yield* conclude(session, attempt._tag === "Bootstrap" ? "bootstrapped" : "joined")
  }
  if (member === "no") {
    yield* session.change({}, ["attempt"])
    return undefined
  }
  return yield* pause(session, member)
})

/** Sets the next try after a failure, and tells it. */
export const pause = Effect.fnUntraced(function* (
  session: HostSession,
  error: ClusterCliError | LifecycleFailed
) {
  const failures = session.memory().failures + 1
  const nowMillis = yield* Clock.currentTimeMillis
  // waiting mends no name: the next try is when somebody changed something
  const hopeless = error._tag === "ClusterCliError" && error.reason === "bad-name"
  const retryAtMillis = hopeless ? Number.MAX_SAFE_INTEGER : nowMillis + pauseMillis(failures)
  yield* session.change({ failures, retryAtMillis, problem: error })
  return error
})

const conclude = Effect.fnUntraced(function* (
  session: HostSession,
  membership: "bootstrapped" | "joined"
) {
  // with the key goes whatever was sealed to it, wherever it may still lie (T6)
  yield* session.change({ membership, refused: [], failures: 0, retryAtMillis: 0 }, [
    "attempt",
    "failure",
    "problem",
    "privateKey"
  ])
  return undefined
})

/** After a call that failed: was it done all the same, is the token at fault, or is it to be tried again. */
const settle = Effect.fnUntraced(function* (
  session: HostSession,
  host: HostName,
  attempt: Attempt,
  error: ClusterCliError,
  issue?: TokenIssue
) {
  if ((yield* isMember(host)) === "yes") {
    return yield* conclude(session, attempt._tag === "Bootstrap" ? "bootstrapped" : "joined")
  }
  const outlived = session.memory().failures >= MAX_FAILURES
  if (issue !== undefined && (outlived || tokenFault(error) !== undefined)) {
    return yield* refuse(session, issue, error)
  }
  if (error.reason !== "timed-out") yield* session.change({}, ["attempt"])
  return yield* pause(session, error)
})

// by then the pauses add up to the three hours that products let a token live: it is as good as expired
const MAX_FAILURES = 40

/** Notes that the token of `issue` is no good, so that another one is asked for. */
const refuse = Effect.fnUntraced(function* (
  session: HostSession,
  issue: TokenIssue,
  error: ClusterCliError
) {
  const { generation, token } = issue
  const mark = token === undefined ? [] : [digest(Redacted.value(token))]
  const { refused } = session.memory()
  // another token is used at once; a product that refuses that one, too, is not run in circles
  const waitMillis = refused.length === 0 ? 0 : pauseMillis(refused.length)
  yield* session.change(
    {
      failure: { generation, reason: tokenFault(error) ?? "token-expired" },
      failures: 0,
      retryAtMillis: (yield* Clock.currentTimeMillis) + waitMillis,
      refused: [...refused, ...mark, `${generation}`]
    },
    ["attempt", "problem"]
  )
  return error
})

/** Notes that the mirror takes this host for a member although it is none: its name is another machine's in the cluster. */
export const object = (session: HostSession, generation: number) =>
  session
    .change({
      failure: { generation, reason: "name-taken" },
      refused: [...session.memory().refused, `${generation}`]
    })
    .pipe(Effect.as(undefined))

const tokenFault = ({ reason }: ClusterCliError) =>
  reason === "token-rejected" || reason === "token-expired" || reason === "name-taken"
    ? reason
    : undefined

/** Whether the cluster counts this host as a member; an error when it cannot be told now. */
const isMember = Effect.fnUntraced(function* (host: HostName) {
  const cli = yield* ClusterCli
  const list = yield* Effect.result(cli.list)
  if (list._tag === "Success") return list.success.some(({ name }) => name === host) ? "yes" : "no"
  return list.failure.reason === "not-initialised" ? "no" : list.failure
})

const openToken = Effect.fnUntraced(function* (session: HostSession, issue: TokenIssue) {
  if (issue.token !== undefined) return issue.token
  const { privateKey, publicKey } = session.memory()
  const { sealer } = session
  if (
    sealer === undefined ||
    issue.sealed === undefined ||
    privateKey === undefined ||
    publicKey === undefined
  ) {
    return yield* new ClusterCliError({
      operation: "join",
      reason: "token-rejected",
      detail: "the token is sealed and this host has no key to open it"
    })
  }
  const context = sealContext({ ...issue, incarnation: session.memory().incarnation })
  return yield* sealer.open({ publicKey, privateKey }, issue.sealed, context).pipe(
    Effect.mapError(
      (cause) =>
        new ClusterCliError({
          operation: "join",
          reason: "token-rejected",
          detail: cause.message
        })
    )
  )
})
