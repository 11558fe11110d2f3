/** What a test reads from a simulation: everything here is a look, nothing changes or runs. */
import {
  type Action,
  applicationNameOf,
  applicationOf,
  endpointOf,
  holdsLease,
  type LogLine,
  type Model,
  type UnitName,
  unitsOf
} from "./Model.ts"
import type { HookRecord, InvocationFilter, Trace } from "./Trace.ts"
import type { World } from "./World.ts"

/** What came of an action. */
export interface ActionOutcome {
  readonly id: string
  readonly status: Action["status"]
  readonly message: string
  readonly results: Readonly<Record<string, unknown>>
  readonly log: ReadonlyArray<string>
}

/** One unit as `juju status` shows it. */
export interface UnitStatus {
  readonly life: string
  readonly leader: boolean
  readonly workload: { readonly status: string; readonly message: string }
  readonly agent: { readonly status: string; readonly message: string }
  readonly machine: string
  readonly hostname: string
  readonly address: string
}

/** One application as `juju status` shows it. */
export interface ApplicationStatus {
  readonly status: { readonly status: string; readonly message: string }
  readonly version: string
  readonly units: Readonly<Record<UnitName, UnitStatus>>
}

/** The readable side of a simulation. */
export class SimulationView {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** The model itself, to look at. */
  get model(): Model {
    return this.#world.model
  }

  /** What happened so far. */
  get trace(): Trace {
    return this.#world.trace
  }

  /** Virtual milliseconds since the Unix epoch. */
  get now(): number {
    return this.model.now
  }

  /** Applications and units with their statuses. */
  status(): Readonly<Record<string, ApplicationStatus>> {
    return Object.fromEntries(
      [...this.model.applications.values()].map(({ name, status, workloadVersion }) => [
        name,
        {
          status: { status: status.status, message: status.message },
          version: workloadVersion,
          units: Object.fromEntries(
            unitsOf(this.model, name).map((unit) => [unit.name, this.#unitStatus(unit.name)])
          )
        }
      ])
    )
  }

  /** The units of an application, or of all. */
  units(application?: string): ReadonlyArray<UnitName> {
    return [...this.model.units.keys()].filter(
      (unit) => application === undefined || applicationNameOf(unit) === application
    )
  }

  /** The unit that holds an application's lease now. */
  leader(application: string): UnitName | undefined {
    return unitsOf(this.model, application).find((unit) => holdsLease(this.model, unit.name))?.name
  }

  /** The committed databag of a unit ("app/0") or application ("app"); the relation by id or by its endpoint. */
  databag(owner: string, relation: number | string): Readonly<Record<string, string>> {
    const found = this.model.relations.get(this.relationId(owner, relation))
    const bag = owner.includes("/")
      ? found?.scopes.get(owner)?.settings
      : found?.applications.get(owner)
    return Object.fromEntries(bag?.content ?? [])
  }

  /** The id of the only relation of a unit or application over an endpoint. */
  relationId(owner: string, relation: number | string): number {
    if (typeof relation === "number") return relation
    const application = applicationOf(this.model, owner.split("/")[0] ?? "").name
    const ids = [...this.model.relations.values()]
      .filter((candidate) => endpointOf(candidate, application)?.name === relation)
      .map((candidate) => candidate.id)
    const [id] = ids
    if (id === undefined || ids.length > 1) {
      throw new Error(`${application} has ${ids.length} relations over "${relation}": give the id`)
    }
    return id
  }

  /** The processes that ran, filtered. */
  hooks(filter: InvocationFilter = {}): ReadonlyArray<HookRecord> {
    return this.trace.hooks.filter(
      (record) =>
        (filter.unit === undefined || record.unit === filter.unit) &&
        (filter.name === undefined || record.hook === filter.name) &&
        (filter.remote === undefined || record.remote === filter.remote) &&
        (filter.outcome === undefined || record.outcome === filter.outcome)
    )
  }

  /** The juju-log lines of a unit, or of all. */
  logs(unit?: UnitName): ReadonlyArray<LogLine> {
    return this.model.logs.filter((line) => unit === undefined || line.unit === unit)
  }

  /** The units whose last hook failed, with the error. */
  failed(): ReadonlyMap<UnitName, string> {
    const failed = new Map<UnitName, string>()
    for (const { unit, state } of this.#world.agents.values()) {
      if (state.failed !== undefined)
        failed.set(unit, `${state.failed.hook.name}: ${state.failed.error}`)
    }
    return failed
  }

  #unitStatus(name: UnitName): UnitStatus {
    const unit = this.model.units.get(name)
    if (unit === undefined) throw new Error(`there is no unit "${name}"`)
    const { life, status, agentStatus, machine, hostname, address } = unit
    return {
      life,
      leader: holdsLease(this.model, name),
      workload: { status: status.status, message: status.message },
      agent: { status: agentStatus.status, message: agentStatus.message },
      machine,
      hostname,
      address
    }
  }
}

/** The part of an action that its caller sees. */
export const actionOutcome = ({ id, status, message, results, log }: Action): ActionOutcome => ({
  id,
  status,
  message,
  results,
  log: [...log]
})
