/**
 * The resolver: what a unit's agent does next, given what it remembers and what the model says now. Pure.
 *
 * There is no queue of messages: the agent compares its memory with a snapshot, so any number of commits between two
 * looks make one event. The order of the questions is that of juju/juju internal/worker/uniter/resolver.go and of the
 * resolvers it calls. Relations are visited in a rotated order because Go ranges over a map; `choose` does the rotating.
 */
import { applicationOf, holdsLease, type Model, type Unit, type UnitName, unitOf } from "./Model.ts"
import { type AgentState, type Hook, isFree, type Operation } from "./Operation.ts"
import { nextCreatedHook, nextRelationHook } from "./RelationQueue.ts"
import { nextSecretHook } from "./SecretQueue.ts"

/** What the resolver must know beyond the model. */
export interface ResolverOptions {
  /** An integer in [0, bound): where to start among relations. */
  readonly choose: (bound: number) => number
  /** Real Juju: true. False is what the documentation said for years: no peer app change for the leader itself. */
  readonly peerAppChangeToLeader: boolean
}

/** The next operation of a unit, or undefined when it has nothing to do now. */
export const nextOperation = (
  model: Model,
  name: UnitName,
  state: AgentState,
  options: ResolverOptions
): Operation | undefined => {
  const unit = unitOf(model, name)
  if (state.removed || unit.life === "dead" || unit.partitioned) return undefined
  if (unit.life === "dying" && !state.installed) return { kind: "leave-model" }
  return (
    beforeHooks(model, unit, state, options) ??
    (state.failed !== undefined
      ? retry(model, unit, state)
      : (state.queued ?? regular(model, unit, state, options)))
  )
}

/** The pending action of a unit with the lowest number. */
export const nextAction = (model: Model, unit: UnitName): string | undefined => {
  for (const action of model.actions.values()) {
    if (action.unit === unit && action.status === "pending") return action.id
  }
  return undefined
}

/** What config-changed watches: the effective config and the unit's address. */
export const configSeenOf = (model: Model, unit: Unit): string =>
  `${applicationOf(model, unit.application).configVersion} ${unit.address}`

const beforeHooks = (
  model: Model,
  unit: Unit,
  state: AgentState,
  options: ResolverOptions
): Operation | undefined => {
  const calm = state.installed && isFree(state) && unit.life === "alive"
  const created = calm ? nextCreatedHook(model, unit, options.choose) : undefined
  return (
    created ??
    leadership(model, unit, state) ??
    (calm ? nextSecretHook(model, unit, state) : undefined) ??
    action(model, unit, state) ??
    command(state)
  )
}

const leadership = (model: Model, unit: Unit, state: AgentState): Operation | undefined => {
  if (!state.installed) return undefined
  const holds = holdsLease(model, unit.name)
  const alive = unit.life === "alive"
  if (state.leader && !(holds && alive)) return { kind: "resign" }
  if (!isFree(state) || !alive) return undefined
  if (holds && !state.leader) return { kind: "hook", name: "leader-elected" }
  const settings = applicationOf(model, unit.application).leaderSettings.version
  return model.profile === "3.6" && !state.leader && state.leaderSettingsSeen !== settings
    ? { kind: "hook", name: "leader-settings-changed", version: settings }
    : undefined
}

// Actions also run while a hook is in error, but not while one is queued (uniter/actions/resolver.go).
const action = (model: Model, unit: Unit, state: AgentState): Operation | undefined => {
  if (state.queued !== undefined) return undefined
  const id = nextAction(model, unit.name)
  return id === undefined ? undefined : { kind: "action", id }
}

const command = (state: AgentState): Operation | undefined => {
  const id = state.commands[0]
  return id === undefined ? undefined : { kind: "juju-exec", id }
}

const retry = (model: Model, unit: Unit, state: AgentState): Operation | undefined => {
  if (state.failed === undefined || state.failed.retryAt > model.now) return undefined
  const { hook } = state.failed
  const gone = hook.relationId !== undefined && !model.relations.has(hook.relationId)
  const deposed = hook.name === "leader-elected" && !holdsLease(model, unit.name)
  return gone || deposed ? { kind: "skip" } : hook
}

const regular = (
  model: Model,
  unit: Unit,
  state: AgentState,
  options: ResolverOptions
): Operation | undefined => {
  if (unit.life === "dying") return teardown(model, unit, state, options)
  if (!state.installed) return INSTALL
  const { charmRevision } = applicationOf(model, unit.application)
  if (state.charmRevision !== charmRevision) return { kind: "upgrade" }
  if (state.configSeen !== configSeenOf(model, unit)) return CONFIG_CHANGED
  const relation = nextRelationHook(model, unit, options)
  if (relation !== undefined) return relation
  return state.updateStatusDue ? UPDATE_STATUS : undefined
}

const teardown = (
  model: Model,
  unit: Unit,
  state: AgentState,
  options: ResolverOptions
): Operation => {
  const relation = nextRelationHook(model, unit, options)
  if (relation !== undefined) return relation
  return state.started ? STOP : REMOVE
}

const INSTALL: Hook = { kind: "hook", name: "install" }
const CONFIG_CHANGED: Hook = { kind: "hook", name: "config-changed" }
const UPDATE_STATUS: Hook = { kind: "hook", name: "update-status" }
const STOP: Hook = { kind: "hook", name: "stop" }
const REMOVE: Hook = { kind: "hook", name: "remove" }
