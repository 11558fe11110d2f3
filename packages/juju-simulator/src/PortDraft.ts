/**
 * Opening and closing ports within one execution: requests are checked against every unit on the machine at once and
 * applied at commit (juju/juju internal/worker/uniter/runner/context/ports.go).
 */
import type { Model, PortRange, Unit } from "./Model.ts"

/** How a port range is printed: `80/tcp`, `1000-2000/udp`, `icmp`. */
export const formatPortRange = ({ from, to, protocol }: PortRange): string => {
  if (protocol === "icmp") return protocol
  return from === to ? `${from}/${protocol}` : `${from}-${to}/${protocol}`
}

/** Orders ranges by protocol, then by number. */
export const comparePortRanges = (a: PortRange, b: PortRange): number =>
  a.protocol === b.protocol ? a.from - b.from || a.to - b.to : a.protocol < b.protocol ? -1 : 1

/** Port ranges by endpoint; `""` is every endpoint. */
export type PortsByEndpoint = ReadonlyMap<string, ReadonlyArray<PortRange>>

/** The port requests of one execution. */
export class PortDraft {
  readonly #model: Model
  readonly #unit: Unit
  readonly #open = new Map<string, ReadonlyArray<PortRange>>()
  readonly #close = new Map<string, ReadonlyArray<PortRange>>()

  constructor(model: Model, unit: Unit) {
    this.#model = model
    this.#unit = unit
  }

  /** Whether there is nothing to send. */
  get isEmpty(): boolean {
    return [...this.#open.values(), ...this.#close.values()].every((ranges) => ranges.length === 0)
  }

  /** Asks to open a range; returns why it cannot. */
  open(endpoint: string, range: PortRange): string | undefined {
    this.#close.set(endpoint, without(this.#close.get(endpoint), range))
    const clash =
      this.#pendingClash(endpoint, range, this.#open) ?? this.#machineClash(endpoint, range)
    if (clash === undefined) add(this.#open, endpoint, range)
    return this.#explain("open", range, clash)
  }

  /** Asks to close a range; returns why it cannot. Closing what is not open does nothing. */
  close(endpoint: string, range: PortRange): string | undefined {
    this.#open.set(endpoint, without(this.#open.get(endpoint), range))
    const pending = this.#pendingClash(endpoint, range, this.#close)
    const clash = pending ?? this.#machineClash(endpoint, range)
    if (pending === undefined && !clash) add(this.#close, endpoint, range)
    return this.#explain("close", range, clash)
  }

  /** The unit's ranges with these requests applied: what `opened-ports` shows, and what commit stores. */
  ranges(): PortsByEndpoint {
    const result = new Map(this.#unit.openedPorts)
    for (const [endpoint, ranges] of this.#open) {
      for (const range of ranges) add(result, endpoint, range)
    }
    for (const [endpoint, ranges] of this.#close) {
      for (const range of ranges) result.set(endpoint, without(result.get(endpoint), range))
    }
    return new Map([...result].filter(([, ranges]) => ranges.length > 0))
  }

  #pendingClash(endpoint: string, range: PortRange, pending: PortsByEndpoint): Clash {
    return clashWith(pending, endpoint, range, this.#unit.name, true, " requested earlier")
  }

  #machineClash(endpoint: string, range: PortRange): Clash {
    for (const unit of this.#model.units.values()) {
      if (unit.machine !== this.#unit.machine) continue
      const own = unit === this.#unit
      const clash = clashWith(unit.openedPorts, endpoint, range, unit.name, own, "")
      if (clash !== undefined) return clash
    }
    return undefined
  }

  #explain(doing: string, range: PortRange, clash: Clash): string | undefined {
    if (!clash) return undefined
    return `cannot ${doing} ${formatPortRange(range)} (unit "${this.#unit.name}"): ${clash}`
  }
}

/** Why a range cannot be had; empty when the unit has exactly it. */
type Clash = string | undefined

// A unit may have one range on several endpoints, but not two ranges that overlap.
const clashWith = (
  ports: PortsByEndpoint,
  endpoint: string,
  range: PortRange,
  unit: string,
  own: boolean,
  detail: string
): Clash => {
  for (const [other, ranges] of ports) {
    for (const one of ranges) {
      if (!overlap(one, range)) continue
      if (own && same(one, range)) {
        if (other === endpoint) return ""
        continue
      }
      return `port range conflicts with ${formatPortRange(one)} (unit "${unit}")${detail}`
    }
  }
  return undefined
}

const add = (
  ports: Map<string, ReadonlyArray<PortRange>>,
  endpoint: string,
  range: PortRange
): void => {
  const before = ports.get(endpoint) ?? []
  if (!before.some((one) => same(one, range))) ports.set(endpoint, [...before, range])
}

const without = (
  ranges: ReadonlyArray<PortRange> | undefined,
  range: PortRange
): ReadonlyArray<PortRange> => (ranges ?? []).filter((one) => !same(one, range))

const same = (a: PortRange, b: PortRange): boolean => comparePortRanges(a, b) === 0

const overlap = (a: PortRange, b: PortRange): boolean =>
  a.protocol === b.protocol && a.to >= b.from && b.to >= a.from
