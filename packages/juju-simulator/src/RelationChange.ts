/**
 * Transitions of relations: made, entered, left, written and removed. A relation that was removed stays, dying, until
 * its last unit has left scope; a unit's settings stay readable as long as the relation does.
 */
import { applyChanges, type DatabagChanges } from "./Databag.ts"
import type { EndpointSpec } from "./Metadata.ts"
import {
  applicationOf,
  EMPTY_DATABAG,
  type Model,
  type Relation,
  type RelationEndpoint,
  relationOf,
  type Unit,
  type UnitName,
  unitOf
} from "./Model.ts"

/** Relates two endpoints, each `app:endpoint`, or `app` when only one endpoint fits. */
export const relate = (model: Model, left: string, right: string): Relation => {
  const pairs = candidates(model, left).flatMap((one) =>
    candidates(model, right)
      .filter((other) => fits(one.endpoint, other.endpoint))
      .map((other) => [one, other])
  )
  const [pair] = pairs
  if (pair === undefined) {
    throw new Error(`no endpoints of ${left} and ${right} fit together: check names and interfaces`)
  }
  if (pairs.length > 1) {
    throw new Error(
      `${left} and ${right} can be related in ${pairs.length} ways: name the endpoints`
    )
  }
  return addRelation(model, pair)
}

/** Adds the relation between the units of one application over a peer endpoint. */
export const addPeerRelation = (
  model: Model,
  application: string,
  endpoint: EndpointSpec
): Relation => addRelation(model, [{ application, endpoint }])

/** Marks a relation dying; units that are in scope hear of it, and it is gone once the last one left. */
export const removeRelation = (model: Model, id: number): void => {
  const relation = relationOf(model, id)
  if (relation.life === "alive") relation.life = "dying"
  dropWhenEmpty(model, relation)
  model.revision += 1
}

/** Puts a unit in scope of a relation, with the three network keys; whatever it had written before is gone. */
export const enterScope = (model: Model, id: number, unit: UnitName): void => {
  const relation = relationOf(model, id)
  const before = relation.scopes.get(unit)?.settings ?? EMPTY_DATABAG
  const empty = { content: new Map<string, string>(), version: before.version }
  const settings = applyChanges(empty, networkSettings(unitOf(model, unit)), model.profile)
  relation.scopes.set(unit, { unit, state: "entered", settings })
  model.revision += 1
}

/** Takes a unit out of scope; its settings stay readable, and the last one out of a dying relation removes it. */
export const leaveScope = (model: Model, id: number, unit: UnitName): void => {
  const relation = model.relations.get(id)
  const scope = relation?.scopes.get(unit)
  if (relation === undefined || scope === undefined) return
  scope.state = "left"
  model.units.get(unit)?.progress.delete(id)
  dropWhenEmpty(model, relation)
  model.revision += 1
}

/** Writes a unit's databag in a relation it is in scope of. */
export const writeUnitDatabag = (
  model: Model,
  id: number,
  unit: UnitName,
  changes: DatabagChanges
): void => {
  const scope = relationOf(model, id).scopes.get(unit)
  if (scope === undefined)
    throw new Error(`${unit} is not in relation ${id}: let it enter scope first`)
  const settings = applyChanges(scope.settings, changes, model.profile)
  if (settings === scope.settings) return
  scope.settings = settings
  model.revision += 1
}

/** Writes an application's databag in a relation. */
export const writeApplicationDatabag = (
  model: Model,
  id: number,
  application: string,
  changes: DatabagChanges
): void => {
  const { applications } = relationOf(model, id)
  const before = applications.get(application) ?? EMPTY_DATABAG
  const after = applyChanges(before, changes, model.profile)
  if (after === before) return
  applications.set(application, after)
  model.revision += 1
}

/** Writes the three network keys of a unit anew into all its relations, as a successful config-changed does. */
export const refreshNetwork = (model: Model, unit: UnitName): void => {
  const settings = networkSettings(unitOf(model, unit))
  for (const relation of model.relations.values()) {
    if (relation.scopes.get(unit)?.state === "entered") {
      writeUnitDatabag(model, relation.id, unit, settings)
    }
  }
}

const ROLE_ORDER = { requirer: 0, provider: 1, peer: 2 } as const

// Juju's key names the requirer first: `app:db mysql:server`.
const addRelation = (model: Model, sides: ReadonlyArray<RelationEndpoint>): Relation => {
  const endpoints = [...sides].sort(
    (a, b) => ROLE_ORDER[a.endpoint.role] - ROLE_ORDER[b.endpoint.role]
  )
  const key = endpoints.map((side) => `${side.application}:${side.endpoint.name}`).join(" ")
  for (const relation of model.relations.values()) {
    if (relation.key === key) throw new Error(`relation "${key}" exists already: remove it first`)
  }
  const relation: Relation = {
    id: model.counters.relation,
    key,
    endpoints,
    life: "alive",
    suspended: false,
    scopes: new Map(),
    applications: new Map(endpoints.map((side) => [side.application, EMPTY_DATABAG]))
  }
  model.counters.relation += 1
  model.relations.set(relation.id, relation)
  model.revision += 1
  return relation
}

const candidates = (model: Model, name: string): ReadonlyArray<RelationEndpoint> => {
  const [application = "", wanted] = name.split(":")
  const { endpoints } = applicationOf(model, application).metadata
  return [...endpoints.values()]
    .filter((endpoint) => wanted === undefined || endpoint.name === wanted)
    .map((endpoint) => ({ application, endpoint }))
}

const fits = (one: EndpointSpec, other: EndpointSpec): boolean =>
  one.interface === other.interface &&
  ((one.role === "provider" && other.role === "requirer") ||
    (one.role === "requirer" && other.role === "provider"))

const networkSettings = (unit: Unit): ReadonlyMap<string, string> =>
  new Map([
    ["private-address", unit.address],
    ["ingress-address", unit.address],
    ["egress-subnets", `${unit.address}/32`]
  ])

const dropWhenEmpty = (model: Model, relation: Relation): void => {
  const busy = [...relation.scopes.values()].some((scope) => scope.state !== "left")
  if (relation.life === "alive" || busy) return
  model.relations.delete(relation.id)
  for (const unit of model.units.values()) unit.progress.delete(relation.id)
  for (const secret of model.secrets.values()) {
    for (const [subject, grant] of secret.grants) {
      if (grant.relationId === relation.id) secret.grants.delete(subject)
    }
  }
}
