/**
 * What a unit's agent remembers after an operation: the other half of the resolver, so that the same question is not
 * answered twice. A failure keeps the hook and plans its retry: 5 s, doubling, at most 5 minutes, with jitter
 * (juju/juju apiserver/facades/agent/retrystrategy/retrystrategy.go).
 */
import { configSeenOf } from "./HookQueue.ts"
import { isPeer, type Model, type RelationProgress, type Unit } from "./Model.ts"
import { enterScope, leaveScope } from "./ModelChange.ts"
import type { AgentState, Hook } from "./Operation.ts"
import { relationsToCreate } from "./RelationQueue.ts"
import { nextRotation } from "./SecretChange.ts"

/** What the agent does before the process starts: scopes are entered here, just before the first relation-created. */
export const beforeHook = (model: Model, unit: Unit, state: AgentState, hook: Hook): void => {
  if (hook.name === "leader-elected") state.leader = true
  if (hook.name === "config-changed") state.configRunning = configSeenOf(model, unit)
  if (!hook.name.endsWith("-relation-created")) return
  for (const relation of relationsToCreate(model, unit)) {
    if (!relation.scopes.has(unit.name)) enterScope(model, relation.id, unit.name)
  }
}

/** Records that a hook was committed, or that the operator waved it through. */
export const hookCompleted = (model: Model, unit: Unit, state: AgentState, hook: Hook): void => {
  state.failed = undefined
  if (state.queued?.name === hook.name) state.queued = undefined
  if (hook.name !== "update-status") state.updateStatusDue = false
  if (hook.relationId !== undefined) relationHookCompleted(model, unit, hook, hook.relationId)
  else if (hook.secret !== undefined) secretHookCompleted(model, state, hook, hook.secret)
  else COMPLETED[hook.name]?.(model, unit, state, hook)
}

/** Records a failure: the hook waits for its retry, everything else but actions and commands waits behind it. */
export const hookFailed = (
  model: Model,
  state: AgentState,
  hook: Hook,
  error: string,
  jitter: number
): void => {
  const attempts = (state.failed?.attempts ?? 0) + 1
  const delay = Math.min(RETRY_MAX_MILLIS, RETRY_MIN_MILLIS * 2 ** (attempts - 1))
  const retryAt = model.now + Math.round(delay * (1 - RETRY_JITTER * jitter))
  state.failed = { hook, attempts, retryAt, error }
  if (state.queued?.name === hook.name) state.queued = undefined
}

const RETRY_MIN_MILLIS = 5_000
const RETRY_MAX_MILLIS = 300_000
const RETRY_JITTER = 0.2
const EXPIRED_AGAIN_MILLIS = 300_000

const START: Hook = { kind: "hook", name: "start" }
const CONFIG_CHANGED: Hook = { kind: "hook", name: "config-changed" }

const COMPLETED: Readonly<
  Record<string, (model: Model, unit: Unit, state: AgentState, hook: Hook) => void>
> = {
  install: (_model, _unit, state) => {
    state.installed = true
  },
  "config-changed": (_model, _unit, state) => {
    state.configSeen = state.configRunning
    if (!state.started) state.queued = START
  },
  start: (_model, _unit, state) => {
    state.started = true
  },
  "upgrade-charm": (_model, _unit, state) => {
    state.queued = CONFIG_CHANGED
  },
  "leader-settings-changed": (_model, _unit, state, hook) => {
    state.leaderSettingsSeen = hook.version ?? 0
  },
  "update-status": (_model, _unit, state) => {
    state.updateStatusDue = false
  },
  stop: (_model, _unit, state) => {
    state.started = false
  },
  remove: (_model, _unit, state) => {
    state.removed = true
  }
}

const relationHookCompleted = (model: Model, unit: Unit, hook: Hook, id: number): void => {
  const progress = progressOf(unit, id)
  const suffix = hook.name.slice(hook.name.lastIndexOf("-") + 1)
  if (suffix === "created") progress.created = true
  else if (suffix === "departed") progress.members.delete(hook.remoteUnit ?? "")
  else if (suffix === "broken") {
    progress.broken = true
    leaveScope(model, id, unit.name)
  } else if (hook.remoteUnit === undefined) {
    progress.applications.set(hook.remoteApp ?? "", hook.version ?? 0)
  } else {
    progress.members.set(hook.remoteUnit, hook.version ?? 0)
    progress.changedPending = suffix === "joined" ? hook.remoteUnit : undefined
  }
  leaveDyingPeerRelation(model, unit, progress, id)
}

// A peer relation gets no broken; its units just leave once they have seen everybody depart.
const leaveDyingPeerRelation = (
  model: Model,
  unit: Unit,
  progress: RelationProgress,
  id: number
): void => {
  const relation = model.relations.get(id)
  const gone = relation !== undefined && isPeer(relation) && relation.life !== "alive"
  if (gone && progress.members.size === 0) leaveScope(model, id, unit.name)
}

/** The progress of a unit in a relation, started when it is new. */
const progressOf = (unit: Unit, id: number): RelationProgress => {
  const known = unit.progress.get(id)
  if (known !== undefined) return known
  const fresh: RelationProgress = {
    created: false,
    broken: false,
    members: new Map(),
    applications: new Map(),
    changedPending: undefined
  }
  unit.progress.set(id, fresh)
  return fresh
}

const secretHookCompleted = (
  model: Model,
  state: AgentState,
  hook: Hook,
  { id, revision }: NonNullable<Hook["secret"]>
): void => {
  const key = `${id}/${revision}`
  if (hook.name === "secret-changed") state.secretsTold.set(id, hook.version ?? 0)
  else if (hook.name === "secret-remove") state.obsoleteTold.add(key)
  else if (hook.name === "secret-expired") {
    state.expiredAgain.set(key, model.now + EXPIRED_AGAIN_MILLIS)
  } else rotated(model, id)
}

const rotated = (model: Model, id: string): void => {
  const secret = model.secrets.get(id)
  if (secret !== undefined) secret.nextRotate = nextRotation(secret.rotate, model.now)
}
