/**
 * Runs one process in a hook context, from opening the context to the commit, with the faults that strike on the way.
 *
 * A hook or action is flushed when its process ended well, a juju-exec whatever its exit code is; a process that was
 * killed or struck is never flushed. What the process did outside of Juju stays done in every case.
 */
import { type ProcessOutcome, type Program, RunningProcess } from "./Agent.ts"
import type { FaultEffect, FaultPoint } from "./Fault.ts"
import { type HookContext, type HookInvocation, openContext, UnitCache } from "./HookContext.ts"
import { LEASE_MILLIS } from "./Leadership.ts"
import { unitOf, unitsOf } from "./Model.ts"
import { electLeader } from "./ModelChange.ts"
import type { Outcome } from "./Trace.ts"
import type { UnitAgent, World } from "./World.ts"

/** What became of a process. */
export interface Finished {
  readonly outcome: Outcome
  readonly process: ProcessOutcome
  /** Why nothing was committed. */
  readonly error?: string
}

/** Runs a program for a unit and commits or discards what it staged; adds its line to the trace. */
export const runProcess = async (
  world: World,
  agent: UnitAgent,
  invocation: Omit<HookInvocation, "contextId">,
  program: Program
): Promise<Finished> => {
  const { model, random, trace } = world
  const { time, started } = { time: model.now, started: performance.now() }
  const label =
    invocation.kind === "hook" ? invocation.name : `${invocation.kind} ${invocation.name}`
  const contextId = `${agent.unit}-${invocation.name || "run-commands"}-${random.hex(32)}`
  const context = openContext(model, agent.unit, { ...invocation, contextId }, agent.cache)
  const strike = (point: FaultPoint, call: number, execution?: RunningProcess) => {
    const effect = world.faults.strike({ point, unit: agent.unit, hook: label.trim(), call })
    return effect && inject(world, agent, effect, { point, call, hook: label.trim() }, execution)
  }
  const execution = new RunningProcess(context, program, (running) => {
    strike("after-call", running.calls, running)
    if (unitOf(model, agent.unit).reboot === "now") running.kill("the machine reboots")
  })
  setAgentStatus(world, agent, "executing", `running ${label.trim()}`)
  const finished = await finish(world, agent, execution, strike)
  const relation = invocation.relationId
  if (invocation.kind === "action") context.finishAction(finished.process)
  trace.addHook({
    time,
    unit: agent.unit,
    hook: label.trim(),
    relation: relation === undefined ? "" : `${invocation.endpoint}:${relation}`,
    remote: invocation.remoteUnit ?? invocation.remoteApp ?? "",
    code: finished.process.code,
    outcome: finished.outcome,
    calls: execution.calls,
    millis: performance.now() - started,
    ...(finished.error === undefined ? {} : { error: finished.error })
  })
  return finished
}

/** Shows what the agent is doing, as `juju status` would. */
export const setAgentStatus = (
  { model }: World,
  { unit }: UnitAgent,
  status: string,
  message: string
): void => {
  const found = model.units.get(unit)
  if (found !== undefined) found.agentStatus = { status, message, since: model.now }
}

type Strike = (point: FaultPoint, call: number, execution?: RunningProcess) => string | undefined

const finish = async (
  world: World,
  agent: UnitAgent,
  execution: RunningProcess,
  strike: Strike
): Promise<Finished> => {
  const { context } = execution
  const lostBefore = strike("before-hook", 0)
  if (lostBefore !== undefined) return lost(context, NOT_RUN, lostBefore)
  const process = await agent.agent.run(execution)
  if (execution.killed !== undefined) return lost(context, process, execution.killed)
  if (process.code !== 0 && context.invocation.kind !== "juju-exec") {
    context.discard()
    return { outcome: "failed", process, error: processError(process) }
  }
  const lostAfter = strike("before-commit", execution.calls)
  if (lostAfter !== undefined) return lost(context, process, lostAfter)
  return flush(world, agent, execution, process, strike)
}

const flush = (
  world: World,
  agent: UnitAgent,
  execution: RunningProcess,
  process: ProcessOutcome,
  strike: Strike
): Finished => {
  const { context } = execution
  const struck = strike("flush", execution.calls)
  const cut = unitOf(world.model, agent.unit).partitioned ? "connection is shut down" : struck
  if (cut !== undefined) {
    context.discard()
    return { outcome: "refused", process, error: cut }
  }
  const committed = context.commit()
  if (!committed.ok) return { outcome: "refused", process, error: committed.error }
  return { outcome: process.missing === true ? "absent" : "committed", process }
}

const lost = (context: HookContext, process: ProcessOutcome, error: string): Finished => {
  context.discard()
  return { outcome: "lost", process, error }
}

const processError = ({ code, stderr }: ProcessOutcome): string =>
  [`exit status ${code}`, stderr.trim()].filter((part) => part !== "").join(": ")

const NOT_RUN: ProcessOutcome = { code: -1, stdout: "", stderr: "" }

/** Carries out a fault; returns why the execution is lost, if it is. */
const inject = (
  world: World,
  agent: UnitAgent,
  effect: FaultEffect,
  site: { readonly point: FaultPoint; readonly call: number; readonly hook: string },
  execution: RunningProcess | undefined
): string | undefined => {
  const { model, random, trace } = world
  const name = typeof effect === "string" ? effect : "custom"
  const detail = `${name} ${site.point} ${site.hook} after ${site.call} calls`
  trace.add({ type: "fault", time: model.now, subject: agent.unit, detail })
  if (typeof effect === "function") effect({ ...site, unit: agent.unit })
  else if (effect === "partition") unitOf(model, agent.unit).partitioned = true
  else if (effect === "lose-lease") {
    const { application } = unitOf(model, agent.unit)
    const others = unitsOf(model, application).filter(
      (unit) => unit.name !== agent.unit && unit.life === "alive" && !unit.partitioned
    )
    if (others.length > 0) electLeader(model, random.pick(others).name, LEASE_MILLIS)
    for (const unit of unitsOf(model, application)) world.scheduler.wake(unit.name)
  } else {
    if (effect === "restart") agent.cache = new UnitCache()
    const reason = effect === "restart" ? "the agent was restarted" : "the process was killed"
    execution?.kill(reason)
    return reason
  }
  return undefined
}
