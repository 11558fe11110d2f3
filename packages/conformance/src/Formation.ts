// Mirrors and hosts over a world, driven until nobody has anything to do: what the suites and the simulation share.
// Whoever is woken runs one execution, in an order that the chance decides; an execution that fails or dies is run
// again, as a failed hook is. Nothing runs that was not woken, but for sweeps, which run everybody.
import {
  type Entries,
  HostName,
  Mirror,
  ParticipantId,
  Store,
  TokenIssuer,
  type View
} from "@rollcall/core"
import { Cause, Clock, Context, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { Chance } from "./Chance.ts"
import { Crash } from "./Crash.ts"
import { type Faults, noFaults } from "./Faults.ts"
import type { Decision, Happening, Machine, Recorded } from "./History.ts"
import type { Watch } from "./Observed.ts"
import type { Product } from "./Product.ts"
import { type Services, type Subject, servicesOf } from "./Subject.ts"
import type { Layout, World } from "./World.ts"

/** What a formation is made of. */
export interface FormationParts {
  readonly layout: Layout
  readonly world: World
  readonly product: Product
  readonly subject: Subject
  readonly chance: Chance
  /** Where the services end that have not ended before. */
  readonly scope: Scope.Scope
}

/** A host that takes part: its machine, and what its last step decided. */
export interface Host {
  readonly id: ParticipantId
  readonly machine: Machine
  readonly decision: Decision | undefined
}

interface Actor {
  readonly id: ParticipantId
  readonly machine: Machine | undefined
  readonly services: Context.Context<Services>
  readonly mirrors: boolean
  readonly scope: Scope.Closeable
}

/** A run: who takes part, what happened so far, and the moves that drive it. */
export class Formation {
  readonly parts: FormationParts
  readonly history: Array<Recorded> = []
  readonly decisions = new Map<ParticipantId, Decision>()
  /** The journals of all machines there ever were, by the machine's name. */
  readonly journals = new Map<string, Entries>()
  /** What goes wrong from now on. */
  faults: Faults = noFaults
  readonly #actors = new Map<ParticipantId, Actor>()
  readonly #due = new Set<ParticipantId>()
  #executions = 0

  /** A formation with nobody in it. */
  constructor(parts: FormationParts) {
    this.parts = parts
  }

  /** Those who take part now. */
  get present(): ReadonlyArray<ParticipantId> {
    return [...this.#actors.keys()]
  }

  /** The hosts among them, with their machines and what their last steps decided. */
  get hosts(): ReadonlyArray<Host> {
    return [...this.#actors.values()].flatMap(({ id, machine }) =>
      machine === undefined ? [] : [{ id, machine, decision: this.decisions.get(id) }]
    )
  }

  /** Lets a mirror in, in a two-sided layout. */
  readonly mirror = (name: string) => this.#enter(name, undefined)

  /** Lets a host in, on a machine of its own. In a one-sided layout it mirrors, too. */
  readonly host = (name: string, host: string) => {
    const id = ParticipantId.make(name)
    return this.#enter(name, { host: HostName.make(host), name: `${host}@${id}` })
  }

  /** Takes participants away, all of them before anybody hears of it; their machines stop. */
  readonly depart = Effect.fnUntraced(
    { self: this },
    function* (this: Formation, ...names: ReadonlyArray<string>) {
      for (const name of names) {
        const actor = this.#actors.get(ParticipantId.make(name))
        if (actor === undefined) continue
        this.#actors.delete(actor.id)
        this.#due.delete(actor.id)
        this.decisions.delete(actor.id)
        yield* Scope.close(actor.scope, Exit.void)
        if (actor.machine !== undefined) yield* this.parts.product.lose(actor.machine.name)
        yield* this.parts.world.depart(actor.id)
        yield* this.#record({ _tag: "Departed", participant: actor.id, ...machineOf(actor) })
      }
    }
  )

  /** Makes a participant the leader of its side. */
  readonly elect = (name: string) => {
    const participant = ParticipantId.make(name)
    return Effect.andThen(
      this.#record({ _tag: "Elected", participant }),
      this.parts.world.electLeader(participant)
    )
  }

  /** Runs `use` with the services of one participant; nothing goes wrong in it. */
  readonly as = <A, E>(name: string, use: Effect.Effect<A, E, Services>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const actor = this.#actors.get(ParticipantId.make(name))
      if (actor === undefined) return Effect.die(new Error(`${name} does not take part`))
      const { faults } = this
      this.faults = noFaults
      return Effect.provideContext(use, actor.services).pipe(
        Effect.ensuring(Effect.sync(() => (this.faults = faults)))
      )
    })

  /** Runs whoever is woken until nobody is; where nothing goes wrong, that has to come to an end. */
  readonly run = Effect.fnUntraced({ self: this }, function* (this: Formation) {
    const limit = this.#executions + 200 + 60 * this.#actors.size
    while (this.#executions < limit) if ((yield* this.next) === undefined) return
    if (this.faults !== noFaults) return
    return yield* Effect.die(new Error("it does not come to rest"))
  })

  /** Everybody runs once and cleans up, and then whoever that wakes. */
  readonly sweep = Effect.fnUntraced({ self: this }, function* (this: Formation) {
    const left = [...this.#actors.keys()]
    while (left.length > 0) {
      const [id] = left.splice(this.parts.chance.below(left.length), 1)
      if (id !== undefined) yield* this.execute(id, true)
    }
    yield* this.run()
  })

  /** Lets time pass and sweeps, `rounds` times over; five minutes a round, as Juju's update-status does. */
  readonly passTime = Effect.fnUntraced(
    { self: this },
    function* (this: Formation, rounds: number, until: () => boolean = () => false) {
      for (let round = 0; round < rounds && !until(); round++) {
        yield* TestClock.adjust("5 minutes")
        yield* this.sweep()
      }
    }
  )

  /** Runs one execution of whoever is woken; nobody where nobody is. */
  readonly next: Effect.Effect<ParticipantId | undefined> = Effect.suspend(() => this.#next())

  /** What every participant sees now. */
  readonly views: Effect.Effect<ReadonlyArray<View>> = Effect.suspend(() =>
    Effect.forEach([...this.#actors.values()], ({ services }) =>
      Context.get(services, Store)
        .step((view) => Effect.succeed([view, []] as const))
        .pipe(Effect.orDie)
    )
  )

  readonly #next = Effect.fnUntraced({ self: this }, function* (this: Formation) {
    for (const id of yield* this.parts.world.settle) {
      if (this.#actors.has(id)) this.#due.add(id)
    }
    if (this.#due.size === 0) return undefined
    const id = this.parts.chance.pick([...this.#due])
    yield* this.execute(id)
    return id
  })

  /** Runs one execution of a participant, woken or not. */
  readonly execute = Effect.fnUntraced(
    { self: this },
    function* (this: Formation, id: ParticipantId, sweep = false) {
      const actor = this.#actors.get(id)
      if (actor === undefined) return
      this.#executions++
      this.#due.delete(id)
      const work = Effect.gen({ self: this }, function* () {
        if (actor.machine !== undefined) yield* this.#decide(id, yield* issuerStep(sweep))
        if (actor.mirrors) yield* this.#decide(id, yield* mirrorStep(sweep))
      })
      const exit = yield* Effect.exit(Effect.provideContext(work, actor.services))
      if (Exit.isSuccess(exit)) return
      this.#due.add(id)
      const { reasons } = exit.cause
      const dead = reasons.every((each) => each._tag === "Die" && each.defect instanceof Crash)
      const cause = dead ? "killed" : Cause.pretty(exit.cause)
      if (dead) yield* this.#start(actor)
      yield* this.#record({ _tag: "Stopped", participant: id, cause })
    }
  )

  readonly #decide = (participant: ParticipantId, decision: Decision) => {
    // a mirror that hosts live on decides twice in a row; what its host waits for is what counts
    if (decision._tag !== "Leading" && decision._tag !== "Standby") {
      this.decisions.set(participant, decision)
    }
    return this.#record({ _tag: "Decided", participant, decision })
  }

  readonly #enter = Effect.fnUntraced(
    { self: this },
    function* (this: Formation, name: string, machine: Machine | undefined) {
      const { layout, world } = this.parts
      const id = ParticipantId.make(name)
      const mirrors = machine === undefined || layout.name === "one-sided"
      yield* world.enter(id, sideOf(name))
      yield* this.#record({ _tag: "Entered", participant: id, ...(machine ? { machine } : {}) })
      yield* this.#start({ id, machine, mirrors })
      this.#due.add(id)
    }
  )

  /** Starts a participant's process, after the end of the one before it; what is in the journal is kept. */
  readonly #start = Effect.fnUntraced(
    { self: this },
    function* (this: Formation, { id, machine, mirrors }: Omit<Actor, "scope" | "services">) {
      const before = this.#actors.get(id)
      if (before !== undefined) yield* Scope.close(before.scope, Exit.void)
      const scope = yield* Scope.fork(this.parts.scope)
      const services = yield* Layer.build(this.#services(id, machine)).pipe(Scope.provide(scope))
      this.#actors.set(id, { id, machine, mirrors, scope, services })
    }
  )

  #depose(participant: ParticipantId): Effect.Effect<void> {
    const side = sideOf(participant)
    const others = this.present.filter((id) => id !== participant && sideOf(id) === side)
    return others.length === 0 ? Effect.void : this.elect(this.parts.chance.pick(others))
  }

  #services(participant: ParticipantId, machine: Machine | undefined): Layer.Layer<Services> {
    const watch: Watch = {
      participant,
      faults: () => this.faults,
      record: this.#record,
      depose: Effect.suspend(() => this.#depose(participant))
    }
    return servicesOf(this.parts, watch, machine, this.journals)
  }

  readonly #record = (happening: Happening): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (atMillis) => {
      this.history.push({ ...happening, atMillis })
    })
}

const sideOf = (name: string): string => name.slice(0, name.indexOf("/"))

const issuerStep = (sweep: boolean) => Effect.flatMap(TokenIssuer, (each) => each.step({ sweep }))
const mirrorStep = (sweep: boolean) => Effect.flatMap(Mirror, (each) => each.step({ sweep }))

const machineOf = ({ machine }: Actor) => (machine === undefined ? {} : { machine })
