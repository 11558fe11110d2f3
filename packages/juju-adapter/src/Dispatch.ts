// One hook from event to exit code: a program decides, its status is shown, its logs are sent.
// Exit 0 keeps what was staged, 1 makes Juju drop it and run the hook again; so a step that failed for the store's
// reasons ends with 1 unless it was refused before it staged anything. A wrong option ends with 0 and blocks the unit:
// nothing was staged, and setting it right brings config-changed.
import type { StoreError } from "@rollcall/core"
import { Effect, Layer } from "effect"
import type { HookCommand } from "./HookCommand.ts"
import type { HookCommandError } from "./HookCommandError.ts"
import { actionSet } from "./hook-commands/action.ts"
import { goalState } from "./hook-commands/goal-state.ts"
import { statusGet, statusSet } from "./hook-commands/status.ts"
import { JujuContext, type NotInHook } from "./JujuContext.ts"
import { jujuLogger } from "./JujuLogger.ts"
import { forgetPeer } from "./PeerMemory.ts"
import { blocked, maintenance, type UnitStatus } from "./UnitStatus.ts"

/** Answers the action `status` with what the last hook showed; writes nothing else. */
export const reportStatus: Effect.Effect<undefined, HookCommandError, HookCommand> = Effect.gen(
  function* () {
    const { kind, message } = yield* statusGet
    yield* actionSet({ status: kind, message })
    return undefined
  }
)

/** How many units of the application are to stay; 0 when the application is torn down. */
export const plannedUnits: Effect.Effect<number, HookCommandError, HookCommand> = Effect.map(
  goalState,
  ({ units }) => Object.values(units).filter((status) => status !== "dying").length
)

/**
 * Runs `program` for this process's event and returns the exit code. The program's status is set last, so that it is
 * what Juju shows; a program that returns undefined leaves the status alone.
 */
export const dispatch = <E extends { readonly message: string; readonly _tag: string }>(
  environment: Readonly<Record<string, string | undefined>>,
  commands: Layer.Layer<HookCommand>,
  program: Effect.Effect<UnitStatus | undefined, E | StoreError, HookCommand | JujuContext>
): Effect.Effect<number, NotInHook> =>
  program.pipe(
    Effect.flatMap((status) => (status === undefined ? Effect.void : statusSet(status))),
    Effect.as(0),
    Effect.catch((error: { readonly message: string; readonly _tag: string }) =>
      Effect.gen(function* () {
        yield* Effect.logError(error.message)
        if (error._tag === "NotLeader") return yield* endedWithoutStep
        if (error._tag === "JujuConfigError" || error._tag === "LimitInvalid") {
          yield* Effect.ignore(statusSet(blocked(error.message)))
          return yield* endedWithoutStep
        }
        yield* Effect.ignore(statusSet(maintenance(error.message)))
        return 1
      })
    ),
    Effect.provide(
      Layer.provideMerge(jujuLogger(), Layer.merge(JujuContext.layer(environment), commands))
    )
  )

/** The exit code of a hook that is over although nothing of it was done: what it was about is read by the next one. */
const endedWithoutStep = Effect.flatMap(JujuContext, forgetPeer).pipe(
  Effect.as(0),
  Effect.catch(({ message }) => Effect.as(Effect.logError(message), 1))
)
