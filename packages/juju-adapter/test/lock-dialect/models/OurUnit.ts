// A unit of ours in an application of models: the lock itself, over the hook it is in.
import {
  type Entries,
  Journal,
  type LockDialect,
  type LockLimits,
  NotLeader,
  noEntries,
  type OperationCall,
  type OperationResult,
  ParticipantId,
  plainOperation,
  RollingLock,
  type RollingLockShape,
  Store,
  type Write
} from "@rollcall/core"
import { Clock, Effect, Layer, Stream } from "effect"
import type { Hook, UnitProgram } from "./Application.ts"

/** How a unit of ours is made. */
export interface OurUnitOptions {
  readonly dialect: LockDialect
  readonly limits?: Partial<LockLimits>
  /** What the operations come to. */
  readonly callbacks: Readonly<Record<string, (call: OperationCall, hook: Hook) => OperationResult>>
  /** Who is there, for the leader; everybody in the hook unless set. */
  readonly siblings?: (hook: Hook) => ReadonlyArray<string>
}

/** A unit of ours; its journal is its machine's, and outlives hooks that fail. */
export const ourUnit = (options: OurUnitOptions): UnitProgram & OurCalls => {
  let journal: Entries = noEntries
  const call = <A, E>(hook: Hook, use: (lock: RollingLockShape) => Effect.Effect<A, E>) => {
    const stores = Layer.merge(
      Layer.succeed(Store, storeOf(hook, options)),
      Layer.succeed(Journal, {
        load: Effect.sync(() => journal),
        save: (entries) =>
          Effect.sync(() => {
            journal = entries
          })
      })
    )
    const operations = Object.fromEntries(
      Object.entries(options.callbacks).map(([name, callback]) => [
        name,
        plainOperation((each) =>
          Effect.sync(() => {
            hook.ran(name, each.token)
            return callback(each, hook)
          })
        )
      ])
    )
    const lock = RollingLock.layer({
      lock: "restart",
      operations,
      dialect: options.dialect,
      commitsAtEnd: true,
      limits: { backoff: { baseMillis: 0, capMillis: 0 }, ...options.limits }
    })
    return Effect.flatMap(RollingLock, use).pipe(
      Effect.provide(Layer.provide(lock, stores)),
      Effect.provideService(Clock.Clock, clockOf(hook)),
      Effect.runPromise
    )
  }
  return {
    call,
    hook: (hook) => call(hook, ({ step }) => Effect.asVoid(step)),
    request: (hook, { kwargs = {}, ...asked }) =>
      call(hook, ({ request, step }) =>
        Effect.andThen(request({ ...asked, arguments: kwargs }), Effect.asVoid(step))
      )
  }
}

/** The lock's own calls, in a hook. */
export interface OurCalls {
  readonly call: <A, E>(
    hook: Hook,
    use: (lock: RollingLockShape) => Effect.Effect<A, E>
  ) => Promise<A>
}

const storeOf = (hook: Hook, { siblings }: OurUnitOptions): Store["Service"] => ({
  self: ParticipantId.make(hook.unit),
  step: (body) =>
    Effect.gen(function* () {
      const group = {
        id: "restart:0",
        symmetric: true,
        own: new Map(hook.own),
        peers: new Map([...hook.peers].map(([unit, bag]) => [ParticipantId.make(unit), bag])),
        shared: new Map(hook.app),
        counterpart: noEntries,
        counterpartName: "restart:0"
      }
      const view = {
        self: ParticipantId.make(hook.unit),
        side: "app",
        leader: hook.leader,
        groups: [group],
        council: undefined,
        private: noEntries
      }
      const [result, writes] = yield* body(view)
      if (writes.some(({ place }) => place._tag === "shared") && !hook.leader) {
        return yield* new NotLeader({ participant: hook.unit, group: group.id })
      }
      for (const write of writes) stage(hook, write)
      return result
    }),
  census: Effect.sync(() => ({
    siblings: new Set(
      (siblings?.(hook) ?? [hook.unit, ...hook.peers.keys()]).map((each) =>
        ParticipantId.make(each)
      )
    ),
    counterparts: new Map()
  })),
  changes: Stream.empty
})

const stage = (hook: Hook, { key, place, value = "" }: Write): void => {
  const bag = place._tag === "shared" ? hook.app : hook.own
  if (value === "") bag.delete(key)
  else bag.set(key, value)
}

const clockOf = (hook: Hook): Clock.Clock => {
  const millis = () => Math.floor(hook.now() / 1000)
  const nanos = () => BigInt(hook.now()) * 1000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: () => Effect.never
  }
}
