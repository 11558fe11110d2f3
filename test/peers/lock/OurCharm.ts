// A charm of ours with nothing but a rolling lock, beside the deployed ones: the same action, the same operations, the
// same lines in the same file.
import { appendFileSync } from "node:fs"
import { Clock, Effect, Layer, Schema } from "effect"
import {
  type Entries,
  Journal,
  type OperationResult,
  plainOperation,
  RollingLock
} from "../../../packages/core/src/index.ts"
import {
  actionParameters,
  HookCommand,
  JujuContext,
  jujuLockDialect,
  jujuPeerStore,
  type LockDialectName,
  type RunHookCommand
} from "../../../packages/juju-adapter/src/index.ts"

/** How the charm is made. */
export interface OurCharmOptions {
  readonly dialect: LockDialectName
  /** Where beginnings and ends are written. */
  readonly runs: string
  /** How long an operation takes. */
  readonly seconds: number
  /** Each unit's journal: what its machine remembers. */
  readonly journals: Map<string, Entries>
  /** How far a unit's clock is ahead. */
  readonly skewMillis?: (unit: string) => number
}

/** The charm as a function of one hook. */
export const ourCharm =
  (options: OurCharmOptions) =>
  async (hook: {
    readonly env: Readonly<Record<string, string>>
    readonly run: RunHookCommand
  }): Promise<number> => {
    const unit = hook.env.JUJU_UNIT_NAME ?? ""
    const lock = RollingLock.layer({
      lock: "restart",
      operations: operationsOf(unit, options),
      dialect: jujuLockDialect(options.dialect, { lock: "restart" }),
      commitsAtEnd: true,
      limits: { backoff: { baseMillis: 0, capMillis: 0 } }
    })
    const context = Layer.merge(HookCommand.layerWith(hook.run), JujuContext.layer(hook.env))
    const parts = lock.pipe(
      Layer.provide(jujuPeerStore("restart")),
      Layer.provide(journalOf(unit, options)),
      Layer.provideMerge(context)
    )
    return Effect.runPromise(
      Effect.as(dispatch, 0).pipe(
        Effect.provide(parts),
        Effect.provideService(Clock.Clock, ahead(options.skewMillis?.(unit) ?? 0))
      )
    )
  }

const dispatch = Effect.gen(function* () {
  const { event } = yield* JujuContext
  const lock = yield* RollingLock
  if (event.name === "stop" || event.name === "remove") return
  if (event.action !== undefined) {
    const { "max-retry": maxRetries, kwargs = "{}", operation } = yield* actionParameters(Asked)
    const args = JSON.parse(kwargs) as Record<string, unknown>
    const more = maxRetries === undefined ? {} : { maxRetries }
    yield* lock.request({ operation, arguments: args, ...more })
  }
  yield* lock.step
})

const Asked = Schema.Struct({
  operation: Schema.String,
  kwargs: Schema.optionalKey(Schema.String),
  "max-retry": Schema.optionalKey(Schema.Int)
})

const operationsOf = (unit: string, { runs, seconds }: OurCharmOptions) => {
  const run = (operation: string, first: OperationResult) =>
    plainOperation(({ attempt }) =>
      Effect.gen(function* () {
        appendFileSync(runs, `begin ${unit} ${operation}\n`)
        yield* Effect.promise(() => new Promise((done) => setTimeout(done, seconds * 1000)))
        appendFileSync(runs, `end ${unit} ${operation}\n`)
        return attempt === 0 ? first : "release"
      })
    )
  return {
    restart: run("restart", "release"),
    again: run("again", "retry-release"),
    hold: run("hold", "retry-hold")
  }
}

const journalOf = (unit: string, { journals }: OurCharmOptions) =>
  Layer.succeed(
    Journal,
    Journal.of({
      load: Effect.sync(() => journals.get(unit) ?? new Map()),
      save: (entries) => Effect.sync(() => void journals.set(unit, entries))
    })
  )

/** The machine's clock, set wrong. */
const ahead = (millis: number): Clock.Clock => {
  const now = () => Date.now() + millis
  const nanos = () => BigInt(now()) * 1_000_000n
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => process.hrtime.bigint(),
    monotonicTimeNanos: Effect.sync(() => process.hrtime.bigint()),
    sleep: () => Effect.never
  }
}
