/**
 * The simulator's front door: a Juju model with running charms, driven step by step.
 *
 * Commands such as `deploy` or `setConfig` change the model at once and run nothing; `settle` runs hooks until nobody has
 * anything to do, `advance` moves the virtual clock. With concurrency 1 everything that happens follows from the seed.
 */
import type { Program } from "./Agent.ts"
import type { CommandOutput } from "./CommandServer.ts"
import type { CharmSource, DeployOptions, Host } from "./Deployment.ts"
import { millisOf, type Span } from "./Duration.ts"
import type { FaultPlan } from "./Fault.ts"
import { UnitCache } from "./HookContext.ts"
import type { InProcessCharm } from "./InProcessAgent.ts"
import type { ExecRelation } from "./JujuExec.ts"
import { LEASE_MILLIS } from "./Leadership.ts"
import type { ConfigValue } from "./Metadata.ts"
import { type UnitName, unitOf } from "./Model.ts"
import * as change from "./ModelChange.ts"
import { resolveHook, settleLeases } from "./Runner.ts"
import { makeWorld, type SimulationOptions } from "./SimulationOptions.ts"
import { type ActionOutcome, actionOutcome, SimulationView } from "./SimulationView.ts"
import { advanceTo, type RunLimits, runReady, settleWorld } from "./Timeline.ts"
import { agentOf, makeUnitAgent, type World } from "./World.ts"

/** How a unit is added. */
export interface AddUnitOptions extends change.UnitOptions {
  /** Other charm code for this unit than for the rest of its application. */
  readonly charm?: CharmSource
}

/** A simulated Juju model. */
export class Simulation extends SimulationView {
  readonly #world: World
  readonly #host: Host
  readonly #limits: RunLimits
  readonly #arrivals: { wait: () => Promise<void> }
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(parts: ReturnType<typeof makeWorld>) {
    super(parts.world)
    this.#world = parts.world
    this.#host = parts.host
    this.#limits = parts.limits
    this.#arrivals = parts.arrivals
  }

  /** An empty model; everything that chance decides in it follows from `seed`. */
  static async make(options: SimulationOptions): Promise<Simulation> {
    return new Simulation(makeWorld(options))
  }

  /** The faults that will strike. */
  get faults(): FaultPlan {
    return this.#world.faults
  }

  /** Deploys an application with its first units. */
  async deploy(application: string, options: DeployOptions): Promise<ReadonlyArray<UnitName>> {
    const metadata = this.#host.deploy(application, options)
    change.addApplication(this.model, application, metadata)
    if (options.config !== undefined) change.setConfig(this.model, application, options.config)
    const names: Array<UnitName> = []
    for (let index = 0; index < (options.units ?? 1); index += 1) {
      const machine = options.machines?.[index]
      const hostname = options.hostnames?.[index]
      names.push(
        await this.#addUnit(application, {
          ...(machine === undefined ? {} : { machine }),
          ...(hostname === undefined ? {} : { hostname })
        })
      )
    }
    this.#changed(`deploy ${application}`)
    return names
  }

  /** Adds a unit; its hooks run with the next {@link settle}. */
  async addUnit(application: string, options: AddUnitOptions = {}): Promise<UnitName> {
    const unit = await this.#addUnit(application, options)
    this.#changed(`add-unit ${unit}`)
    return unit
  }

  /** Marks a unit dying; it tears itself down and leaves the model with the next {@link settle}. */
  removeUnit(unit: UnitName): void {
    change.removeUnit(this.model, unit)
    this.#changed(`remove-unit ${unit}`)
  }

  /** Puts another charm under an application; its units run upgrade-charm and config-changed. */
  upgrade(application: string, options: Pick<DeployOptions, "charm" | "charms">): void {
    const before = this.#host.deployed(application)
    const metadata = this.#host.deploy(application, { ...before, charms: {}, ...options })
    change.upgradeCharm(this.model, application, metadata)
    this.#changed(`refresh ${application}`)
  }

  /** Relates two endpoints, such as "app:db" and "mysql:server"; returns the relation's id. */
  relate(left: string, right: string): number {
    const { id } = change.relate(this.model, left, right)
    this.#changed(`integrate ${left} ${right}`)
    return id
  }

  /** Removes a relation; its units run departed and broken. */
  removeRelation(id: number): void {
    for (const scope of this.model.relations.get(id)?.scopes.values() ?? []) {
      const created = this.model.units.get(scope.unit)?.progress.get(id)?.created
      if (created !== true && scope.state === "entered")
        change.leaveScope(this.model, id, scope.unit)
    }
    if (this.model.relations.has(id)) change.removeRelation(this.model, id)
    this.#changed(`remove-relation ${id}`)
  }

  /** Sets config options; undefined resets one to its default. */
  setConfig(application: string, values: Readonly<Record<string, ConfigValue | undefined>>): void {
    change.setConfig(this.model, application, values)
    this.#changed(`config ${application} ${Object.keys(values).join(" ")}`)
  }

  /** Moves a unit's machine to another address; config-changed follows. */
  setAddress(unit: UnitName, address: string): void {
    change.setAddress(this.model, unit, address)
    this.#changed(`address ${unit} ${address}`)
  }

  /** Gives leadership to a unit at once, as if the old holder's lease had just run out. */
  electLeader(unit: UnitName): void {
    change.electLeader(this.model, unit, LEASE_MILLIS)
    this.#changed(`elect ${unit}`)
  }

  /** Ends the lease; another unit that waits for it gets it, if there is one. */
  expireLease(application: string): void {
    change.expireLease(this.model, application)
    this.#changed(`expire-lease ${application}`)
  }

  /** Cuts a unit off from the controller: no hooks, no renewals, no commits, until {@link heal}. */
  partition(unit: UnitName): void {
    unitOf(this.model, unit).partitioned = true
    this.#changed(`partition ${unit}`)
  }

  /** Ends a partition. */
  heal(unit: UnitName): void {
    const found = unitOf(this.model, unit)
    found.partitioned = false
    if (this.leader(found.application) !== unit) found.leaderTicket = undefined
    this.#changed(`heal ${unit}`)
  }

  /** Restarts a unit's agent: what it remembered of remote databags is gone. */
  restartAgent(unit: UnitName): void {
    agentOf(this.#world, unit).cache = new UnitCache()
    this.#changed(`restart ${unit}`)
  }

  /** Makes a unit slow: when it could run it is drawn with this probability only. */
  slow(unit: UnitName, pace: number): void {
    this.#world.scheduler.setPace(unit, pace)
  }

  /** `juju resolve`: retries a failed hook now, or marks it done with `retry: false`. */
  resolve(unit: UnitName, options: { readonly retry: boolean } = { retry: true }): void {
    resolveHook(this.#world, agentOf(this.#world, unit), options.retry)
    this.#changed(`resolve ${unit}`)
  }

  /** Makes update-status due on a unit, or on all that have started. */
  updateStatus(unit?: UnitName): void {
    for (const agent of this.#world.agents.values()) {
      if (unit === undefined || agent.unit === unit)
        agent.state.updateStatusDue = agent.state.started
    }
    this.#changed(`update-status ${unit ?? ""}`)
  }

  /** Runs an action and everything else that is ready; resolves with the action's outcome. */
  async runAction(
    unit: UnitName,
    name: string,
    params: Readonly<Record<string, unknown>> = {}
  ): Promise<ActionOutcome> {
    const action = change.addAction(this.model, unit, name, params)
    this.#changed(`run ${unit} ${name}`)
    await this.#drive(() => runReady(this.#world, this.#limits))
    return actionOutcome(action)
  }

  /** Runs a bash script (or, for an in-process charm, a function) in a unit's context, as `juju-exec` does. */
  async jujuExec(
    unit: UnitName,
    program: string | InProcessCharm,
    relation: ExecRelation = {}
  ): Promise<CommandOutput> {
    const agent = agentOf(this.#world, unit)
    let output: CommandOutput | undefined
    const finish = (result: CommandOutput) => {
      output = result
    }
    const code: Program =
      typeof program === "string"
        ? { kind: "script", text: program }
        : { kind: "function", run: program }
    const { commands } = this.#world
    agent.state.commands.push(commands.add({ unit, program: code, relation, finish }))
    this.#changed(`juju-exec ${unit}`)
    await this.#drive(() => runReady(this.#world, this.#limits))
    if (output === undefined) throw new Error(`${unit} did not get to the command: is it cut off?`)
    return output
  }

  /** Runs until idle; failed hooks are retried along the virtual clock, each a bounded number of times. */
  async settle(): Promise<number> {
    return this.#drive(() => settleWorld(this.#world, this.#limits))
  }

  /** Runs until `holds`, also waiting in real time for what background processes send; throws after the timeout. */
  async settleUntil(holds: () => boolean, timeoutMillis = 30_000): Promise<void> {
    const end = Date.now() + timeoutMillis
    for (;;) {
      const arrived = this.#arrivals.wait()
      await this.settle()
      if (holds()) return
      const left = end - Date.now()
      if (left <= 0) throw new Error(`the condition did not come true within ${timeoutMillis} ms`)
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, left)
      })
      await Promise.race([arrived, timeout])
      clearTimeout(timer)
    }
  }

  /** Moves the virtual clock, running whatever becomes ready on the way. */
  async advance(span: Span): Promise<number> {
    const target = this.model.now + millisOf(span)
    return this.#drive(() => advanceTo(this.#world, target, this.#limits))
  }

  /** The folder of the simulation on disk: `agents/unit-app-0/charm` and the like. */
  root(): Promise<string> {
    return this.#host.root()
  }

  /** Ends every process that is left and removes the simulation's files. */
  async close(): Promise<void> {
    for (const { agent } of this.#world.agents.values()) await agent.close()
    await this.#host.close()
  }

  async #addUnit(application: string, options: AddUnitOptions): Promise<UnitName> {
    const { charm, ...rest } = options
    const { name } = change.addUnit(this.model, application, rest)
    if (charm !== undefined) this.#host.override(name, application, charm)
    const agent = await this.#host.startAgent(name, application)
    this.#world.agents.set(name, makeUnitAgent(this.#world, name, agent))
    return name
  }

  #changed(detail: string): void {
    const { trace, scheduler, model } = this.#world
    trace.add({ type: "operator", time: model.now, subject: "operator", detail })
    settleLeases(this.#world)
    scheduler.wakeAll()
  }

  #drive<A>(run: () => Promise<A>): Promise<A> {
    const turn = this.#turn.then(run)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
