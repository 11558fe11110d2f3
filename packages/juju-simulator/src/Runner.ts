/**
 * Carries out one operation of one unit from beginning to end: the process, what the agent remembers of it, and whom
 * else to wake.
 */
import { beforeHook, hookCompleted, hookFailed } from "./Completion.ts"
import { changesOf, type Footprint, footprintOf } from "./Footprint.ts"
import type { HookInvocation } from "./HookContext.ts"
import { updateLeases } from "./Leadership.ts"
import { applicationOf, type Model, unitOf, unitsOf } from "./Model.ts"
import { finalRemoveUnit } from "./ModelChange.ts"
import type { Hook, Operation } from "./Operation.ts"
import { runProcess, setAgentStatus } from "./Process.ts"
import { nextUpdateStatus, type UnitAgent, type World } from "./World.ts"

/** Runs an operation; afterwards the unit is awake again, and so is everybody who must hear of what it wrote. */
export const runOperation = async (
  world: World,
  agent: UnitAgent,
  operation: Operation
): Promise<void> => {
  const { model } = world
  const { application } = unitOf(model, agent.unit)
  const before = footprintOf(model, agent.unit, application)
  await perform(world, agent, operation)
  wakeConcerned(world, agent, before)
  world.check()
}

/** Gives leases that are free to whoever waits for them, and wakes the applications concerned. */
export const settleLeases = (world: World): void => {
  const { model, trace } = world
  for (const unit of updateLeases(model, world.random)) {
    const { application } = unitOf(model, unit)
    trace.add({ type: "leader", time: model.now, subject: unit, detail: "elected" })
    for (const peer of unitsOf(model, application)) world.scheduler.wake(peer.name)
  }
}

/** The operator's answer to a failed hook: try again now, or consider it done. */
export const resolveHook = (world: World, agent: UnitAgent, retry: boolean): void => {
  const { model, trace } = world
  const { state, unit } = agent
  const { failed } = state
  if (failed === undefined) throw new Error(`${unit} is not in error: there is nothing to resolve`)
  if (retry) {
    state.failed = { ...failed, retryAt: model.now }
    return
  }
  const { name, relationId, endpoint, remoteUnit, remoteApp } = failed.hook
  trace.addHook({
    time: model.now,
    unit,
    hook: name,
    relation: relationId === undefined ? "" : `${endpoint}:${relationId}`,
    remote: remoteUnit ?? remoteApp ?? "",
    code: -1,
    outcome: "skipped",
    calls: 0,
    millis: 0
  })
  hookCompleted(model, unitOf(model, unit), state, failed.hook)
  setAgentStatus(world, agent, "idle", "")
}

const perform = async (world: World, agent: UnitAgent, operation: Operation): Promise<void> => {
  const { state } = agent
  switch (operation.kind) {
    case "hook":
      return runHook(world, agent, operation)
    case "action":
      return runAction(world, agent, operation.id)
    case "juju-exec":
      return runCommand(world, agent, operation.id)
    case "upgrade":
      await agent.agent.upgrade()
      state.charmRevision = charmRevisionOf(world.model, agent)
      state.queued = { kind: "hook", name: "upgrade-charm" }
      return
    case "resign":
      state.leader = false
      return
    case "skip":
      state.failed = undefined
      return
    case "leave-model":
      return leaveModel(world, agent)
  }
}

const charmRevisionOf = (model: Model, { unit }: UnitAgent): number =>
  applicationOf(model, unitOf(model, unit).application).charmRevision

const runHook = async (world: World, agent: UnitAgent, hook: Hook): Promise<void> => {
  const { model, random } = world
  const { state } = agent
  const unit = unitOf(model, agent.unit)
  beforeHook(model, unit, state, hook)
  const { kind: _, version: __, ...rest } = hook
  const invocation: Omit<HookInvocation, "contextId"> = { kind: "hook", ...rest }
  const { outcome, error } = await runProcess(world, agent, invocation, { kind: "charm" })
  if (outcome === "committed" || outcome === "absent") {
    hookCompleted(model, unit, state, hook)
    agent.updateStatusAt = nextUpdateStatus(world)
    setAgentStatus(world, agent, "idle", "")
    reboot(model, agent)
    if (state.removed) await leaveModel(world, agent)
    return
  }
  if (unit.reboot === "now") return reboot(model, agent, hook)
  hookFailed(model, state, hook, error ?? outcome, random.next())
  setAgentStatus(world, agent, "error", `hook failed: "${hook.name}"`)
}

// After a reboot the machine starts again: caches are gone, the interrupted hook is queued anew, `start` runs.
const reboot = (model: Model, agent: UnitAgent, interrupted?: Hook): void => {
  const unit = unitOf(model, agent.unit)
  if (unit.reboot === "none") return
  unit.reboot = "none"
  agent.cache.relations.clear()
  if (interrupted !== undefined) {
    agent.state.failed = undefined
    agent.state.queued = interrupted
  } else if (agent.state.queued === undefined && agent.state.started) {
    agent.state.queued = { kind: "hook", name: "start" }
  }
}

const runAction = async (world: World, agent: UnitAgent, id: string): Promise<void> => {
  const action = world.model.actions.get(id)
  if (action === undefined) return
  action.status = "running"
  const { name, params } = action
  const invocation = { kind: "action", name, action: { name, id, params } } as const
  const { outcome, error } = await runProcess(world, agent, invocation, { kind: "charm" })
  setAgentStatus(world, agent, agent.state.failed === undefined ? "idle" : "error", "")
  if (outcome === "committed" || outcome === "failed") return
  action.status = "failed"
  action.message =
    outcome === "absent" ? `action not implemented on unit "${agent.unit}"` : (error ?? outcome)
}

const runCommand = async (world: World, agent: UnitAgent, id: number): Promise<void> => {
  agent.state.commands.shift()
  const command = world.commands.take(id)
  if (command === undefined) return
  const invocation = { kind: "juju-exec", name: "", ...command.relation } as const
  const { process, outcome, error } = await runProcess(world, agent, invocation, command.program)
  const failed = outcome === "lost" || outcome === "refused"
  setAgentStatus(world, agent, agent.state.failed === undefined ? "idle" : "error", "")
  command.finish({
    code: failed ? 1 : process.code,
    stdout: process.stdout,
    stderr: failed ? `${process.stderr}ERROR ${error ?? outcome}\n` : process.stderr
  })
}

const leaveModel = async (world: World, agent: UnitAgent): Promise<void> => {
  agent.state.removed = true
  for (const id of agent.state.commands.splice(0)) {
    const stderr = `ERROR unit "${agent.unit}" was removed\n`
    world.commands.take(id)?.finish({ code: 1, stdout: "", stderr })
  }
  finalRemoveUnit(world.model, agent.unit)
  world.agents.delete(agent.unit)
  await agent.agent.close()
}

const wakeConcerned = (world: World, agent: UnitAgent, before: Footprint): void => {
  const { model, scheduler, trace } = world
  if (!model.units.has(agent.unit)) {
    settleLeases(world)
    scheduler.wakeAll()
    return
  }
  scheduler.wake(agent.unit)
  const changes = changesOf(before, footprintOf(model, agent.unit, before.application), agent.unit)
  const seq = trace.hooks.length
  for (const { relation, owner, keys } of changes.writes) {
    trace.add({ type: "write", seq, relation: `${relation.key} ${relation.id}`, owner, keys })
  }
  if (changes.secrets) {
    scheduler.wakeAll()
    return
  }
  const concerned = new Set(
    changes.relations.flatMap((relation) => [...relation.applications.keys()])
  )
  if (changes.application) concerned.add(before.application)
  for (const unit of concerned.size > 0 ? model.units.values() : []) {
    if (concerned.has(unit.application)) scheduler.wake(unit.name)
  }
}
