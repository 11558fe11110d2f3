// Participants of one lock over one memory world, each a process that can die at any point, with its own clock and
// journal. Nothing happens by itself: a test, or a seed, moves them one step at a time; an operation that runs lets the
// others move meanwhile, so that two that overlap are seen to overlap.
import { Clock, Context, Effect, Layer, Queue, Random, Stream } from "effect"
import {
  type Entries,
  fairPolicy,
  type GrantPolicy,
  Journal,
  type LockLimits,
  LockPolicy,
  MemoryWorld,
  NotLeader,
  noEntries,
  type OperationCall,
  type OperationResult,
  type Outcome,
  ParticipantId,
  RollingLock,
  type RollingLockOptions,
  type RollingLockShape,
  Store,
  type StoreShape,
  type View,
  type Write
} from "../../src/index.ts"
import type { Happening } from "./Happening.ts"

/** What a fleet is made of, and what befalls it. */
export interface FleetOptions {
  readonly limits?: Partial<LockLimits>
  readonly policy?: GrantPolicy
  options?: Partial<RollingLockOptions>
  /** Called at every point where a process can die or others can act; may interrupt. */
  readonly at?: (who: Seat, point: string) => Effect.Effect<void>
  /** What the operation `restart` comes to. */
  readonly run?: (who: Seat, call: OperationCall) => Effect.Effect<OperationResult, Error>
  readonly store?: Saboteur
  /** Set where the journal loses what it was given. */
  readonly amnesia?: boolean
  readonly seed?: number
}

/** A store that breaks a promise of an honest one. */
export type Saboteur = (fleet: Fleet, seat: Seat, honest: StoreShape) => StoreShape

/** One participant's machine. */
export interface Seat {
  readonly id: ParticipantId
  readonly group: string | undefined
  skewMillis: number
  journal: Entries
  /** Whether a call of its process is under way. */
  busy: boolean
  gone: boolean
  lock: RollingLockShape
}

/** The register key of the lock under test. */
export const KEY = "rolling-lock.roll"

/** The group in which it lives. */
export const GROUP = "peers:0"

export class Fleet {
  readonly world = new MemoryWorld([{ id: GROUP, sides: ["app"] }])
  readonly seats: Array<Seat> = []
  readonly history: Array<Happening> = []
  readonly parts: FleetOptions
  nowMillis = 1_800_000_000_000
  term = 0
  /** Whether the trouble is over. */
  calm = false
  /** What the shared register says. */
  shared: string | undefined
  /** How many entries were ever written: registers and journals. */
  written = 0
  /** The n of every request's arguments. */
  asked = 0

  constructor(parts: FleetOptions = {}) {
    this.parts = parts
  }

  get present(): ReadonlyArray<Seat> {
    return this.seats.filter(({ gone }) => !gone)
  }

  /** One more participant. */
  enter = Effect.fnUntraced(function* (
    this: Fleet,
    { group, skewMillis = 0 }: { readonly group?: string; readonly skewMillis?: number } = {}
  ) {
    const id = ParticipantId.make(`app/${this.seats.length}`)
    const seat = {
      id,
      group,
      skewMillis,
      journal: noEntries,
      busy: false,
      gone: false
    } as unknown as Seat
    this.world.enter(id, "app")
    yield* this.boot(seat)
    this.seats.push(seat)
    return seat
  })

  /** A new process on the seat's machine. */
  boot = Effect.fnUntraced(function* (this: Fleet, seat: Seat) {
    seat.lock = yield* Effect.orDie(makeLock(this, seat))
  })

  /** One call of the seat's process: a death ends the process and starts another. */
  call = Effect.fnUntraced(function* <A, E>(
    this: Fleet,
    seat: Seat,
    effect: (lock: RollingLockShape) => Effect.Effect<A, E>
  ) {
    seat.busy = true
    const clock = clockOf(this, seat)
    const exit = yield* Effect.exit(Effect.provideService(effect(seat.lock), Clock.Clock, clock))
    seat.busy = false
    if (exit._tag === "Failure" && !seat.gone) yield* this.boot(seat)
    return exit
  })

  step(seat: Seat) {
    return this.call(seat, (lock) => lock.step)
  }

  /** Asks for one restart with arguments of its own. */
  ask = Effect.fnUntraced(function* (
    this: Fleet,
    seat: Seat,
    more: {
      readonly maxRetries?: number
      readonly priority?: number
      readonly permits?: number
      readonly deadlineMillis?: number
    } = {}
  ) {
    const n = ++this.asked
    const happening = { _tag: "asked" as const, who: seat.id, n, sure: false, ticket: 0 }
    this.history.push(happening)
    const exit = yield* this.call(seat, (lock) =>
      lock.request({ operation: "restart", arguments: { n }, ...more })
    )
    // a request with a deadline may go unanswered
    happening.sure = exit._tag === "Success" && more.deadlineMillis === undefined
    if (exit._tag === "Success") happening.ticket = exit.value.ticket
    return n
  })

  lead(seat: Seat): void {
    this.term++
    this.world.lead(seat.id)
    this.history.push({ _tag: "leads", who: seat.id })
  }

  depart(seat: Seat): void {
    seat.gone = true
    this.term++
    this.world.depart(seat.id)
    this.history.push({ _tag: "departed", who: seat.id })
  }

  /** Writes what nobody can read into the seat's register. */
  corrupt(seat: Seat, text: string): void {
    this.history.push({ _tag: "corrupted", who: seat.id })
    this.world.commit(seat.id, [{ place: { _tag: "own", group: GROUP }, key: KEY, value: text }])
  }

  forget(seat: Seat): void {
    seat.journal = noEntries
    this.history.push({ _tag: "forgot", who: seat.id })
  }

  /** What a seat's own register says. */
  own(seat: Seat): string | undefined {
    return this.world.view(seat.id).groups[0]?.own.get(KEY)
  }
}

/** The death of a process. */
export const die = (fleet: Fleet, seat: Seat, point: string): Effect.Effect<never> =>
  Effect.suspend(() => {
    fleet.history.push({ _tag: "died", who: seat.id, point })
    return Effect.interrupt
  })

const makeLock = Effect.fnUntraced(function* (fleet: Fleet, seat: Seat) {
  const {
    at = () => Effect.void,
    limits,
    options,
    policy,
    run = () => Effect.succeed("release"),
    seed
  } = fleet.parts
  const honest = storeOf(fleet, seat, at)
  const store = fleet.parts.store?.(fleet, seat, honest) ?? honest
  const journal = Journal.of({
    load: Effect.sync(() => seat.journal),
    save: (entries) =>
      Effect.gen(function* () {
        yield* at(seat, "before the journal")
        fleet.written++
        if (fleet.parts.amnesia !== true) seat.journal = entries
        yield* at(seat, "after the journal")
      })
  })
  const restart = Effect.fnUntraced(function* (call: OperationCall) {
    const { n } = call.arguments as { readonly n: number }
    fleet.history.push({ _tag: "start", who: seat.id, n, token: call.token, group: seat.group })
    yield* at(seat, "in the operation")
    const exit = yield* Effect.exit(run(seat, call) as Effect.Effect<OperationResult, Error>)
    const result = exit._tag === "Success" ? exit.value : "thrown"
    fleet.history.push({ _tag: "end", who: seat.id, n, result })
    return yield* exit
  })
  const after = (call: OperationCall, { outcome }: Outcome) =>
    Effect.sync(() => {
      const { n } = call.arguments as { readonly n: number }
      fleet.history.push({ _tag: "told", who: seat.id, n, outcome })
    })
  const layer = RollingLock.layer({
    lock: "roll",
    operations: { restart: { refuses: () => undefined, run: restart, after } },
    ...(limits === undefined ? {} : { limits }),
    ...(seat.group === undefined ? {} : { group: seat.group }),
    ...options
  }).pipe(
    Layer.provide(Layer.succeed(Store, store)),
    Layer.provide(Layer.succeed(Journal, journal)),
    Layer.provide(Layer.succeed(LockPolicy, policy ?? fairPolicy))
  )
  const context = yield* Effect.scoped(Layer.build(layer))
  const lock = Context.get(context, RollingLock)
  return seed === undefined ? lock : { ...lock, step: Random.withSeed(lock.step, seed) }
})

const storeOf = (fleet: Fleet, seat: Seat, at: NonNullable<FleetOptions["at"]>): StoreShape => ({
  self: seat.id,
  step: (body) =>
    Effect.gen(function* () {
      const { world } = fleet
      const view = world.view(seat.id)
      const { term } = fleet
      const [result, writes] = yield* body(view)
      if (writes.length > 0) yield* at(seat, "before the commit")
      if (seat.gone) return yield* Effect.interrupt
      yield* commit(fleet, seat, view, writes, term)
      if (writes.length > 0) yield* at(seat, "after the commit")
      return result
    }),
  census: Effect.sync(() => fleet.world.census(seat.id)),
  changes: Stream.callback<void>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => fleet.world.onWake(seat.id, () => Queue.offerUnsafe(queue, undefined))),
      (stop) => Effect.sync(stop)
    )
  )
})

/** A leader that lost its term since it looked is refused, also when it leads again (S6). */
const commit = Effect.fnUntraced(function* (
  fleet: Fleet,
  seat: Seat,
  view: View,
  writes: ReadonlyArray<Write>,
  term: number
) {
  const shares = writes.some(({ place }) => place._tag === "shared")
  if (shares && term !== fleet.term) {
    return yield* new NotLeader({ participant: seat.id, group: GROUP })
  }
  const { shared: before } = fleet
  const refused = fleet.world.commit(seat.id, writes)
  if (refused !== undefined) return yield* refused
  fleet.written += writes.length
  if (!shares) return
  fleet.shared = writes.find(({ place }) => place._tag === "shared")?.value
  fleet.history.push({ _tag: "committed", who: seat.id, view, before, shared: fleet.shared })
})

const clockOf = (fleet: Fleet, seat: Seat): Clock.Clock => {
  const now = () => fleet.nowMillis + seat.skewMillis
  return {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(fleet.nowMillis) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(fleet.nowMillis) * 1_000_000n),
    sleep: () => Effect.never
  }
}
