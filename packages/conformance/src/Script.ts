// Who comes and goes in a simulated life, and what is done to them. Every move is possible at any time.
import { Mirror, type ParticipantId, PLACEHOLDER, TokenIssuer } from "@rollcall/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Chance } from "./Chance.ts"
import { clearShared, corruptRegister } from "./Corruption.ts"
import { membersAtEnd } from "./checkers/Members.ts"
import type { Formation } from "./Formation.ts"

/** The moves of one life. */
export class Script {
  readonly #formation: Formation
  readonly #chance: Chance
  readonly #losesLedger: boolean
  readonly #serials = new Map<string, number>()
  /** Host names whose machines are still to come. */
  readonly #late: Array<string> = []
  #hosts = 0

  /** A script for a formation with nobody in it. */
  constructor(formation: Formation, chance: Chance, losesLedger: boolean) {
    this.#losesLedger = losesLedger
    this.#formation = formation
    this.#chance = chance
  }

  /** The first ones come; others are announced and will come late, or are not even announced. */
  readonly open = Effect.suspend(() => this.#open())

  /** Something happens. */
  readonly move = Effect.suspend(() => {
    const moves = [
      this.#elect,
      this.#elect,
      this.#arrive,
      this.#arrive,
      this.#arrive,
      this.#departHost,
      this.#leave,
      this.#publish,
      this.#redeploy,
      this.#namesake,
      this.#departMirror,
      this.#departAllMirrors,
      this.#wait,
      this.#corrupt
    ]
    return this.#chance.pick(moves)()
  })

  /** Everybody that is still to come comes, and there is a mirror and a host. */
  readonly close = Effect.suspend(() => this.#close())

  readonly #open = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const hosts = 1 + this.#chance.below(6)
    for (let i = 0; i < hosts; i++) this.#late.push(`host-${this.#hosts++}`)
    yield* this.#ensureMirror()
    if (this.#chance.happens(0.5)) yield* this.#enterMirror()
    const punctual = this.#chance.below(hosts + 1)
    for (let i = 0; i < punctual; i++) yield* this.#arrive()
  })

  readonly #close = Effect.fnUntraced({ self: this }, function* (this: Script) {
    yield* this.#ensureMirror()
    while (this.#late.length > 0) yield* this.#arrive()
    if (this.#machines().length === 0) {
      this.#late.push(`host-${this.#hosts++}`)
      yield* this.#arrive()
    }
  })

  readonly #arrive = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const host = this.#late.shift()
    if (host === undefined) return
    const side = this.#chance.pick(this.#formation.parts.layout.hostSides)
    yield* this.#formation.host(this.#nextOf(side), host)
  })

  readonly #elect = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const all = this.#formation.present
    if (all.length > 0) yield* this.#formation.elect(this.#chance.pick(all))
  })

  readonly #departHost = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const machines = this.#machines()
    if (machines.length > 1) yield* this.#formation.depart(this.#chance.pick(machines).id)
  })

  /** A host leaves as it should: out of the cluster first. */
  readonly #leave = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const machines = this.#machines()
    if (machines.length < 2) return
    const { id } = this.#chance.pick(machines)
    yield* this.#formation
      .as(
        id,
        Effect.flatMap(TokenIssuer, ({ leave }) => leave)
      )
      .pipe(Effect.orDie)
    yield* this.#formation.depart(id)
  })

  readonly #publish = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const fact = { [`fact-${this.#chance.below(3)}`]: this.#chance.pick(["a", "b", PLACEHOLDER]) }
    const publish = Effect.flatMap(Mirror, (mirror) => mirror.publish(fact))
    const machines = this.#machines()
    if (machines.length === 0) return
    yield* this.#formation.as(this.#chance.pick(machines).id, publish).pipe(Effect.orDie)
  })

  /** A machine is lost, and another one of its name takes its place, now or later. */
  readonly #redeploy = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const machines = this.#machines()
    if (machines.length === 0) return
    const { host, id } = this.#chance.pick(machines)
    yield* this.#formation.depart(id)
    this.#late.unshift(host)
    if (this.#chance.happens(0.5)) yield* this.#arrive()
  })

  /** A second machine announces a name that another one has. */
  readonly #namesake = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const machines = this.#machines()
    if (machines.length === 0 || this.#hosts > 8) return
    this.#late.unshift(this.#chance.pick(machines).host)
    this.#hosts++
    yield* this.#arrive()
  })

  readonly #departMirror = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const mirrors = this.#mirrors()
    if (mirrors.length === 0) return
    yield* this.#formation.depart(this.#chance.pick(mirrors))
    if (this.#chance.happens(0.7)) yield* this.#ensureMirror()
  })

  /**
   * All mirrors are lost at once, and where the life has that, what their side had shared is lost with them; not while a
   * host is a member that has not said so: then only the ledger knows (T3).
   */
  readonly #departAllMirrors = Effect.fnUntraced({ self: this }, function* (this: Script) {
    yield* this.#formation.depart(...this.#mirrors())
    const loses = this.#losesLedger && this.#everyMemberSaysSo()
    if (!loses && this.#chance.happens(0.5)) return
    yield* this.#ensureMirror()
    const [mirror] = this.#mirrors()
    if (loses && mirror !== undefined) yield* this.#formation.as(mirror, clearShared)
  })

  readonly #wait = Effect.fnUntraced({ self: this }, function* (this: Script) {
    yield* TestClock.adjust(this.#chance.pick(["10 seconds", "5 minutes", "1 hour"]))
    if (this.#chance.happens(0.5)) yield* this.#formation.sweep()
  })

  readonly #corrupt = Effect.fnUntraced({ self: this }, function* (this: Script) {
    const all = this.#formation.present
    if (all.length === 0) return
    yield* this.#formation.as(this.#chance.pick(all), corruptRegister(this.#chance))
  })

  readonly #ensureMirror = Effect.fnUntraced({ self: this }, function* (this: Script) {
    if (this.#formation.parts.layout.name === "two-sided" && this.#mirrors().length === 0) {
      yield* this.#enterMirror()
    }
  })

  #enterMirror(): Effect.Effect<void> {
    const { layout } = this.#formation.parts
    if (layout.name === "one-sided") return Effect.void
    return this.#formation.mirror(this.#nextOf(layout.mirrorSide))
  }

  #everyMemberSaysSo(): boolean {
    const { history, hosts } = this.#formation
    const members = membersAtEnd(history)
    return hosts.every(({ decision, machine }) =>
      members.every(({ name }) => name !== machine.name || decision?._tag === "Member")
    )
  }

  #machines(): ReadonlyArray<{ readonly id: ParticipantId; readonly host: string }> {
    return this.#formation.hosts.map(({ id, machine }) => ({ id, host: machine.host }))
  }

  #mirrors(): ReadonlyArray<ParticipantId> {
    const hosts = new Set(this.#formation.hosts.map(({ id }) => id))
    return this.#formation.present.filter((id) => !hosts.has(id))
  }

  #nextOf(side: string): string {
    const serial = this.#serials.get(side) ?? 0
    this.#serials.set(side, serial + 1)
    return `${side}/${serial}`
  }
}
