// The host's side: announces it, brings it into the one cluster, and mints for others when it is this host's turn.
// Guarantees T1 to T6. A step makes no call to the cluster's command when there is nothing to do, and never waits:
// waiting is a value with a reason.
import { Clock, Context, Effect, Layer } from "effect"
import { ClusterCli } from "../cluster-cli/ClusterCli.ts"
import type { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import { CANDIDATE_KEY } from "../mirror/Ledger.ts"
import { seenRoll, WireDialect } from "../mirror/Mirror.ts"
import type { Announcement, Dialect, Roll } from "../mirror/MirrorRecord.ts"
import type { HostName, ParticipantId } from "../Participant.ts"
import { Sealer } from "../sealer/Sealer.ts"
import type { Journal } from "../store/Journal.ts"
import { type Write, writesBetween } from "../store/Register.ts"
import { Store, type View } from "../store/Store.ts"
import { forgetPauses, type HostSession, openSession } from "./HostSession.ts"
import { digest, found, join, lookInto, object, pause } from "./Joining.ts"
import { Lifecycle, type LifecycleFailed } from "./Lifecycle.ts"
import { type Minted, mint } from "./Minting.ts"
import type { TokenIssuerError } from "./TokenIssuerError.ts"
import { issuesInUse, keepsQuiet, onlyFewerIssues } from "./TokenIssuerPolicy.ts"
import { answers, type TokenIssue } from "./TokenIssuerRecord.ts"
import { type HostAction, type Membership, nextAction } from "./TokenIssuerState.ts"

/** What a host is and waits for; `problem` is the last call that failed, if it is not mended yet. */
export type HostDecision =
  | {
      readonly _tag: "Member"
      readonly membership: Membership
      readonly minted: number
      readonly problem: ClusterCliError | LifecycleFailed | undefined
    }
  | {
      readonly _tag: "Waiting"
      readonly reason: string
      readonly problem: ClusterCliError | LifecycleFailed | undefined
    }
  | { readonly _tag: "Refused"; readonly reason: string }

/** The host's calls. */
export interface TokenIssuerShape {
  /**
   * One decision and what follows from it; `sweep` also takes away what is no longer used, `afresh` tries at once what
   * would be tried later, as the operator changed something.
   */
  readonly step: (options?: {
    readonly sweep?: boolean
    readonly afresh?: boolean
  }) => Effect.Effect<HostDecision, TokenIssuerError>
  /** Takes this host out of the cluster, if it is in one; told, not failed, when the cluster's command refuses. */
  readonly leave: Effect.Effect<ClusterCliError | undefined, TokenIssuerError>
}

/** Announces a host, founds or joins, and mints for others when named. */
export class TokenIssuer extends Context.Service<TokenIssuer, TokenIssuerShape>()(
  "@rollcall/core/TokenIssuer"
) {
  /** The token issuer of `host` over a `Store` and a `ClusterCli`. */
  static readonly layer = (options: {
    readonly host: HostName
  }): Layer.Layer<TokenIssuer, never, Store | ClusterCli | Journal> =>
    Layer.effect(
      TokenIssuer,
      Effect.gen(function* () {
        const store = yield* Store
        const dialect = yield* WireDialect
        const context = yield* Effect.context<ClusterCli | Journal>()
        const sealer = yield* Sealer
        const lifecycle = yield* Lifecycle
        const provided = <A, E>(effect: Effect.Effect<A, E, ClusterCli | Journal>) =>
          effect.pipe(
            Effect.provideContext(context),
            Effect.provideService(Sealer, sealer),
            Effect.provideService(Lifecycle, lifecycle)
          )
        return TokenIssuer.of({
          step: Effect.fn("TokenIssuer.step")(({ afresh = false, sweep = false } = {}) =>
            provided(
              Effect.andThen(
                afresh ? forgetPauses : Effect.void,
                store.step((view) => decide(store, dialect, view, options.host, sweep))
              )
            )
          ),
          leave: provided(leave(options.host))
        })
      })
    )
}

const decide = Effect.fnUntraced(function* (
  store: Store["Service"],
  dialect: Dialect,
  view: View,
  host: HostName,
  sweep: boolean
) {
  const session = yield* openSession
  const roll = seenRoll(dialect, view)
  const before = ownAnnouncement(dialect, view)
  const candidacy = yield* nameFounder(store, view, roll, session)
  const { action, problem } = yield* advance(session, view, roll, host)
  const memory = session.memory()
  const joined = memory.membership !== undefined
  const minted: Minted = joined
    ? yield* mint(session, { host, self: view.self, roll, published: before?.issues ?? [], sweep })
    : { issues: before?.issues ?? [], fresh: 0, problem: undefined }
  const after = announcementOf(session, before, host, issuesInUse(minted.issues, roll, sweep))
  const writes = announcing(dialect, view, roll, before, after, sweep)
  yield* forgetMinted(session, before?.issues ?? [], sweep ? roll : undefined)
  return [decision(action, session, minted, problem), [...candidacy, ...writes]] as const
})

/** Acts until nothing is left to do but wait. */
const advance = Effect.fnUntraced(function* (
  session: HostSession,
  view: View,
  roll: Roll,
  host: HostName
) {
  let problem: ClusterCliError | LifecycleFailed | undefined
  for (let turn = 0; turn < 4; turn++) {
    const memory = session.memory()
    const nowMillis = yield* Clock.currentTimeMillis
    const action = nextAction({
      self: view.self,
      side: view.side,
      host,
      membership: memory.membership,
      attempt: memory.attempt,
      connected: view.groups.length > 0,
      roll,
      named: view.private.get(CANDIDATE_KEY) === view.self,
      refused: new Set(memory.refused),
      digest,
      retryAtMillis: memory.retryAtMillis,
      nowMillis
    })
    const work = workFor(action, session, host)
    if (work === undefined || (problem !== undefined && action._tag === "Member")) {
      return { action, problem: nowMillis < memory.retryAtMillis ? memory.problem : problem }
    }
    problem = yield* work.pipe(
      Effect.catchTag("LifecycleFailed", (failed) => pause(session, failed))
    )
  }
  return { action: { _tag: "Wait", reason: "the next try" } satisfies HostAction, problem }
})

const workFor = (action: HostAction, session: HostSession, host: HostName) => {
  switch (action._tag) {
    case "LookInto":
      return lookInto(session, host, action.attempt)
    case "Bootstrap":
      return found(session, host)
    case "Join":
      return join(session, host, action.issue)
    case "Object":
      return object(session, action.generation)
    case "Member":
      return pendingEvents(session)
    default:
      return undefined
  }
}

/** The events that follow membership and were not delivered yet; undefined when none is left. */
const pendingEvents = (session: HostSession) => {
  const { delivered, membership } = session.memory()
  if (delivered.includes("Joined")) return undefined
  const bootstrapper = membership === "bootstrapped"
  return Effect.gen(function* () {
    if (bootstrapper) yield* session.deliver({ _tag: "Bootstrapped" })
    yield* session.deliver({ _tag: "Joined", bootstrapper })
    return undefined
  })
}

/** The side's leader names a founder where nobody that is still there was named: itself. Acted upon in a later step. */
const nameFounder = Effect.fnUntraced(function* (
  store: Store["Service"],
  view: View,
  roll: Roll,
  session: HostSession
) {
  if (!view.leader || roll.formed || session.memory().membership !== undefined) return []
  const open = view.groups.filter(
    (group) => !group.symmetric && group.shared?.get(CANDIDATE_KEY) !== view.self
  )
  if (open.length === 0) return []
  const named = new Set(open.map((group) => group.shared?.get(CANDIDATE_KEY)))
  const others = [...named].filter((name) => name !== undefined)
  if (others.length > 0) {
    const { siblings } = yield* store.census
    if (others.some((name) => siblings.has(name as ParticipantId))) return []
  }
  const writes: Array<Write> = [
    { place: { _tag: "private" }, key: CANDIDATE_KEY, value: view.self }
  ]
  for (const group of open) {
    writes.push({
      place: { _tag: "shared", group: group.id },
      key: CANDIDATE_KEY,
      value: view.self
    })
  }
  return writes
})

const ownAnnouncement = (dialect: Dialect, view: View): Announcement | undefined => {
  const [group] = view.groups
  return group === undefined ? undefined : dialect.decodeAnnouncement(group.own)
}

const announcementOf = (
  session: HostSession,
  before: Announcement | undefined,
  host: HostName,
  issues: ReadonlyArray<TokenIssue>
): Announcement => {
  const { failure, incarnation, membership, publicKey } = session.memory()
  return {
    native: true,
    host,
    incarnation,
    publicKey,
    member: membership !== undefined,
    failure,
    communicator: (before?.facts.size ?? 0) > 0,
    issues,
    facts: before?.facts ?? new Map()
  }
}

const announcing = (
  dialect: Dialect,
  view: View,
  roll: Roll,
  before: Announcement | undefined,
  after: Announcement,
  sweep: boolean
): ReadonlyArray<Write> => {
  const lazy = !sweep && roll.native && before !== undefined && onlyFewerIssues(before, after)
  if (lazy || (before !== undefined && keepsQuiet(view.self, roll, before, after, sweep))) return []
  return view.groups.flatMap((group) => {
    const entries = dialect.encodeAnnouncement(after, roll)
    const mine = group.symmetric ? new Set(rollKeys(dialect, group.own)) : new Set<string>()
    const owns = (key: string) => dialect.owns(key) && !mine.has(key)
    return writesBetween({ _tag: "own", group: group.id }, group.own, entries, owns)
  })
}

const rollKeys = (dialect: Dialect, own: View["private"]): ReadonlyArray<string> => {
  const roll = dialect.decodeRoll(own, new Map())
  return roll.native ? dialect.encodeRoll(roll, true).map(({ key }) => key) : []
}

/** What the committed register shows needs no second memory; with `roll`, nor does what nobody asks for any more (T6). */
const forgetMinted = Effect.fnUntraced(function* (
  session: HostSession,
  committed: ReadonlyArray<TokenIssue>,
  roll: Roll | undefined
) {
  const { minted } = session.memory()
  const used = roll === undefined ? minted : issuesInUse(minted, roll, true)
  const left = used.filter((issue) => !committed.some((old) => answers(old, issue)))
  if (left.length !== minted.length) yield* session.change({ minted: left })
})

const decision = (
  action: HostAction,
  session: HostSession,
  minted: Minted,
  problem: ClusterCliError | LifecycleFailed | undefined
): HostDecision => {
  const { membership } = session.memory()
  if (membership !== undefined) {
    return { _tag: "Member", membership, minted: minted.fresh, problem: problem ?? minted.problem }
  }
  if (action._tag === "Refused") return { _tag: "Refused", reason: action.reason }
  return {
    _tag: "Waiting",
    reason: action._tag === "Wait" ? action.reason : "the next step",
    problem
  }
}

const leave = Effect.fnUntraced(function* (host: HostName) {
  const session = yield* openSession
  const cli = yield* ClusterCli
  if (session.memory().membership === undefined) return undefined
  const result = yield* Effect.result(cli.remove(host, { force: false }))
  if (result._tag === "Failure") return result.failure
  yield* session.change({ delivered: [] }, ["membership"])
  return undefined
})
