/**
 * Runs one process in a hook context, from opening the context to the commit, with the faults that strike on the way.
 *
 * A hook or action is flushed when its process ended well, a juju-exec whatever its exit code is; a process that was
 * killed or struck is never flushed. What the process did outside of Juju stays done in every case.
 */
import { type ProcessOutcome, type Program, RunningProcess } from "./Agent.ts"
import type { FaultEffect, FaultPoint, FaultSite } from "./Fault.ts"
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
  const { unit, cache } = agent
  const time = model.now
  const started = performance.now()
  const hook = labelOf(invocation)
  const contextId = `${unit}-${invocation.name || "run-commands"}-${random.hex(32)}`
  const context = openContext(model, unit, { ...invocation, contextId }, cache)
  const strike: Strike = (point, call, running) => {
    const site = { point, unit, hook, call }
    const effect = world.faults.strike(site)
    return effect && inject(world, agent, effect, site, running)
  }
  const running = new RunningProcess(context, program, (called) => {
    strike("after-call", called.calls, called)
    if (unitOf(model, unit).reboot === "now") called.kill("the machine reboots")
  })
  setAgentStatus(world, agent, "executing", `running ${hook}`)
  const finished = await finish(world, agent, running, strike)
  if (invocation.kind === "action") context.finishAction(finished.process)
  const { endpoint, relationId, remoteUnit, remoteApp } = invocation
  trace.addHook({
    time,
    unit,
    hook,
    relation: relationId === undefined ? "" : `${endpoint}:${relationId}`,
    remote: remoteUnit ?? remoteApp ?? "",
    code: finished.process.code,
    outcome: finished.outcome,
    calls: running.calls,
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

const labelOf = ({ kind, name }: Omit<HookInvocation, "contextId">): string =>
  kind === "hook" ? name : [kind, name].filter((part) => part !== "").join(" ")

/** Lets a fault strike; returns why the process is lost, if it is. */
type Strike = (point: FaultPoint, call: number, running?: RunningProcess) => string | undefined

const finish = async (
  world: World,
  agent: UnitAgent,
  running: RunningProcess,
  strike: Strike
): Promise<Finished> => {
  const { context } = running
  const lostBefore = strike("before-hook", 0)
  if (lostBefore !== undefined) return lost(context, NOT_RUN, lostBefore)
  const process = await agent.agent.run(running)
  if (running.killed !== undefined) return lost(context, process, running.killed)
  if (process.code !== 0 && context.invocation.kind !== "juju-exec") {
    context.discard()
    return { outcome: "failed", process, error: processError(process) }
  }
  const lostAfter = strike("before-commit", running.calls)
  if (lostAfter !== undefined) return lost(context, process, lostAfter)
  return flush(world, agent, running, process, strike)
}

const flush = (
  world: World,
  agent: UnitAgent,
  running: RunningProcess,
  process: ProcessOutcome,
  strike: Strike
): Finished => {
  const { context } = running
  const struck = strike("flush", running.calls)
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
  site: FaultSite,
  running: RunningProcess | undefined
): string | undefined => {
  const { model, random, trace } = world
  const name = typeof effect === "string" ? effect : "custom"
  const detail = `${name} ${site.point} ${site.hook} after ${site.call} calls`
  trace.add({ type: "fault", time: model.now, subject: agent.unit, detail })
  if (typeof effect === "function") effect(site)
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
    running?.kill(reason)
    return reason
  }
  return undefined
}
