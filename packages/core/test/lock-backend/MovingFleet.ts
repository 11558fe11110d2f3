// Participants of one lock that may move, each a process that can die, stand still or be cut off from the leased backend;
// the peers' registers are one memory world. Nothing happens by itself: a test, or a seed, moves them.
import { Clock, Context, Effect, Layer, Scope, Stream } from "effect"
import {
  type BackendLimits,
  type Entries,
  fairPolicy,
  Journal,
  LockPolicy,
  MemoryWorld,
  MovingLock,
  movingLock,
  NotLeader,
  noEntries,
  type OperationCall,
  type OperationResult,
  type Operations,
  ParticipantId,
  RollingLock,
  type RollingLockShape,
  Store,
  type StoreShape
} from "../../src/index.ts"
import { type LeasedMachine, leasedLock } from "./LeasedLock.ts"
import { LeasedServer } from "./LeasedServer.ts"

/** What happened, in order. */
export type Event =
  | {
      readonly _tag: "asked"
      readonly who: string
      readonly n: number
      sure: boolean
      readonly most: number
    }
  | {
      readonly _tag: "start"
      readonly who: string
      readonly n: number
      readonly token: number
      readonly backend: string
    }
  | { readonly _tag: "end"; readonly who: string; readonly n: number; readonly result: string }
  | { readonly _tag: "told"; readonly who: string; readonly n: number; readonly outcome: string }
  | {
      readonly _tag: "cut" | "died" | "departed" | "stalled" | "lapsed"
      readonly who: string
      readonly point?: string
    }
  | { readonly _tag: "cancelled"; readonly who: string; readonly n: number }
  | { readonly _tag: "moved"; readonly who: string; readonly record: string }

/** The calls a fleet needs of a lock, be it one that moves or a naive one. */
export type SeatLock = Pick<RollingLockShape, "request" | "cancel" | "step" | "explain" | "status">

/** One participant's machine. */
export interface Seat extends LeasedMachine {
  journal: Entries
  busy: boolean
  gone: boolean
  stands: boolean
  runs: string | undefined
  lock: SeatLock & Partial<Context.Service.Shape<typeof MovingLock>>
}

/** What a fleet is made of, and what befalls it. */
export interface MovingFleetOptions {
  readonly policy?: Partial<BackendLimits>
  readonly at?: (seat: Seat, point: string) => Effect.Effect<void>
  readonly run?: (seat: Seat, call: OperationCall) => Effect.Effect<OperationResult>
  /** A lock in place of the one under test. */
  readonly naive?: (backends: {
    readonly seat: Seat
    readonly leased: Layer.Layer<RollingLock>
    readonly peers: Layer.Layer<RollingLock>
  }) => Effect.Effect<SeatLock>
}

/** The register key of the lock under test. */
export const KEY = "lock-backend.roll"

const GROUP = "peers:0"

export class MovingFleet {
  readonly world = new MemoryWorld([{ id: GROUP, sides: ["app"] }])
  readonly server = new LeasedServer()
  readonly seats: Array<Seat> = []
  readonly history: Array<Event> = []
  readonly options: MovingFleetOptions
  term = 0
  written = 0
  asked = 0
  moves = 0
  calm = false

  constructor(options: MovingFleetOptions = {}) {
    this.options = options
  }

  get present(): ReadonlyArray<Seat> {
    return this.seats.filter(({ gone }) => !gone)
  }

  enter = Effect.fnUntraced(function* (this: MovingFleet) {
    const id = ParticipantId.make(`app/${this.seats.length}`)
    const seat = {
      id,
      journal: noEntries,
      busy: false,
      gone: false,
      stands: false,
      runs: undefined,
      session: undefined,
      cut: false,
      tries: false,
      stalled: () => seat.stands,
      at: (point: string) => this.options.at?.(seat, point) ?? Effect.void,
      lost: () => {
        if (seat.runs !== "leased") return
        // a machine that stands still is cut when it wakes
        seat.cut = true
        if (!seat.stands) seat.runs = undefined
        this.history.push({ _tag: seat.stands ? "lapsed" : "cut", who: id })
      }
    } as unknown as Seat
    this.world.enter(id, "app")
    yield* this.boot(seat)
    this.seats.push(seat)
    return seat
  })

  /** A new process on the seat's machine. */
  boot = Effect.fnUntraced(function* (this: MovingFleet, seat: Seat) {
    if (seat.session !== undefined) seat.session.alive = false
    seat.session = undefined
    seat.cut = false
    seat.tries = false
    seat.runs = undefined
    seat.lock = yield* makeLock(this, seat)
  })

  /** One call of the seat's process: a death ends the process and starts another. */
  call = Effect.fnUntraced(function* <A, E>(
    this: MovingFleet,
    seat: Seat,
    effect: (lock: Seat["lock"]) => Effect.Effect<A, E>
  ) {
    seat.busy = true
    const clock = clockOf(this.server)
    const exit = yield* Effect.exit(Effect.provideService(effect(seat.lock), Clock.Clock, clock))
    seat.busy = false
    if (exit._tag === "Failure" && !seat.gone) yield* this.boot(seat)
    if (seat.gone && seat.session !== undefined) seat.session.alive = false
    return exit
  })

  step(seat: Seat) {
    return this.call(seat, (lock) => lock.step)
  }

  /** Everybody steps so often. */
  rounds = Effect.fnUntraced(function* (this: MovingFleet, times: number, millis = 0) {
    for (let i = 0; i < times; i++) {
      this.server.advance(millis)
      for (const seat of this.present) if (!seat.busy && !seat.stands) yield* this.step(seat)
    }
  })

  ask = Effect.fnUntraced(function* (this: MovingFleet, seat: Seat, maxRetries?: number) {
    const n = ++this.asked
    const most = maxRetries === undefined ? Number.POSITIVE_INFINITY : maxRetries + 1
    const asked = { _tag: "asked" as const, who: seat.id, n, sure: false, most }
    this.history.push(asked)
    const retries = maxRetries === undefined ? {} : { maxRetries }
    const exit = yield* this.call(seat, (lock) =>
      lock.request({ operation: "restart", arguments: { n }, ...retries })
    )
    asked.sure = exit._tag === "Success"
    return n
  })

  lead(seat: Seat): void {
    this.term++
    this.world.lead(seat.id)
  }

  depart(seat: Seat): void {
    seat.gone = true
    this.term++
    this.world.depart(seat.id)
    if (!seat.busy && seat.session !== undefined) seat.session.alive = false
    this.history.push({ _tag: "departed", who: seat.id })
  }

  /** Writes what nobody can read in place of the leader's record. */
  spoil(): void {
    const leader = this.world.leader("app")
    const place = { _tag: "shared", group: GROUP } as const
    if (leader !== undefined) this.world.commit(leader, [{ place, key: KEY, value: "{" }])
  }

  /** What the leader says to all. */
  record(): { backend: string; epoch: number; floor: number; moving?: { to: string } } | undefined {
    const [first] = this.present
    const text = first && this.world.view(first.id).groups[0]?.shared?.get(KEY)
    return text === undefined ? undefined : JSON.parse(text)
  }
}

/** The death of a process. */
export const die = (fleet: MovingFleet, seat: Seat, point: string): Effect.Effect<never> =>
  Effect.suspend(() => {
    seat.runs = undefined
    if (seat.session !== undefined) seat.session.alive = false
    fleet.history.push({ _tag: "died", who: seat.id, point })
    return Effect.interrupt
  })

const makeLock = Effect.fnUntraced(function* (fleet: MovingFleet, seat: Seat) {
  const at = (point: string) => fleet.options.at?.(seat, point) ?? Effect.void
  const journal = Journal.of({
    load: Effect.sync(() => seat.journal),
    save: (entries) =>
      Effect.gen(function* () {
        yield* at("before the journal")
        fleet.written++
        seat.journal = entries
        yield* at("after the journal")
      })
  })
  const store = Layer.succeed(Store, storeOf(fleet, seat, at))
  const leased = (operations: Operations) => leasedLock(fleet.server, seat, operations)
  const limits = { failures: Number.POSITIVE_INFINITY }
  const peers = (operations: Operations) =>
    RollingLock.layer({ lock: "roll", operations, limits }).pipe(
      Layer.provide(store),
      Layer.provide(Layer.succeed(LockPolicy, fairPolicy))
    )
  const memory = Layer.succeed(Journal, journal)
  if (fleet.options.naive !== undefined) {
    return yield* fleet.options.naive({
      seat,
      leased: leased(operationsOf(fleet, seat, "leased")),
      peers: Layer.orDie(peers(operationsOf(fleet, seat, "peers")).pipe(Layer.provide(memory)))
    })
  }
  const layer = movingLock({
    lock: "roll",
    limits,
    operations: operationsOf(fleet, seat, "moving"),
    preferred: { name: "leased", layer: leased },
    other: { name: "peers", layer: peers },
    ...fleet.options.policy
  }).pipe(Layer.provide(store), Layer.provide(memory))
  const scope = yield* Scope.make()
  const built = yield* Effect.orDie(Layer.buildWithScope(layer, scope)).pipe(
    Effect.provideService(Clock.Clock, clockOf(fleet.server))
  )
  return Context.get(built, MovingLock)
})

const operationsOf = (fleet: MovingFleet, seat: Seat, backend: string): Operations => ({
  restart: {
    refuses: () => undefined,
    run: (call) =>
      Effect.gen(function* () {
        const { n } = call.arguments as { readonly n: number }
        const where = backend === "moving" ? (seat.tries ? "leased" : "peers") : backend
        const { session } = seat
        if (where === "leased" && (session === undefined || fleet.server.isLapsed(session))) {
          // an adapter interrupts what it granted as soon as it cannot count on its lease
          seat.cut = true
          return yield* Effect.interrupt
        }
        fleet.history.push({ _tag: "start", who: seat.id, n, token: call.token, backend: where })
        seat.runs = where
        seat.cut = false
        yield* fleet.options.at?.(seat, "in the operation") ?? Effect.void
        if (seat.cut) {
          if (seat.runs !== undefined) fleet.history.push({ _tag: "cut", who: seat.id })
          seat.runs = undefined
          return yield* Effect.interrupt
        }
        const result = yield* fleet.options.run?.(seat, call) ?? Effect.succeed("release" as const)
        seat.runs = undefined
        fleet.history.push({ _tag: "end", who: seat.id, n, result })
        return result
      }),
    after: (call, { outcome }) =>
      Effect.sync(() => {
        const { n } = call.arguments as { readonly n: number }
        fleet.history.push({ _tag: "told", who: seat.id, n, outcome })
      })
  }
})

const storeOf = (
  fleet: MovingFleet,
  seat: Seat,
  at: (point: string) => Effect.Effect<void>
): StoreShape => ({
  self: seat.id,
  step: (body) =>
    Effect.gen(function* () {
      const { world } = fleet
      const { term } = fleet
      const [result, writes] = yield* body(world.view(seat.id))
      if (writes.length === 0) return result
      yield* at("before the commit")
      if (seat.gone) return yield* Effect.interrupt
      // a leader that lost its term since it looked is refused, also when it leads again (S6)
      const shares = writes.some(({ place }) => place._tag === "shared")
      if (shares && term !== fleet.term) {
        return yield* new NotLeader({ participant: seat.id, group: GROUP })
      }
      const refused = world.commit(seat.id, writes)
      if (refused !== undefined) return yield* refused
      fleet.written += writes.length
      const moved = writes.find(({ key, place }) => place._tag === "shared" && key === KEY)
      if (moved !== undefined) {
        fleet.history.push({ _tag: "moved", who: seat.id, record: moved.value ?? "" })
      }
      yield* at("after the commit")
      return result
    }),
  census: Effect.sync(() => fleet.world.census(seat.id)),
  changes: Stream.never
})

const clockOf = (server: LeasedServer): Clock.Clock => {
  const now = () => server.nowMillis
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    sleep: () => Effect.never
  }
}
