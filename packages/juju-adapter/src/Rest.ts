// Juju runs update-status every few minutes, and on a host that is in its cluster nearly every one finds nothing to do.
// A unit is at rest when an update-status found all well, wrote nothing and asked the cluster nothing: until any other hook comes, which
// is how Juju tells of every change, the next ones end at once, without a hook command. For an hour, so that what only
// time brings about is found all the same. That a unit is at rest stands in its journal; nothing depends on it.
import { ClusterCli, type Entries, Journal, type StoreUnavailable } from "@rollcall/core"
import { Clock, Effect, Layer } from "effect"
import { HookCommand } from "./HookCommand.ts"
import { JujuContext } from "./JujuContext.ts"

/**
 * Runs `hook`, unless this is an update-status of a unit at rest: then undefined. `hook` is given what notes an act;
 * `isWell` tells of its result whether nothing is waited for.
 */
export const unlessAtRest = <A, E, R>(
  hook: (acted: () => void) => Effect.Effect<A, E, R>,
  isWell: (result: A) => boolean
): Effect.Effect<A | undefined, E | StoreUnavailable, R | HookCommand | JujuContext | Journal> =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const isPeriodic = (yield* JujuContext).event.name === "update-status"
    const nowMillis = yield* Clock.currentTimeMillis
    const since = Number((yield* journal.load).get(KEY) ?? Number.NaN)
    const isRecent = nowMillis >= since && nowMillis - since < REST_MILLIS
    if (isPeriodic && isRecent) return undefined
    if (!Number.isNaN(since)) yield* note(undefined)
    let acts = 0
    const commands = yield* HookCommand
    const watched = HookCommand.of({
      run: (tool, args, options) => {
        if (WRITES.has(tool)) acts += 1
        return commands.run(tool, args, options)
      }
    })
    const result = yield* hook(() => {
      acts += 1
    }).pipe(Effect.provideService(HookCommand, watched))
    if (isPeriodic && acts === 0 && isWell(result)) yield* note(nowMillis)
    return result
  })

/** `cluster`, whose every call is noted. */
export const noting = <E, R>(
  cluster: Layer.Layer<ClusterCli, E, R>,
  acted: () => void
): Layer.Layer<ClusterCli, E, R> =>
  Layer.effect(
    ClusterCli,
    Effect.map(ClusterCli, ({ add, bootstrap, join, list, remove }) => {
      const noted = <A, F>(call: Effect.Effect<A, F>) => Effect.andThen(Effect.sync(acted), call)
      return ClusterCli.of({
        add: (host) => noted(add(host)),
        bootstrap: (args) => noted(bootstrap(args)),
        join: (token, args) => noted(join(token, args)),
        list: noted(list),
        remove: (host, options) => noted(remove(host, options))
      })
    })
  ).pipe(Layer.provide(cluster))

const note = (sinceMillis: number | undefined) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const next = new Map<string, string>(yield* journal.load)
    if (sinceMillis === undefined) next.delete(KEY)
    else next.set(KEY, String(sinceMillis))
    yield* journal.save(next satisfies Entries)
  })

const KEY = "rest"
const REST_MILLIS = 3_600_000
const WRITES: ReadonlySet<string> = new Set([
  "relation-set",
  "state-set",
  "state-delete",
  "secret-add",
  "secret-set",
  "secret-remove",
  "secret-grant"
])
