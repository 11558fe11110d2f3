/**
 * The state of a Juju model as a controller holds it: applications, units, relations, secrets, actions, the clock.
 * Plain data with small accessors; every change is a function of ModelChange.ts, and nothing here runs anything.
 * Times are milliseconds of the model's own virtual clock since the Unix epoch.
 */

import type { CharmMetadata, ConfigValue, EndpointSpec } from "./Metadata.ts"
import type { Secret } from "./Secret.ts"

/** The Juju series whose differences are modelled (hook commands, texts, secrets). */
export type Profile = "3.6" | "4.0"

/** A unit's name, such as `app/0`. */
export type UnitName = string

/** Where an application, unit or relation stands in its life. */
export type Life = "alive" | "dying" | "dead"

/**
 * The settings of one unit or application in one relation; `version` 0 means never written.
 *
 * Compare versions for being different, not for being greater: profile 4.0 versions by content.
 */
export interface Databag {
  readonly content: ReadonlyMap<string, string>
  readonly version: number
}

/** A workload or agent status as `juju status` shows it. */
export interface Status {
  readonly status: string
  readonly message: string
  readonly since: number
}

/** The leadership lease of an application: held until `expiry`; `term` grows with every new holder. */
export interface Lease {
  readonly holder: UnitName
  readonly expiry: number
  readonly term: number
}

/** One deployed application. */
export interface Application {
  readonly name: string
  metadata: CharmMetadata
  life: Life
  /** Grows with every upgrade of the charm. */
  charmRevision: number
  /** Paths of resource files by name. */
  readonly resources: Map<string, string>
  /** Values set by the operator; the defaults come from the metadata. */
  readonly config: Map<string, ConfigValue>
  /** Grows when the effective config really changes. */
  configVersion: number
  lease: Lease | undefined
  /** The highest term ever given. */
  leaseTerm: number
  leaderSettings: Databag
  status: Status
  workloadVersion: string
  /** The number that the next unit gets; never reused. */
  nextUnit: number
}

/** What a unit's agent has been told of one relation; kept by the controller, so it survives an agent restart. */
export interface RelationProgress {
  /** `<endpoint>-relation-created` has run. */
  created: boolean
  /** `<endpoint>-relation-broken` has run. */
  broken: boolean
  /** Units seen to join and not to depart, with the databag version last told. */
  readonly members: Map<UnitName, number>
  /** Application databag versions last told. */
  readonly applications: Map<string, number>
  /** The unit whose `joined` ran and whose `changed` must come next. */
  changedPending: UnitName | undefined
}

/** A port or range that a unit opened on an endpoint; endpoint `""` means all of them. */
export interface PortRange {
  readonly from: number
  readonly to: number
  readonly protocol: "tcp" | "udp" | "icmp"
}

/** One unit of an application. */
export interface Unit {
  readonly name: UnitName
  readonly application: string
  readonly number: number
  life: Life
  readonly machine: string
  readonly hostname: string
  /** Changes when the machine moves; the network keys of the databags follow at config-changed. */
  address: string
  publicAddress: string | undefined
  /** The unit's address space, such as `10.0.0.0/24`. */
  cidr: string
  readonly principal: UnitName | undefined
  /** The `state-*` store. */
  state: ReadonlyMap<string, string>
  status: Status
  agentStatus: Status
  /** By endpoint, `""` for all. */
  readonly openedPorts: Map<string, ReadonlyArray<PortRange>>
  /** Attached storage by id, such as `data/0`. */
  readonly storage: Map<string, { readonly kind: string; readonly location: string }>
  /** The reboot asked for by `juju-reboot`, which whoever runs the hooks answers. */
  reboot: "none" | "after" | "now"
  /** Relations by id, as far as this unit's agent has been told. */
  readonly progress: Map<number, RelationProgress>
  /** Until then the agent answers `is-leader` without asking the controller. */
  leaderTicket: number | undefined
  /** The controller cannot be reached from this unit. */
  partitioned: boolean
}

/** One side of a relation. */
export interface RelationEndpoint {
  readonly application: string
  readonly endpoint: EndpointSpec
}

/** A unit's membership of a relation; `left` keeps its settings readable until the relation is gone. */
export interface RelationScope {
  readonly unit: UnitName
  state: "entered" | "departing" | "left"
  settings: Databag
}

/** One relation: a peer relation has one endpoint, every other two. */
export interface Relation {
  readonly id: number
  /** Juju's key, such as `app:db mysql:server`. */
  readonly key: string
  readonly endpoints: ReadonlyArray<RelationEndpoint>
  life: Life
  suspended: boolean
  readonly scopes: Map<UnitName, RelationScope>
  readonly applications: Map<string, Databag>
}

/** A run of an action; `results` nest as `action-set` dotted them. */
export interface Action {
  readonly id: string
  readonly unit: UnitName
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
  status: "pending" | "running" | "completed" | "failed"
  message: string
  results: Readonly<Record<string, unknown>>
  readonly log: Array<string>
}

/** One `juju-log` line. */
export interface LogLine {
  readonly time: number
  readonly unit: UnitName
  readonly level: string
  readonly message: string
}

/** A whole model. */
export interface Model {
  readonly profile: Profile
  readonly name: string
  readonly uuid: string
  readonly version: string
  now: number
  /** Grows with every change, so that a reader can tell "nothing happened". */
  revision: number
  readonly applications: Map<string, Application>
  readonly units: Map<UnitName, Unit>
  readonly relations: Map<number, Relation>
  readonly secrets: Map<string, Secret>
  readonly actions: Map<string, Action>
  readonly logs: Array<LogLine>
  readonly counters: {
    relation: number
    machine: number
    address: number
    secret: number
    action: number
  }
}

/** Name, uuid, version and profile of a model, and the start of its clock. */
export interface ModelOptions {
  readonly profile?: Profile
  readonly name?: string
  readonly uuid?: string
  readonly version?: string
  /** Start of the virtual clock. */
  readonly now?: number
}

/** An empty model: nothing random in it, so equal changes make equal models. */
export const makeModel = (options: ModelOptions = {}): Model => {
  const profile = options.profile ?? "3.6"
  return {
    profile,
    name: options.name ?? "simulated",
    uuid: options.uuid ?? "00000000-0000-4000-8000-000000000000",
    version: options.version ?? (profile === "3.6" ? "3.6.8" : "4.0.0"),
    now: options.now ?? Date.UTC(2026, 0, 1),
    revision: 0,
    applications: new Map(),
    units: new Map(),
    relations: new Map(),
    secrets: new Map(),
    actions: new Map(),
    logs: [],
    counters: { relation: 0, machine: 0, address: 0, secret: 0, action: 0 }
  }
}

/** The empty databag of an application that never wrote. */
export const EMPTY_DATABAG: Databag = { content: new Map(), version: 0 }

/** The application called so; throws when it does not exist, because only a wrong caller asks. */
export const applicationOf = (model: Model, name: string): Application =>
  found(model.applications.get(name), "application", name)

/** The unit called so; throws when it does not exist. */
export const unitOf = (model: Model, name: UnitName): Unit =>
  found(model.units.get(name), "unit", name)

/** The relation with this id; throws when it does not exist. */
export const relationOf = (model: Model, id: number): Relation =>
  found(model.relations.get(id), "relation", String(id))

/** The application part of a unit's name. */
export const applicationNameOf = (unit: UnitName): string => unit.slice(0, unit.lastIndexOf("/"))

/** The units of an application, in the order of their creation. */
export const unitsOf = (model: Model, application: string): ReadonlyArray<Unit> =>
  [...model.units.values()].filter((unit) => unit.application === application)

/** Whether the controller sees this unit as holder of its application's lease now: what fences a commit. */
export const holdsLease = (model: Model, unit: UnitName): boolean => {
  const lease = model.applications.get(applicationNameOf(unit))?.lease
  return lease !== undefined && lease.holder === unit && lease.expiry > model.now
}

/** What the unit's agent answers to `is-leader`: without a ticket it must ask, and no answer means no. */
export const believesLeader = (model: Model, unit: UnitName): boolean => {
  const { leaderTicket, partitioned } = unitOf(model, unit)
  if (leaderTicket !== undefined && leaderTicket > model.now) return true
  return !partitioned && holdsLease(model, unit)
}

/** Whether a relation is between the units of one application. */
export const isPeer = (relation: Relation): boolean => relation.endpoints.length === 1

/** The endpoint that an application has in a relation, or undefined when it takes no part. */
export const endpointOf = (relation: Relation, application: string): EndpointSpec | undefined =>
  relation.endpoints.find((side) => side.application === application)?.endpoint

/** The application whose databags an application's units see in a relation; for a peer relation its own. */
export const remoteApplicationOf = (relation: Relation, application: string): string =>
  relation.endpoints.find((side) => side.application !== application)?.application ?? application

/** Units in scope whose settings a unit sees in a relation: the other side, or the other peers. */
export const counterpartsOf = (
  relation: Relation,
  unit: UnitName
): ReadonlyArray<RelationScope> => {
  const remote = remoteApplicationOf(relation, applicationNameOf(unit))
  return [...relation.scopes.values()].filter(
    (scope) =>
      scope.state === "entered" && scope.unit !== unit && applicationNameOf(scope.unit) === remote
  )
}

const found = <A>(value: A | undefined, kind: string, name: string): A => {
  if (value === undefined) throw new Error(`the model has no ${kind} "${name}": add it first`)
  return value
}
