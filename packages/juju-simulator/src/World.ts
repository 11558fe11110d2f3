/**
 * Everything that one simulation consists of while it runs: the model, its agents, chance, faults, the trace.
 *
 * Plain wiring without rules of its own; the rules are in the files that take a world as their argument.
 */
import type { Agent } from "./Agent.ts"
import type { FaultPlan } from "./Fault.ts"
import { UnitCache } from "./HookContext.ts"
import type { ExecQueue } from "./JujuExec.ts"
import type { Model, UnitName } from "./Model.ts"
import { type AgentState, makeAgentState } from "./Operation.ts"
import type { Random } from "./Random.ts"
import type { Scheduler } from "./Scheduler.ts"
import type { Trace } from "./Trace.ts"

/** A running unit agent. */
export interface UnitAgent {
  readonly unit: UnitName
  readonly machine: string
  readonly agent: Agent
  readonly state: AgentState
  /** What it remembers of remote databags; a new one is a restart. */
  cache: UnitCache
  /** When update-status is due, in virtual milliseconds. */
  updateStatusAt: number
}

/** One simulation's parts. */
export interface World {
  readonly model: Model
  readonly random: Random
  readonly trace: Trace
  readonly faults: FaultPlan
  readonly scheduler: Scheduler
  readonly agents: Map<UnitName, UnitAgent>
  readonly commands: ExecQueue
  /** 0 turns update-status off. */
  readonly updateStatusMillis: number
  /** Asked after every operation; throws when an invariant does not hold. */
  readonly check: () => void
}

/** A fresh agent for a unit. */
export const makeUnitAgent = (world: World, unit: UnitName, agent: Agent): UnitAgent => {
  const { machine, application } = found(world.model.units.get(unit), unit)
  const revision = found(world.model.applications.get(application), application).charmRevision
  return {
    unit,
    machine,
    agent,
    state: makeAgentState(revision),
    cache: new UnitCache(),
    updateStatusAt: nextUpdateStatus(world)
  }
}

/** The agent of a unit; throws when there is none. */
export const agentOf = (world: World, unit: UnitName): UnitAgent =>
  found(world.agents.get(unit), unit)

/** When a unit's update-status timer fires next: the interval, up to a fifth sooner or later. */
export const nextUpdateStatus = (world: World): number => {
  const { model, random, updateStatusMillis } = world
  if (updateStatusMillis === 0) return Number.POSITIVE_INFINITY
  return model.now + Math.round(updateStatusMillis * (0.8 + 0.4 * random.next()))
}

const found = <A>(value: A | undefined, name: string): A => {
  if (value === undefined) throw new Error(`there is no "${name}" here: deploy or add it first`)
  return value
}
