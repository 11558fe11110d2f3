/** What a simulation can be told at its beginning, and how its parts are put together from that. */
import { Host } from "./Deployment.ts"
import { millisOf, type Span } from "./Duration.ts"
import { FaultPlan, type FaultRates } from "./Fault.ts"
import { nextOperation } from "./HookQueue.ts"
import { hookOrder, type Invariant, InvariantViolated, singleLeader } from "./Invariants.ts"
import { ExecQueue, parseExecRequest } from "./JujuExec.ts"
import { type ModelOptions, makeModel, type UnitName } from "./Model.ts"
import { makeRandom } from "./Random.ts"
import { Scheduler } from "./Scheduler.ts"
import type { RunLimits } from "./Timeline.ts"
import { Trace } from "./Trace.ts"
import type { UnitAgent, World } from "./World.ts"

/** How a simulation behaves; only the seed is asked for. */
export interface SimulationOptions {
  /** Decides every choice: the same seed and charms give the same run. */
  readonly seed: number
  /** Name, uuid, version and start of the clock, and the Juju profile ("3.6" or "4.0"). */
  readonly model?: ModelOptions
  /** Units on different machines that may run at once; above 1 for speed with real processes, not for replay. */
  readonly concurrency?: number
  /** Juju really tells a peer relation's leader of its own application writes; false is the documented error. */
  readonly peerAppChangeToLeader?: boolean
  /** Interval of update-status; 0 turns it off. */
  readonly updateStatusInterval?: Span
  /** Random faults from the beginning; see also `simulation.faults`. */
  readonly faults?: FaultRates
  /** Checks after every operation beside the built-in ones. */
  readonly invariants?: Readonly<Record<string, Invariant>>
  /** A real process that runs longer is killed with its group; wall time. */
  readonly hookDeadlineMillis?: number
  /** Runs charms with `src/charm.py` and no dispatch. */
  readonly python?: string
  /** Address that the hook commands dial. */
  readonly commandHost?: string
  /** Also put `juju-exec` at this absolute path, where libraries look for it. */
  readonly installJujuExec?: string
  readonly maxOperations?: number
  readonly maxRetries?: number
}

/** The parts of a simulation. */
export interface SimulationParts {
  readonly world: World
  readonly host: Host
  readonly limits: RunLimits
  /** Resolves when a background process asked for something. */
  readonly arrivals: { readonly wait: () => Promise<void> }
}

/** Puts the parts of a simulation together. */
export const makeWorld = (options: SimulationOptions): SimulationParts => {
  const model = makeModel(options.model)
  const random = makeRandom(options.seed)
  const trace = new Trace(model.now)
  const agents = new Map<UnitName, UnitAgent>()
  const resolver = {
    choose: random.below,
    peerAppChangeToLeader: options.peerAppChangeToLeader ?? true
  }
  const scheduler = new Scheduler(
    {
      units: () => agents.keys(),
      nextOperation: (unit) => {
        const agent = agents.get(unit)
        return agent && nextOperation(model, unit, agent.state, resolver)
      },
      machineOf: (unit) => agents.get(unit)?.machine ?? ""
    },
    random
  )
  const world: World = {
    model,
    random,
    trace,
    faults: new FaultPlan(random, options.faults),
    scheduler,
    agents,
    commands: new ExecQueue(),
    updateStatusMillis: millisOf(options.updateStatusInterval ?? "5m"),
    check: checks(
      options,
      {
        "relation hooks in order": hookOrder(trace),
        "one leader per application": singleLeader(model),
        ...options.invariants
      },
      trace
    )
  }
  const arrivals = makeArrivals()
  const host = new Host({
    profile: model.profile,
    commandHost: options.commandHost ?? "127.0.0.1",
    hookDeadlineMillis: options.hookDeadlineMillis ?? HOOK_DEADLINE_MILLIS,
    python: options.python ?? "python3",
    installJujuExec: options.installJujuExec,
    jujuExec: (args) => execFromProcess(world, args, arrivals.announce)
  })
  const limits: RunLimits = {
    concurrency: options.concurrency ?? 1,
    maxOperations: options.maxOperations ?? MAX_OPERATIONS,
    maxRetries: options.maxRetries ?? MAX_RETRIES
  }
  return { world, host, limits, arrivals }
}

const HOOK_DEADLINE_MILLIS = 60_000
const MAX_OPERATIONS = 2_000_000
const MAX_RETRIES = 10
const LAST_LINES = 20

const checks =
  (options: SimulationOptions, invariants: Readonly<Record<string, Invariant>>, trace: Trace) =>
  (): void => {
    for (const [name, invariant] of Object.entries(invariants)) {
      const problem = invariant()
      if (problem === undefined) continue
      throw new InvariantViolated(name, problem, options.seed, trace.lines().slice(-LAST_LINES))
    }
  }

const execFromProcess = (world: World, args: ReadonlyArray<string>, announce: () => void) => {
  const request = parseExecRequest(world.model, args)
  if ("error" in request) {
    const stderr = `ERROR ${request.error}\n`
    return Promise.resolve({ code: request.code, stdout: "", stderr })
  }
  const { unit, script, relation } = request
  return new Promise<{ code: number; stdout: string; stderr: string }>((finish) => {
    const program = { kind: "script", text: script } as const
    const id = world.commands.add({ unit, program, relation, finish })
    world.agents.get(unit)?.state.commands.push(id)
    world.scheduler.wake(unit)
    announce()
  })
}

/** A bell: everyone who waits at the moment hears the next announcement. */
const makeArrivals = () => {
  let waiting: Array<() => void> = []
  return {
    announce: () => {
      for (const hear of waiting.splice(0)) hear()
      waiting = []
    },
    wait: () => new Promise<void>((resolve) => waiting.push(resolve))
  }
}
