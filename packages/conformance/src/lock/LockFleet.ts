// Participants of one lock over any world, each a machine with a journal, a clock of its own and a process that can die.
// Nothing happens by itself: a test, or a seed, moves them one call at a time; an operation that runs lets the others
// move meanwhile, so that two that overlap are seen to overlap.
// With `hooks` a call is what a Juju hook is: a new process each time, which sees what was there when it began, and whose
// writes are committed when it ends, or all lost.
import {
  fairPolicy,
  type GrantPolicy,
  Journal,
  type LockLimits,
  LockPolicy,
  noEntries,
  type OperationCall,
  type OperationResult,
  ParticipantId,
  type RequestOptions,
  RollingLock,
  type RollingLockOptions,
  type RollingLockShape,
  type RollOptions,
  Store,
  type StoreError,
  type StoreShape,
  type View,
  type Write
} from "@rollcall/core"
import { Clock, Context, Effect, Exit, Layer } from "effect"
import type { World } from "../World.ts"
import type { Asked, LockHappening } from "./LockHistory.ts"
import { clockOf, LOCK_KEY, type LockSeat, lockGroup } from "./LockSeat.ts"
import {
  hookStore,
  type LockPoint,
  markedOperations,
  type StoreFault,
  watchedLockJournal,
  watchedLockStore
} from "./LockSurroundings.ts"

/** What a fleet is made of, and what befalls it. */
export interface LockFleetParts {
  readonly world: World
  /** The side that all are on. */
  readonly side: string
  readonly hooks?: boolean
  readonly limits?: Partial<LockLimits>
  readonly policy?: GrantPolicy
  /** What else the composition sets; may change between two processes. */
  options?: Partial<RollingLockOptions>
  /** Called at every point where a process can die or others can act; may interrupt. */
  readonly at?: (who: LockSeat, point: LockPoint) => Effect.Effect<void>
  /** What the operation `restart` comes to. */
  readonly run?: (
    who: LockSeat,
    call: OperationCall
  ) => Effect.Effect<OperationResult, { readonly message: string }>
  /** How the store fails this step, if it does. */
  readonly fault?: (who: LockSeat) => StoreFault | undefined
  /** What a participant sees, where that is less than what is there. */
  readonly shows?: (who: LockSeat, view: View) => View
  /** Set where the journal goes with its process. */
  readonly amnesia?: boolean
  /** The lock under test, unless it is core's. */
  readonly lock?: (options: RollingLockOptions) => ReturnType<(typeof RollingLock)["layer"]>
}

/** Participants of one lock. */
export class LockFleet {
  readonly parts: LockFleetParts
  readonly seats: Array<LockSeat> = []
  readonly history: Array<LockHappening> = []
  nowMillis = 1_800_000_000_000
  /** Whether the trouble is over. */
  calm = false
  /** What the shared register says. */
  shared: string | undefined
  /** How many entries were ever written: registers and journals. */
  written = 0
  /** The n of the last request. */
  asked = 0
  #entered = 0

  /** A fleet with nobody in it. */
  constructor(parts: LockFleetParts) {
    this.parts = parts
  }

  /** Those that have not departed. */
  get present(): ReadonlyArray<LockSeat> {
    return this.seats.filter(({ gone }) => !gone)
  }

  /** A point at which a process can die. */
  at(seat: LockSeat, point: LockPoint): Effect.Effect<void> {
    return this.parts.at?.(seat, point) ?? Effect.void
  }

  /** One more participant. */
  enter = Effect.fnUntraced(
    { self: this },
    function* (
      this: LockFleet,
      more: { readonly group?: string; readonly skewMillis?: number; readonly drift?: number } = {}
    ) {
      const { side, world } = this.parts
      const id = ParticipantId.make(`${side}/${this.#entered++}`)
      yield* world.enter(id, side)
      const store = Context.get(yield* Effect.scoped(Layer.build(world.store(id))), Store)
      const { drift = 0, group, skewMillis = 0 } = more
      const journal = noEntries
      const fault = undefined
      const blank = {
        id,
        group,
        skewMillis,
        drift,
        journal,
        store,
        busy: false,
        gone: false,
        broken: false,
        fault
      }
      const seat = blank as unknown as LockSeat
      yield* this.boot(seat)
      this.seats.push(seat)
      return seat
    }
  )

  /** A new process on the seat's machine. */
  boot = Effect.fnUntraced(
    { self: this },
    function* (
      this: LockFleet,
      seat: LockSeat,
      store: StoreShape = watchedLockStore(this, seat, seat.store)
    ) {
      const { hooks = false, limits, lock = RollingLock.layer, options, policy } = this.parts
      if (this.parts.amnesia === true) seat.journal = noEntries
      const layer = lock({
        lock: "roll",
        operations: markedOperations(this, seat),
        commitsAtEnd: hooks,
        ...(limits === undefined ? {} : { limits }),
        ...(seat.group === undefined ? {} : { group: seat.group }),
        ...options
      }).pipe(
        Layer.provide(Layer.succeed(Store, store)),
        Layer.provide(Layer.succeed(Journal, watchedLockJournal(this, seat))),
        Layer.provide(Layer.succeed(LockPolicy, policy ?? fairPolicy))
      )
      const context = yield* Effect.orDie(Effect.scoped(Layer.build(layer)))
      seat.lock = Context.get(context, RollingLock)
    }
  )

  /** One call of the seat's process: a death ends the process and starts another. */
  call<A, E>(
    seat: LockSeat,
    effect: (lock: RollingLockShape) => Effect.Effect<A, E>
  ): Effect.Effect<Exit.Exit<A, E | StoreError>> {
    return Effect.gen({ self: this }, function* () {
      seat.busy = true
      seat.fault = undefined
      const called: Effect.Effect<A, E | StoreError> =
        this.parts.hooks === true ? this.#inHook(seat, effect) : effect(seat.lock)
      const clock = clockOf(seat, this)
      const exit = yield* Effect.exit(Effect.provideService(called, Clock.Clock, clock))
      seat.busy = false
      if (Exit.isSuccess(exit) && seat.fault !== undefined) {
        this.history.push({ _tag: "silent", who: seat.id, fault: seat.fault })
      }
      if (Exit.isFailure(exit) && !seat.gone) yield* this.boot(seat)
      return exit
    })
  }

  /** The whole call is one step of the world: what it writes is committed when it is over. */
  #inHook<A, E>(seat: LockSeat, effect: (lock: RollingLockShape) => Effect.Effect<A, E>) {
    const staged: Array<Write> = []
    const outer = watchedLockStore(this, seat, seat.store)
    return outer.step((view) =>
      Effect.gen({ self: this }, function* () {
        yield* this.boot(seat, hookStore(outer, view, staged))
        return [yield* effect(seat.lock), staged] as const
      })
    )
  }

  /** One step of the seat. */
  step(seat: LockSeat) {
    return this.call(seat, (lock) => lock.step)
  }

  /** Asks for one restart with arguments of its own. */
  ask = Effect.fnUntraced(
    { self: this },
    function* (
      this: LockFleet,
      seat: LockSeat,
      more: Omit<RequestOptions, "operation" | "arguments"> = {}
    ) {
      const n = ++this.asked
      const happening = { _tag: "asked" as const, who: seat.id, n, sure: false, ticket: 0 }
      this.history.push(happening)
      const options = { operation: "restart", arguments: { n }, ...more }
      const exit = yield* this.call(seat, (lock) => lock.request(options))
      // a request with a deadline may go unanswered
      happening.sure = exit._tag === "Success" && more.deadlineMillis === undefined
      if (exit._tag === "Success") happening.ticket = exit.value.ticket
      return n
    }
  )

  /** Orders one restart of many. */
  roll = Effect.fnUntraced(
    { self: this },
    function* (
      this: LockFleet,
      seat: LockSeat,
      more: Omit<RollOptions, "operation" | "arguments"> = {}
    ) {
      const n = ++this.asked
      const turns = new Map(
        this.present.map(({ id }): readonly [string, Asked] => [
          id,
          { _tag: "asked", who: id, n, sure: false, ticket: 0 }
        ])
      )
      this.history.push(...turns.values())
      // a register that is begun anew counts what was ordered before as lost
      const broken = new Set(this.present.flatMap((each) => (each.broken ? [each.id] : [])))
      const options = { operation: "restart", arguments: { n }, ...more }
      const exit = yield* this.call(seat, (lock) => lock.roll(options))
      if (Exit.isFailure(exit)) return exit
      const { participants, ticket } = exit.value
      participants.forEach((who, place) => {
        const turn = turns.get(who)
        if (turn === undefined) return
        turn.sure = !broken.has(who)
        turn.ticket = (ticket * 1_000 + place + 1) / 1_000
      })
      return exit
    }
  )

  /** Makes the seat leader of its side. */
  lead = Effect.fnUntraced({ self: this }, function* (this: LockFleet, seat: LockSeat) {
    yield* this.parts.world.electLeader(seat.id)
    this.history.push({ _tag: "leads", who: seat.id })
  })

  /** Takes the seat away for good. */
  depart = Effect.fnUntraced({ self: this }, function* (this: LockFleet, seat: LockSeat) {
    seat.gone = true
    yield* this.parts.world.depart(seat.id)
    this.history.push({ _tag: "departed", who: seat.id })
  })

  /** Writes what nobody can read into the seat's register. */
  corrupt = Effect.fnUntraced(
    { self: this },
    function* (this: LockFleet, seat: LockSeat, value: string) {
      this.history.push({ _tag: "corrupted", who: seat.id })
      seat.broken = true
      yield* Effect.orDie(this.write(seat, "own", value))
    }
  )

  /** Writes the lock's entry of the seat's own register, or of the shared one, as if nobody watched. */
  write(seat: LockSeat, place: "own" | "shared", value: string) {
    return seat.store.step((view) => {
      const group = lockGroup(view)?.id ?? ""
      return Effect.succeed([
        undefined,
        [{ place: { _tag: place, group } as const, key: LOCK_KEY, value }]
      ] as const)
    })
  }

  /** Loses all that the seat's machine remembered. */
  forget(seat: LockSeat): void {
    seat.journal = noEntries
    this.history.push({ _tag: "forgot", who: seat.id })
  }

  /** Records what a step committed. */
  committed(seat: LockSeat, view: View, writes: ReadonlyArray<Write>): void {
    this.written += writes.length
    if (writes.some(({ place }) => place._tag === "own")) seat.broken = false
    const shared = writes.findLast(({ key, place }) => place._tag === "shared" && key === LOCK_KEY)
    if (shared === undefined) return
    const before = lockGroup(view)?.shared?.get(LOCK_KEY)
    this.shared = shared.value
    this.history.push({ _tag: "committed", who: seat.id, view, before, shared: shared.value })
  }
}
