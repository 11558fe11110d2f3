// A member: a token issuer over one relation, with the cluster's own command. A composition of layers, nothing else.
import {
  type ClusterCli,
  type HostName,
  type Journal,
  Lifecycle,
  Sealer,
  TokenIssuer,
  WireDialect
} from "@rollcall/core"
import { hpkeSealer } from "@rollcall/hpke-adapter"
import {
  dispatch,
  type HookCommand,
  hostStatus,
  isInstall,
  isLeaving,
  isPrelude,
  isSweep,
  JujuContext,
  jujuStore,
  maintenance,
  plannedUnits,
  tokenDistributorDialect
} from "@rollcall/juju-adapter"
import { Effect, Layer } from "effect"
import { lifecycle } from "./lifecycle.ts"
import { type MemberConfig, memberConfig } from "./member-config.ts"

/** What a member stands on; tests and simulations give other parts than a machine does. */
export interface MemberParts {
  readonly host: HostName
  readonly commands: Layer.Layer<HookCommand>
  readonly journal: Layer.Layer<Journal>
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
      const config = yield* memberConfig
      const issuer = TokenIssuer.layer({ host: parts.host }).pipe(
        Layer.provide(jujuStore({ endpoint: "cluster" })),
        Layer.provide(parts.cluster(config)),
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
          return maintenance(problem === undefined ? "left the cluster" : problem.message)
        }
        return hostStatus(yield* step({ sweep: isSweep(context) }))
      }).pipe(Effect.provide(issuer))
    })
  )
