/**
 * Where and how things go wrong, by rule or by seeded chance.
 *
 * A fault strikes at a point of an execution: before its process starts, after its k-th hook command, after the process
 * ended well and before the commit, or at the flush. What it does is an effect; the runner carries it out.
 */
import type { UnitName } from "./Model.ts"
import type { Random } from "./Random.ts"

/** The points of an execution at which a fault may strike. */
export type FaultPoint = "before-hook" | "after-call" | "before-commit" | "flush"

/** The execution that a fault may strike. */
export interface FaultSite {
  readonly point: FaultPoint
  readonly unit: UnitName
  readonly hook: string
  /** Hook commands answered so far. */
  readonly call: number
}

/**
 * `crash` loses the execution (its side effects stay, its writes do not); `restart` also takes the agent and its cache
 * along; `lose-lease` moves leadership to another unit while the execution goes on; `partition` cuts the unit off from
 * the controller; a function does what it likes to the simulation.
 */
export type FaultEffect =
  | "crash"
  | "restart"
  | "lose-lease"
  | "partition"
  | ((site: FaultSite) => void)

/** A fault that strikes where it matches, `times` times (once unless told otherwise). */
export interface FaultRule {
  readonly at: FaultPoint
  readonly effect: FaultEffect
  readonly unit?: UnitName
  /** The hook's name, or a pattern of it. */
  readonly hook?: string | RegExp
  /** With `after-call`: strikes after this many hook commands. */
  readonly call?: number
  readonly times?: number
}

/** Probabilities in [0, 1], drawn from the seed at every point that an execution passes. */
export interface FaultRates {
  readonly beforeHook?: number
  readonly afterCall?: number
  readonly beforeCommit?: number
  readonly flush?: number
  /** The share of these crashes that take the agent along. */
  readonly restart?: number
  /** After a hook command, leadership moves. */
  readonly loseLease?: number
}

/** The faults of one simulation. */
export class FaultPlan {
  readonly #random: Random
  #rules: Array<{ readonly rule: FaultRule; left: number }> = []
  #rates: FaultRates | undefined

  constructor(random: Random, rates: FaultRates | undefined) {
    this.#random = random
    this.#rates = rates
  }

  /** Adds a rule; rules are asked before chance is. */
  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? 1 })
  }

  /** Sets the probabilities; undefined turns chance off, for a quiet end of a run. */
  setRates(rates: FaultRates | undefined): void {
    this.#rates = rates
  }

  /** Drops rules and probabilities. */
  clear(): void {
    this.#rules = []
    this.#rates = undefined
  }

  /** The effect that strikes here, if any. */
  strike(site: FaultSite): FaultEffect | undefined {
    const entry = this.#rules.find(({ rule, left }) => left > 0 && matches(rule, site))
    if (entry !== undefined) {
      entry.left -= 1
      this.#rules = this.#rules.filter(({ left }) => left > 0)
      return entry.rule.effect
    }
    return this.#rates === undefined ? undefined : this.#chance(site.point, this.#rates)
  }

  #chance(point: FaultPoint, rates: FaultRates): FaultEffect | undefined {
    if (this.#random.next() < (rates[RATE_OF[point]] ?? 0)) {
      return this.#random.next() < (rates.restart ?? 0) ? "restart" : "crash"
    }
    const moves = point === "after-call" ? (rates.loseLease ?? 0) : 0
    return moves > 0 && this.#random.next() < moves ? "lose-lease" : undefined
  }
}

const RATE_OF = {
  "before-hook": "beforeHook",
  "after-call": "afterCall",
  "before-commit": "beforeCommit",
  flush: "flush"
} as const

const matches = (rule: FaultRule, site: FaultSite): boolean =>
  rule.at === site.point &&
  (rule.unit === undefined || rule.unit === site.unit) &&
  (rule.call === undefined || rule.call === site.call) &&
  (rule.hook === undefined ||
    (typeof rule.hook === "string" ? rule.hook === site.hook : rule.hook.test(site.hook)))
