// Watches a simulation and tells what matters, a line for each thing, while it happens: who leads, founds, mints, joins.
// It looks after every operation and changes nothing. A call of the cluster's command is told when its hook has ended,
// so that what one hook did is one line.
import type { Simulation } from "@rollcall/juju-simulator"
import type { Call, Product } from "./Product.ts"
import { sightings } from "./Secrecy.ts"
import type { Paint } from "./table.ts"

/** What a narrator tells with. */
export interface Telling {
  readonly paint: Paint
  /** Something that happened now. */
  readonly event: (text: string) => void
  readonly line: (text: string) => void
}

/** The watcher of one simulation. */
export class Narrator {
  /** The calls of the cluster's command by the unit whose hook made them. */
  readonly calls = new Map<string, Array<Call>>()
  /** Where a token could be read at any time. */
  readonly sightings = new Set<string>()
  /** The hosts that joined, in their order; one that joined again is there twice. */
  readonly joined: Array<string> = []
  readonly #sim: Simulation
  readonly #product: Product
  readonly #telling: Telling
  readonly #onJoined: (host: string) => void
  readonly #told = new Set<number>()
  readonly #announced = new Set<string>()
  #hooks = 0
  #leader: string | undefined

  constructor(
    sim: Simulation,
    product: Product,
    telling: Telling,
    onJoined: (host: string) => void
  ) {
    this.#sim = sim
    this.#product = product
    this.#telling = telling
    this.#onJoined = onJoined
  }

  /** Tells what is new. */
  look(): undefined {
    this.#lookForLeader()
    for (const place of sightings(this.#sim, this.#product.secrets())) this.sightings.add(place)
    const { hooks } = this.#sim.trace
    for (; this.#hooks < hooks.length; this.#hooks += 1) {
      const unit = hooks[this.#hooks]?.unit ?? ""
      const host = this.#sim.model.units.get(unit)?.hostname ?? ""
      this.#tellAnnouncement(unit, host)
      this.#tellCalls(unit, host)
    }
  }

  #lookForLeader(): void {
    const leader = this.#sim.leader("distributor")
    if (leader === this.#leader || leader === undefined) return
    const leads = this.#leader === undefined ? "leads" : "now leads"
    this.#leader = leader
    this.#say("cyan", `${leader} ${leads} the distributor: it decides who founds and who mints`)
  }

  #tellAnnouncement(unit: string, host: string): void {
    const related = this.#sim.units("member").includes(unit) && !this.#announced.has(unit)
    if (!related || !(ANNOUNCED in this.#sim.databag(unit, "cluster"))) return
    this.#announced.add(unit)
    this.#say("dim", `${host} announces itself and its public key`)
  }

  #tellCalls(unit: string, host: string): void {
    const fresh = this.#product.calls().flatMap((call, at) => {
      if (call.host !== host || this.#told.has(at)) return []
      this.#told.add(at)
      return [call]
    })
    if (fresh.length === 0) return
    this.calls.set(unit, [...(this.calls.get(unit) ?? []), ...fresh])
    const done = (operation: string) =>
      fresh.filter((call) => call.ok && call.operation === operation)
    if (done("bootstrap").length > 0) this.#say("cyan", `${host} founds the cluster`)
    for (const { subject } of done("remove")) {
      this.#say("yellow", `${host} takes the member of the dead ${subject} out of the cluster`)
    }
    const minted = done("add").map(({ subject }) => subject)
    if (minted.length > 0) {
      const each = minted.length > 1 ? ", each sealed for its host" : ", sealed for it"
      this.#say("cyan", `${host} mints for ${minted.join(", ")}${each}`)
    }
    if (done("join").length > 0) this.#tellJoin(host)
    for (const { operation, ok } of fresh) {
      if (!ok && operation !== "list") this.#say("yellow", `${host}: ${operation} fails`)
    }
  }

  #tellJoin(host: string): void {
    const again = this.joined.includes(host) ? " again, as another machine" : ""
    this.joined.push(host)
    this.#say("green", `${host} joins${again}`)
    this.#onJoined(host)
  }

  #say(format: Parameters<Paint>[0], text: string): void {
    this.#telling.event(this.#telling.paint(format, text))
  }
}

/** The key under which a member announces its host. */
const ANNOUNCED = "rollcall-host"
