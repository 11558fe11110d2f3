// A hook for this unit at a later time, where Juju has none to give: a retry that rests, a leader that granted itself.
// A detached shell sleeps, sees whether it is still wanted, and lets juju-exec dispatch an event of this charm's own. A
// file beside the charm says which one is wanted, so no process id is kept anywhere; the one that is no longer wanted
// ends without a call. It is a courtesy: where it is lost, with the machine or by a stuck agent, update-status comes.
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Clock, Context, Effect, Layer } from "effect"
import { JujuContext, type JujuContextShape } from "./JujuContext.ts"

/** What arranges for a later hook. */
export interface WakeUpShape {
  /**
   * One hook at about `atMillis` by this machine's clock, now or earlier meaning soon, in place of any that was arranged
   * before; undefined for none.
   */
  readonly at: (atMillis: number | undefined) => Effect.Effect<void>
}

/** The abstract layer over later hooks. */
export class WakeUp extends Context.Service<WakeUp, WakeUpShape>()(
  "@rollcall/juju-adapter/WakeUp"
) {
  /** No other hooks than Juju's own. */
  static readonly layerNone: Layer.Layer<WakeUp> = Layer.succeed(WakeUp, { at: () => Effect.void })
}

/** The name of the event; deployed libraries dispatch others of theirs. */
export const WAKE_EVENT = "rollcall-wake"

/** Hooks by juju-exec; what is wanted stands in a file of the charm's folder. */
export const jujuExecWakeUp: Layer.Layer<WakeUp, never, JujuContext> = Layer.effect(
  WakeUp,
  Effect.map(JujuContext, (context) => ({
    at: Effect.fnUntraced(function* (atMillis) {
      const nowMillis = yield* Clock.currentTimeMillis
      yield* Effect.tryPromise(() => arrange(context, atMillis, nowMillis)).pipe(
        Effect.catch((cause) => Effect.logWarning(`no wake-up could be arranged: ${cause.message}`))
      )
    })
  }))
)

const arrange = async (
  context: JujuContextShape,
  atMillis: number | undefined,
  nowMillis: number
): Promise<void> => {
  const file = join(context.charmDir, ".rollcall-wake")
  if (atMillis === undefined || atMillis - nowMillis > LONGEST_MILLIS) {
    return rm(file, { force: true })
  }
  const dueMillis = atMillis > nowMillis ? atMillis : nowMillis + SOON_MILLIS
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")
  const arranged = `${boot.trim()} ${dueMillis}`
  const before = await readFile(file, "utf8").catch(() => "")
  if (before.startsWith(`${arranged} `)) return
  const wanted = `${arranged} ${randomUUID()}`
  await writeFile(file, wanted, { mode: 0o600 })
  const seconds = String((dueMillis - nowMillis) / 1000)
  const script = `JUJU_DISPATCH_PATH=hooks/${WAKE_EVENT} '${context.charmDir}/dispatch'`
  const args = ["-c", SLEEPER, "rollcall-wake", seconds, file, wanted, context.unit, script]
  // it must not look like a part of this hook, or juju-exec refuses
  const child = spawn("/bin/sh", args, {
    cwd: context.charmDir,
    detached: true,
    stdio: "ignore",
    env: { PATH: `${process.env.PATH ?? ""}:/usr/bin:/bin`, JUJU_CHARM_DIR: context.charmDir }
  })
  child.on("error", () => undefined)
  child.unref()
}

/** What is due now mostly has an event of Juju's own, which comes sooner: then this one is not wanted any more. */
const SOON_MILLIS = 5_000
/** What is further away, update-status arranges for when it is near. */
const LONGEST_MILLIS = 3_600_000

/** Waits, looks, and calls; an agent that does not answer in ten minutes is left alone. */
const SLEEPER = `sleep "$1"
[ "$(cat "$2" 2>/dev/null)" = "$3" ] || exit 0
rm -f "$2"
exec timeout -k 10 600 juju-exec -u "$4" "$5"`
