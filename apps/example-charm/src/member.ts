// A member: a token issuer over one relation, with the cluster's own command, and a rolling lock over its peers.
// A composition of layers, nothing else.
import {
  type ClusterCli,
  hostName,
  type Journal,
  Lifecycle,
  Sealer,
  TokenIssuer,
  WireDialect
} from "@rollcall/core"
import { hpkeSealer } from "@rollcall/hpke-adapter"
import {
  blocked,
  dispatch,
  type HookCommand,
  hostStatus,
  isAfresh,
  isElsewhere,
  isGoing,
  isIdleNews,
  isInstall,
  isLeaving,
  isPrelude,
  isStatusAction,
  isSweep,
  JujuContext,
  joinedStatus,
  jujuStore,
  maintenance,
  noting,
  plannedUnits,
  reportStatus,
  stepLock,
  tokenDistributorDialect,
  unlessAtRest,
  type WakeUp
} from "@rollcall/juju-adapter"
import { Effect, Layer } from "effect"
import { lifecycle } from "./lifecycle.ts"
import { type MemberConfig, memberConfig } from "./member-config.ts"
import { answerRolling, anyDialect, LOCK, memberLock, restartOnChange } from "./rolling.ts"
import { optionInvalid } from "./rolling-config.ts"

/** What a member stands on; tests and simulations give other parts than a machine does. */
export interface MemberParts {
  /** The machine's host name, as the cluster is to know it. */
  readonly host: string
  readonly commands: Layer.Layer<HookCommand>
  readonly journal: Layer.Layer<Journal>
  /** The lock's own: a service replaces all that its journal holds. */
  readonly lockJournal: Layer.Layer<Journal>
  readonly wakeUp: Layer.Layer<WakeUp, never, JujuContext>
  readonly cluster: (config: MemberConfig) => Layer.Layer<ClusterCli>
}

/** Runs the member's hook for `environment`; succeeds with the exit code. */
export const member = (
  environment: Readonly<Record<string, string | undefined>>,
  parts: MemberParts
) =>
  dispatch(
    environment,
    parts.commands,
    Effect.gen(function* () {
      const context = yield* JujuContext
      if (isInstall(context)) return maintenance("waiting to be related to a token distributor")
      if (isPrelude(context)) return undefined
      if (isStatusAction(context)) return yield* reportStatus
      if (yield* isIdleNews(LOCK, anyDialect)) return undefined
      return yield* unlessAtRest(
        (acted) => step(parts, acted),
        (status) => status?.kind === "active"
      ).pipe(Effect.provide(parts.journal))
    })
  )

/** A hook that may have something to do; `acted` notes calls of the cluster's command. */
const step = (parts: MemberParts, acted: () => void) =>
  Effect.gen(function* () {
    const context = yield* JujuContext
    const config = yield* memberConfig
    return yield* Effect.gen(function* () {
      if ((yield* answerRolling(config)) === false) return undefined
      const host = yield* hostPart(config, parts, acted)
      if (!isGoing(context)) yield* restartOnChange(config)
      const lock = (yield* isElsewhere(LOCK, anyDialect)) ? undefined : yield* stepLock
      return joinedStatus(lock === undefined ? [host] : [host, lock])
    }).pipe(
      Effect.provide(Layer.merge(memberLock(config, parts.lockJournal), parts.wakeUp)),
      Effect.catchTag("LimitInvalid", optionInvalid)
    )
  })

/** One step of the token issuer, or the farewell, as a status. */
const hostPart = (config: MemberConfig, parts: MemberParts, acted: () => void) =>
  Effect.gen(function* () {
    const context = yield* JujuContext
    const host = hostName(parts.host)
    if (host === undefined)
      return blocked(
        `host name ${JSON.stringify(parts.host)} is not of letters, digits, hyphens and dots: rename this machine`
      )
    const issuer = TokenIssuer.layer({ host }).pipe(
      Layer.provide(jujuStore({ endpoint: "cluster" })),
      Layer.provide(noting(parts.cluster(config), acted)),
      Layer.provide(parts.journal),
      Layer.provide(Layer.succeed(WireDialect, tokenDistributorDialect)),
      Layer.provide(Layer.succeed(Sealer, hpkeSealer)),
      Layer.provide(Layer.succeed(Lifecycle, lifecycle(config)))
    )
    return yield* Effect.gen(function* () {
      const { leave, step } = yield* TokenIssuer
      if (isLeaving(context)) {
        // with the whole application the cluster goes too: there is nothing to leave
        const problem = (yield* plannedUnits) === 0 ? undefined : yield* leave
        if (problem === undefined) return maintenance("left the cluster")
        yield* Effect.logError(`the cluster still counts ${host} as a member: ${problem.message}`)
        return maintenance(problem.message)
      }
      return hostStatus(yield* step({ sweep: isSweep(context), afresh: isAfresh(context) }))
    }).pipe(Effect.provide(issuer))
  })
