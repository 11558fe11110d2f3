// The token distributor: a mirror over the endpoint's relations. A composition of layers, nothing else.
import { Mirror, WireDialect } from "@rollcall/core"
import {
  dispatch,
  type HookCommand,
  isInstall,
  isPrelude,
  isStatusAction,
  isSweep,
  isTokenless,
  JujuContext,
  jujuConfig,
  jujuStore,
  maintenance,
  mirrorStatus,
  reportStatus,
  tokenDistributorDialect
} from "@rollcall/juju-adapter"
import { Effect, Layer, Schema } from "effect"

const Seconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 604_800 }))
const Config = Schema.Struct({
  "window-seconds": Seconds,
  "token-lifetime-seconds": Seconds,
  delivery: Schema.Literals(["secrets", "databags"])
})

/** Runs the distributor's hook for `environment`; succeeds with the exit code. */
export const distributor = (
  environment: Readonly<Record<string, string | undefined>>,
  commands: Layer.Layer<HookCommand>
) =>
  dispatch(
    environment,
    commands,
    Effect.gen(function* () {
      const context = yield* JujuContext
      if (isInstall(context)) return maintenance("waiting to be related to the hosts' charm")
      if (isPrelude(context)) return undefined
      if (isStatusAction(context)) return yield* reportStatus
      const config = yield* jujuConfig(Config)
      const mirror = Mirror.layer({
        windowMillis: config["window-seconds"] * 1000,
        tokenLifetimeMillis: config["token-lifetime-seconds"] * 1000,
        frugal: config.delivery === "databags"
      }).pipe(
        Layer.provide(
          jujuStore({
            endpoint: "microcluster-cluster",
            peers: "distributors",
            mailboxes: config.delivery === "secrets",
            remembers: isTokenless
          })
        ),
        Layer.provide(Layer.succeed(WireDialect, tokenDistributorDialect))
      )
      const decision = yield* Effect.flatMap(Mirror, ({ step }) =>
        step({ sweep: isSweep(context) })
      ).pipe(Effect.provide(mirror))
      return mirrorStatus(decision)
    })
  )
