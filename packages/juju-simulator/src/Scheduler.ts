/**
 * Chooses who runs next: uniformly among the units that have something to do, by the seed.
 *
 * Units are woken when something that concerns them changed; a woken unit is asked for its next operation only when it
 * is drawn, and sleeps again when it has none, which leaves the draw uniform among the others. Forgetting to wake a unit
 * would only delay it: nobody is declared idle before everybody was asked.
 */
import type { UnitName } from "./Model.ts"
import type { Operation } from "./Operation.ts"
import type { Random } from "./Random.ts"

/** What a scheduler needs to know of the units. */
export interface SchedulerPort {
  readonly units: () => Iterable<UnitName>
  /** Also the proof that the unit still exists: undefined when it does not. */
  readonly nextOperation: (unit: UnitName) => Operation | undefined
  /** Hooks of one machine exclude each other (Juju's machine lock). */
  readonly machineOf: (unit: UnitName) => string
}

/** A unit and what it does next. */
export interface Choice {
  readonly unit: UnitName
  readonly operation: Operation
}

/** The seeded choice of one simulation. */
export class Scheduler {
  readonly #port: SchedulerPort
  readonly #random: Random
  readonly #awake: Array<UnitName> = []
  readonly #isAwake = new Set<UnitName>()
  readonly #busyMachines = new Set<string>()
  readonly #pace = new Map<UnitName, number>()
  #swept = false

  constructor(port: SchedulerPort, random: Random) {
    this.#port = port
    this.#random = random
  }

  /** The unit may have something to do. */
  wake(unit: UnitName): void {
    this.#swept = false
    if (this.#isAwake.has(unit)) return
    this.#isAwake.add(unit)
    this.#awake.push(unit)
  }

  /** Every unit may have something to do. */
  wakeAll(): void {
    for (const unit of this.#port.units()) this.wake(unit)
  }

  /** Makes a unit slow: drawn with a probability of `pace` in (0, 1] each time that it could be. */
  setPace(unit: UnitName, pace: number): void {
    this.#pace.set(unit, pace)
  }

  /** Marks a machine as running something, or free again. */
  setBusy(machine: string, busy: boolean): void {
    if (busy) this.#busyMachines.add(machine)
    else this.#busyMachines.delete(machine)
  }

  /** The next unit to run and its operation, or undefined when none is left that is not busy. */
  pick(): Choice | undefined {
    return this.#draw(true) ?? this.#draw(false) ?? this.#sweep()
  }

  // A patient draw passes over slow units; an impatient one takes them when nobody else has anything to do.
  #draw(patient: boolean): Choice | undefined {
    let passed = 0
    while (this.#awake.length > passed) {
      const index = passed + this.#random.below(this.#awake.length - passed)
      const unit = this.#awake[index] ?? ""
      if (this.#isBusy(unit) || (patient && this.#dawdles(unit))) {
        this.#swap(index, passed)
        passed += 1
        continue
      }
      const operation = this.#port.nextOperation(unit)
      if (operation !== undefined) return { unit, operation }
      this.#sleep(index, unit)
    }
    return undefined
  }

  #sweep(): Choice | undefined {
    if (this.#swept || this.#busyMachines.size > 0) return undefined
    this.wakeAll()
    this.#swept = true
    return this.#draw(false)
  }

  #isBusy(unit: UnitName): boolean {
    return this.#busyMachines.size > 0 && this.#busyMachines.has(this.#port.machineOf(unit))
  }

  #dawdles(unit: UnitName): boolean {
    const pace = this.#pace.get(unit)
    return pace !== undefined && this.#random.next() >= pace
  }

  #sleep(index: number, unit: UnitName): void {
    this.#swap(index, this.#awake.length - 1)
    this.#awake.pop()
    this.#isAwake.delete(unit)
  }

  #swap(left: number, right: number): void {
    const [first, second] = [this.#awake[left], this.#awake[right]]
    if (first === undefined || second === undefined) return
    this.#awake[left] = second
    this.#awake[right] = first
  }
}
