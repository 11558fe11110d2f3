/**
 * Runs a world: what is ready now, and then what the virtual clock brings.
 *
 * Time stands still while units have something to do. It moves in jumps to the next timer: lease renewals and expiries,
 * retries of failed hooks, update-status, secret rotation and expiry. Real processes take real time beside it.
 */
import { nextLeaseTime } from "./Leadership.ts"
import type { UnitName } from "./Model.ts"
import { runOperation, settleLeases } from "./Runner.ts"
import { nextSecretTime } from "./SecretQueue.ts"
import { nextUpdateStatus, type World } from "./World.ts"

/** Bounds of a run, so that a charm that never rests is noticed. */
export interface RunLimits {
  /** How many units may run at once; above 1 the order is no longer the seed's alone. */
  readonly concurrency: number
  /** Operations after which a run gives up with {@link NeverIdle}. */
  readonly maxOperations: number
  /** How often one hook is retried before settle leaves its unit in error. */
  readonly maxRetries: number
}

/** The units kept one another busy for longer than the limit allows. */
export class NeverIdle extends Error {
  readonly operations: number

  constructor(operations: number, lastLines: ReadonlyArray<string>) {
    super(
      `the units are still busy after ${operations} operations: raise maxOperations, or look for hooks that ` +
        `answer one another for ever. The last ones:\n${lastLines.join("\n")}`
    )
    this.name = "NeverIdle"
    this.operations = operations
  }
}

/** Runs until nobody has anything to do now, without moving the clock. Returns the number of operations. */
export const runReady = async (world: World, limits: RunLimits): Promise<number> => {
  const running = new Map<UnitName, Promise<void>>()
  const failures: Array<unknown> = []
  let count = 0
  for (;;) {
    const choice = running.size < limits.concurrency ? world.scheduler.pick() : undefined
    if (choice === undefined && running.size === 0) return count
    if (choice === undefined) {
      await Promise.race(running.values())
      if (failures.length > 0) throw failures[0]
      continue
    }
    if (count >= limits.maxOperations) throw new NeverIdle(count, world.trace.lines().slice(-20))
    count += 1
    const agent = world.agents.get(choice.unit)
    if (agent === undefined) continue
    if (limits.concurrency === 1) {
      await runOperation(world, agent, choice.operation)
      continue
    }
    world.scheduler.setBusy(agent.machine, true)
    const done = runOperation(world, agent, choice.operation)
      .catch((cause: unknown) => failures.push(cause))
      .then(() => {
        running.delete(agent.unit)
        world.scheduler.setBusy(agent.machine, false)
      })
    running.set(agent.unit, done)
  }
}

/** Moves the clock to `target`, stopping at every timer on the way to run what it made ready. */
export const advanceTo = async (
  world: World,
  target: number,
  limits: RunLimits
): Promise<number> => {
  let count = await runReady(world, limits)
  for (;;) {
    const next = Math.min(nextTimer(world), target)
    world.model.now = Math.max(world.model.now, next)
    fireTimers(world)
    count += await runReady(world, limits)
    if (next >= target) return count
  }
}

/** Runs until idle, and on along the clock as long as a failed hook waits for a retry. */
export const settleWorld = async (world: World, limits: RunLimits): Promise<number> => {
  let count = await runReady(world, limits)
  for (;;) {
    const retryAt = nextRetry(world, limits.maxRetries)
    if (retryAt === Number.POSITIVE_INFINITY) return count
    count += await advanceTo(world, retryAt, limits)
  }
}

const nextRetry = (world: World, maxRetries: number): number => {
  let next = Number.POSITIVE_INFINITY
  for (const { unit, state } of world.agents.values()) {
    const reachable = world.model.units.get(unit)?.partitioned === false
    if (state.failed === undefined || !reachable || state.failed.attempts > maxRetries) continue
    next = Math.min(next, state.failed.retryAt)
  }
  return next
}

const nextTimer = (world: World): number => {
  const { model } = world
  let next = Math.min(nextLeaseTime(model), nextSecretTime(model))
  for (const { updateStatusAt, state } of world.agents.values()) {
    for (const time of [updateStatusAt, state.failed?.retryAt ?? 0]) {
      if (time > model.now) next = Math.min(next, time)
    }
  }
  return next
}

const fireTimers = (world: World): void => {
  const { model, scheduler } = world
  settleLeases(world)
  for (const agent of world.agents.values()) {
    if (agent.updateStatusAt <= model.now) {
      agent.updateStatusAt = nextUpdateStatus(world)
      agent.state.updateStatusDue = agent.state.started
      scheduler.wake(agent.unit)
    }
    if ((agent.state.failed?.retryAt ?? Number.POSITIVE_INFINITY) <= model.now) {
      scheduler.wake(agent.unit)
    }
  }
  if (model.secrets.size > 0) scheduler.wakeAll()
}
