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
import { JujuContext, type JujuContextShape, type NotInHook } from "./JujuContext.ts"
import { jujuLogger } from "./JujuLogger.ts"
import { blocked, maintenance, type UnitStatus } from "./UnitStatus.ts"

/** Events after which a step also takes away what is no longer used: they come without a change of anybody else. */
export const isSweep = ({ event }: JujuContextShape): boolean => SWEEPS.has(event.name)

/** Whether an operator changed something: then what failed before is worth another try at once. */
export const isAfresh = ({ event }: JujuContextShape): boolean =>
  event.name === "config-changed" || event.name === "upgrade-charm"

/** Whether the unit can take part: before it is installed it has entered no relation. */
export const isInstall = ({ event }: JujuContextShape): boolean => event.name === "install"

/**
 * Whether the hook says nothing that the next one does not say better: Juju runs relation-changed right after every
 * relation-joined, and a decision made in the second instead of the first wakes nobody twice.
 */
export const isPrelude = ({ event }: JujuContextShape): boolean =>
  event.name.endsWith("-relation-joined")

/** Whether an operator asks for this unit's status by an action of that name. */
export const isStatusAction = ({ event }: JujuContextShape): boolean =>
  event.kind === "action" && event.name === "status"

/** Answers the action `status` with what the last hook showed; writes nothing else. */
export const reportStatus: Effect.Effect<undefined, HookCommandError, HookCommand> = Effect.gen(
  function* () {
    const { kind, message } = yield* statusGet
    yield* actionSet({ status: kind, message })
    return undefined
  }
)

/** Whether this is the unit's last hook, in which it leaves its cluster. */
export const isLeaving = ({ event }: JujuContextShape): boolean => event.name === "remove"

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
        if (error._tag === "NotLeader") return 0
        if (error._tag === "JujuConfigError" || error._tag === "LimitInvalid") {
          yield* Effect.ignore(statusSet(blocked(error.message)))
          return 0
        }
        yield* Effect.ignore(statusSet(maintenance(error.message)))
        return 1
      })
    ),
    Effect.provide(
      Layer.provideMerge(jujuLogger(), Layer.merge(JujuContext.layer(environment), commands))
    )
  )

const SWEEPS: ReadonlySet<string> = new Set(["update-status", "config-changed", "upgrade-charm"])
