/**
 * Transitions of a model: applications, units, config and actions; relations and leases are re-exported, so that this
 * is the one place to change a model from. Each applies at once and bumps the model's revision.
 */

import { releaseLease } from "./LeaseChange.ts"
import type { CharmMetadata, ConfigValue } from "./Metadata.ts"
import {
  type Action,
  type Application,
  applicationOf,
  EMPTY_DATABAG,
  type Model,
  type Status,
  type Unit,
  type UnitName,
  unitOf
} from "./Model.ts"
import { addPeerRelation, leaveScope } from "./RelationChange.ts"

export { electLeader, expireLease, grantLease, releaseLease } from "./LeaseChange.ts"
export {
  enterScope,
  leaveScope,
  refreshNetwork,
  relate,
  removeRelation,
  writeApplicationDatabag,
  writeUnitDatabag
} from "./RelationChange.ts"

/** Where a new unit goes. */
export interface UnitOptions {
  /** A machine's id; without it the unit gets a machine of its own, or its principal's. */
  readonly machine?: string
  readonly hostname?: string
  readonly principal?: UnitName
}

/** Adds an application, with its peer relations; its units come with {@link addUnit}. */
export const addApplication = (
  model: Model,
  name: string,
  metadata: CharmMetadata
): Application => {
  if (model.applications.has(name))
    throw new Error(`application "${name}" exists: choose another name`)
  const application: Application = {
    name,
    metadata,
    life: "alive",
    charmRevision: 0,
    resources: new Map(),
    config: new Map(),
    configVersion: 1,
    lease: undefined,
    leaseTerm: 0,
    leaderSettings: EMPTY_DATABAG,
    status: statusNow(model, "unset", ""),
    workloadVersion: "",
    nextUnit: 0
  }
  model.applications.set(name, application)
  addMissingPeers(model, application)
  model.revision += 1
  return application
}

/** Puts another charm under an application; every unit is due for upgrade-charm. */
export const upgradeCharm = (model: Model, name: string, metadata: CharmMetadata): void => {
  const application = applicationOf(model, name)
  application.metadata = metadata
  application.charmRevision += 1
  addMissingPeers(model, application)
  model.revision += 1
}

/** Adds a unit on a machine of its own, or on the given one. */
export const addUnit = (model: Model, application: string, options: UnitOptions = {}): Unit => {
  const owner = applicationOf(model, application)
  const number = owner.nextUnit
  owner.nextUnit += 1
  const principal = options.principal === undefined ? undefined : unitOf(model, options.principal)
  const machine = options.machine ?? principal?.machine ?? nextMachine(model)
  const neighbour = [...model.units.values()].find((unit) => unit.machine === machine)
  const unit: Unit = {
    name: `${application}/${number}`,
    application,
    number,
    life: "alive",
    machine,
    hostname: options.hostname ?? neighbour?.hostname ?? hostnameOf(model, machine),
    ...(neighbour === undefined
      ? nextAddress(model)
      : { address: neighbour.address, cidr: neighbour.cidr }),
    publicAddress: undefined,
    principal: options.principal,
    state: new Map(),
    status: statusNow(model, "waiting", "waiting for machine"),
    agentStatus: statusNow(model, "allocating", ""),
    openedPorts: new Map(),
    storage: new Map(),
    reboot: "none",
    progress: new Map(),
    leaderTicket: undefined,
    partitioned: false
  }
  model.units.set(unit.name, unit)
  model.revision += 1
  return unit
}

/** Marks a unit dying; the units that know it hear at once that it departs. */
export const removeUnit = (model: Model, name: UnitName): void => {
  const unit = unitOf(model, name)
  if (unit.life !== "alive") return
  unit.life = "dying"
  for (const relation of model.relations.values()) {
    const scope = relation.scopes.get(name)
    if (scope?.state === "entered") scope.state = "departing"
  }
  model.revision += 1
}

/** Takes a unit out of the model for good: leaves scopes, gives the lease up, removes its own secrets. */
export const finalRemoveUnit = (model: Model, name: UnitName): void => {
  const unit = unitOf(model, name)
  unit.life = "dead"
  for (const id of [...model.relations.keys()]) leaveScope(model, id, name)
  releaseLease(model, name)
  for (const secret of [...model.secrets.values()]) {
    if (secret.owner.kind === "unit" && secret.owner.name === name) model.secrets.delete(secret.id)
    secret.grants.delete(name)
    secret.consumers.delete(name)
  }
  model.units.delete(name)
  model.revision += 1
}

/** Sets config values; undefined resets to the default. Only a real difference makes a new version. */
export const setConfig = (
  model: Model,
  name: string,
  values: Readonly<Record<string, ConfigValue | undefined>>
): void => {
  const application = applicationOf(model, name)
  const before = JSON.stringify([...effectiveConfig(application)])
  for (const [option, value] of Object.entries(values)) {
    if (!application.metadata.options.has(option)) {
      throw new Error(`application "${name}" has no option "${option}": see its config.yaml`)
    }
    if (value === undefined) application.config.delete(option)
    else application.config.set(option, value)
  }
  if (JSON.stringify([...effectiveConfig(application)]) === before) return
  application.configVersion += 1
  model.revision += 1
}

/** The config that units see: defaults overlaid with what was set; undefined where neither says anything. */
export const effectiveConfig = (
  application: Application
): ReadonlyMap<string, ConfigValue | undefined> =>
  new Map(
    [...application.metadata.options].map(([name, option]) => [
      name,
      application.config.get(name) ?? option.default
    ])
  )

/** Moves a unit's machine to another address; its relations hear of it at the next config-changed. */
export const setAddress = (model: Model, name: UnitName, address: string): void => {
  const { machine } = unitOf(model, name)
  for (const unit of model.units.values()) {
    if (unit.machine === machine) unit.address = address
  }
  model.revision += 1
}

/** Queues an action on a unit, with the defaults of its parameters filled in. */
export const addAction = (
  model: Model,
  unit: UnitName,
  name: string,
  params: Readonly<Record<string, unknown>> = {}
): Action => {
  const { metadata } = applicationOf(model, unitOf(model, unit).application)
  model.counters.action += 1
  const action: Action = {
    id: String(model.counters.action),
    unit,
    name,
    params: { ...metadata.actions.get(name)?.defaults, ...params },
    status: "pending",
    message: "",
    results: {},
    log: []
  }
  model.actions.set(action.id, action)
  model.revision += 1
  return action
}

const statusNow = (model: Model, status: string, message: string): Status => ({
  status,
  message,
  since: model.now
})

const addMissingPeers = (model: Model, application: Application): void => {
  const known = new Set([...model.relations.values()].map((relation) => relation.key))
  for (const endpoint of application.metadata.endpoints.values()) {
    const missing = endpoint.role === "peer" && !known.has(`${application.name}:${endpoint.name}`)
    if (missing) addPeerRelation(model, application.name, endpoint)
  }
}

const nextMachine = (model: Model): string => {
  const taken = new Set([...model.units.values()].map((unit) => unit.machine))
  for (;;) {
    const machine = String(model.counters.machine)
    model.counters.machine += 1
    if (!taken.has(machine)) return machine
  }
}

const hostnameOf = (model: Model, machine: string): string =>
  `juju-${model.uuid.slice(-6)}-${machine.replaceAll("/", "-")}`

const ADDRESSES_PER_SUBNET = 250

const nextAddress = (model: Model): { readonly address: string; readonly cidr: string } => {
  const subnet = `10.0.${Math.floor(model.counters.address / ADDRESSES_PER_SUBNET)}`
  const host = (model.counters.address % ADDRESSES_PER_SUBNET) + 2
  model.counters.address += 1
  return { address: `${subnet}.${host}`, cidr: `${subnet}.0/24` }
}
