/**
 * The relation part of the resolver: which relation hook is next, by comparing databag versions. Pure.
 *
 * Per relation, in the order of juju/juju internal/worker/uniter/relation/resolver.go: the changed that a joined
 * promised, departures, broken, application changes, joins, unit changes; names in string order within each. A peer
 * relation is never broken, and its own application's databag counts as remote, so a leader hears its own writes.
 */
import {
  applicationNameOf,
  applicationOf,
  endpointOf,
  holdsLease,
  isPeer,
  type Model,
  type Relation,
  type RelationProgress,
  remoteApplicationOf,
  type Unit,
  type UnitName
} from "./Model.ts"
import type { Hook } from "./Operation.ts"

/** How relations are visited, and the one disputed delivery rule. */
export interface RelationQueueOptions {
  readonly choose: (bound: number) => number
  readonly peerAppChangeToLeader: boolean
}

/** The next relation-created of a unit that is installed, alive and free. */
export const nextCreatedHook = (
  model: Model,
  unit: Unit,
  choose: (bound: number) => number
): Hook | undefined => {
  const fresh = relationsToCreate(model, unit)
  const relation = fresh.length > 1 ? fresh[choose(fresh.length)] : fresh[0]
  if (relation === undefined) return undefined
  return {
    kind: "hook",
    ...hookOf(relation, unit, "created"),
    remoteApp: remoteApplicationOf(relation, unit.application)
  }
}

/** Relations of a unit's application whose relation-created has not run on the unit. */
export const relationsToCreate = (model: Model, unit: Unit): ReadonlyArray<Relation> => {
  const fresh: Array<Relation> = []
  for (const relation of model.relations.values()) {
    if (relation.life !== "alive" || relation.suspended) continue
    if (unit.progress.get(relation.id)?.created) continue
    if (endpointOf(relation, unit.application) !== undefined) fresh.push(relation)
  }
  return fresh
}

/** The next joined, changed, departed or broken of a unit over all its relations. */
export const nextRelationHook = (
  model: Model,
  unit: Unit,
  options: RelationQueueOptions
): Hook | undefined => {
  const known = [...unit.progress].filter(([, progress]) => progress.created && !progress.broken)
  const start = known.length > 1 ? options.choose(known.length) : 0
  for (let step = 0; step < known.length; step += 1) {
    const [id, progress] = known[(start + step) % known.length] ?? []
    const relation = id === undefined ? undefined : model.relations.get(id)
    if (relation === undefined || progress === undefined) continue
    const hook = hookForRelation(model, unit, relation, progress, options)
    if (hook !== undefined) return hook
  }
  return undefined
}

const hookForRelation = (
  model: Model,
  unit: Unit,
  relation: Relation,
  progress: RelationProgress,
  options: RelationQueueOptions
): Hook | undefined => {
  const breaking = unit.life !== "alive" || relation.life !== "alive" || relation.suspended
  const promised = progress.changedPending
  if (promised !== undefined) {
    const scope = breaking ? undefined : relation.scopes.get(promised)
    const version = scope?.state === "entered" ? scope.settings.version : 0
    return unitHook(relation, unit, "changed", promised, version)
  }
  const departed = firstDeparted(unit, relation, progress, breaking)
  if (departed !== undefined) {
    const departingUnit = isAlive(model, unit) ? departed : unit.name
    const version = progress.members.get(departed) ?? 0
    return { ...unitHook(relation, unit, "departed", departed, version), departingUnit }
  }
  if (breaking) {
    return isPeer(relation) ? undefined : appHook(relation, unit, "broken")
  }
  return (
    applicationChange(model, unit, relation, progress, options) ??
    unitChange(unit, relation, progress)
  )
}

const isAlive = (model: Model, unit: Unit): boolean =>
  unit.life === "alive" && applicationOf(model, unit.application).life === "alive"

const firstDeparted = (
  unit: Unit,
  relation: Relation,
  progress: RelationProgress,
  breaking: boolean
): UnitName | undefined => {
  let first: UnitName | undefined
  for (const member of progress.members.keys()) {
    const present = !breaking && relation.scopes.get(member)?.state === "entered"
    if (!present && member !== unit.name && (first === undefined || member < first)) first = member
  }
  return first
}

const applicationChange = (
  model: Model,
  unit: Unit,
  relation: Relation,
  progress: RelationProgress,
  options: RelationQueueOptions
): Hook | undefined => {
  const remote = remoteApplicationOf(relation, unit.application)
  const version = relation.applications.get(remote)?.version ?? 0
  if (version === (progress.applications.get(remote) ?? 0)) return undefined
  const ownWrite = isPeer(relation) && holdsLease(model, unit.name)
  if (ownWrite && !options.peerAppChangeToLeader) return undefined
  return { ...appHook(relation, unit, "changed"), version }
}

/** The first unit in string order that must join, else the first whose databag changed. */
const unitChange = (
  unit: Unit,
  relation: Relation,
  progress: RelationProgress
): Hook | undefined => {
  const remote = isPeer(relation) ? undefined : remoteApplicationOf(relation, unit.application)
  let joining: UnitName | undefined
  let changed: UnitName | undefined
  for (const scope of relation.scopes.values()) {
    const other = scope.unit
    if (scope.state !== "entered" || other === unit.name) continue
    if (remote !== undefined && applicationNameOf(other) !== remote) continue
    const told = progress.members.get(other)
    if (told === undefined) {
      if (joining === undefined || other < joining) joining = other
    } else if (told !== scope.settings.version && (changed === undefined || other < changed)) {
      changed = other
    }
  }
  const next = joining ?? changed
  if (next === undefined) return undefined
  const version = relation.scopes.get(next)?.settings.version ?? 0
  return unitHook(relation, unit, joining === undefined ? "changed" : "joined", next, version)
}

const unitHook = (
  relation: Relation,
  unit: Unit,
  suffix: string,
  remoteUnit: UnitName,
  version: number
): Hook => ({
  kind: "hook",
  ...hookOf(relation, unit, suffix),
  remoteUnit,
  remoteApp: applicationNameOf(remoteUnit),
  version
})

const appHook = (relation: Relation, unit: Unit, suffix: string): Hook => ({
  kind: "hook",
  ...hookOf(relation, unit, suffix),
  remoteApp: remoteApplicationOf(relation, unit.application)
})

const hookOf = (relation: Relation, unit: Unit, suffix: string) => {
  const endpoint = endpointOf(relation, unit.application)?.name ?? ""
  return { name: `${endpoint}-relation-${suffix}`, relationId: relation.id, endpoint }
}
