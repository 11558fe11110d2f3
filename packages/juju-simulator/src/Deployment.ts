/**
 * Turns what a caller deploys into agents: an unpacked charm becomes processes, a function runs in this process.
 *
 * The folder, the server and the executables exist only once the first charm on disk is deployed.
 */

import type { Agent } from "./Agent.ts"
import { CommandDirectory, unitPaths } from "./CommandDirectory.ts"
import { type AnswerCall, CommandServer } from "./CommandServer.ts"
import { type InProcessCharm, makeInProcessAgent } from "./InProcessAgent.ts"
import { type CharmMetadata, type ConfigValue, parseMetadata, readMetadata } from "./Metadata.ts"
import type { Profile, UnitName } from "./Model.ts"
import { makeSubprocessAgent } from "./SubprocessAgent.ts"

/** A charm that is a function, with the documents that would lie beside it, as parsed YAML. */
export interface InProcessSource {
  readonly metadata: unknown
  readonly config?: unknown
  readonly actions?: unknown
  readonly run: InProcessCharm
}

/** A charm: the path of an unpacked one, or a function with metadata. */
export type CharmSource = string | InProcessSource

/** How to deploy an application. */
export interface DeployOptions {
  readonly charm: CharmSource
  /** How many units; 1 when absent. */
  readonly units?: number
  readonly config?: Readonly<Record<string, ConfigValue>>
  /** Other charm code for single units, by unit name: for a fleet in the middle of an upgrade. Metadata is `charm`'s. */
  readonly charms?: Readonly<Record<UnitName, CharmSource>>
  /** Machine ids by unit, to put units of several applications on one machine. */
  readonly machines?: ReadonlyArray<string>
  readonly hostnames?: ReadonlyArray<string>
  /** Not Juju's: more environment for a unit's processes. */
  readonly env?: (unit: UnitName) => Readonly<Record<string, string>>
  /** Put before the argv of a unit's processes, such as `["ip", "netns", "exec", "host-0"]`. */
  readonly wrapHook?: (unit: UnitName) => ReadonlyArray<string>
}

/** What all processes of a simulation share. */
export interface HostOptions {
  readonly profile: Profile
  /** Address that hook commands dial; another one than loopback when hooks run in another network namespace. */
  readonly commandHost: string
  readonly hookDeadlineMillis: number
  readonly python: string
  /** Also put `juju-exec` at this absolute path; refused when something is there. */
  readonly installJujuExec: string | undefined
  readonly jujuExec: AnswerCall
}

/** The machine that all processes of one simulation run on. */
export class Host {
  readonly #options: HostOptions
  readonly #deployed = new Map<string, DeployOptions>()
  #started: Promise<{ directory: CommandDirectory; server: CommandServer }> | undefined

  constructor(options: HostOptions) {
    this.#options = options
  }

  /** Remembers how an application is deployed, also for an upgrade; returns its metadata. */
  deploy(application: string, options: DeployOptions): CharmMetadata {
    this.#deployed.set(application, options)
    const { charm } = options
    return typeof charm === "string" ? readMetadata(charm) : parseMetadata(charm)
  }

  /** How an application was deployed last. */
  deployed(application: string): DeployOptions {
    const options = this.#deployed.get(application)
    if (options === undefined) throw new Error(`"${application}" is not deployed: deploy it first`)
    return options
  }

  /** Gives one unit other charm code than the rest of its application. */
  override(unit: UnitName, application: string, charm: CharmSource): void {
    const options = this.deployed(application)
    this.#deployed.set(application, { ...options, charms: { ...options.charms, [unit]: charm } })
  }

  /** Starts the agent of a unit. */
  async startAgent(unit: UnitName, application: string): Promise<Agent> {
    const source = () => {
      const { charm, charms } = this.deployed(application)
      return charms?.[unit] ?? charm
    }
    const { env, wrapHook } = this.deployed(application)
    const extra = env?.(unit) ?? {}
    if (typeof source() !== "string") {
      const paths = unitPaths(JUJU_ROOT, unit)
      return makeInProcessAgent(() => functionOf(source()), paths, extra)
    }
    const { directory, server } = await this.#start()
    const agent = makeSubprocessAgent({
      paths: directory.addUnit(unit),
      server,
      charm: () => folderOf(source()),
      env: extra,
      wrap: wrapHook?.(unit) ?? [],
      deadlineMillis: this.#options.hookDeadlineMillis,
      python: this.#options.python
    })
    const close = async () => {
      await agent.close()
      directory.removeUnit(unit)
    }
    return { ...agent, close }
  }

  /** The folder of the simulation, once there is one. */
  async root(): Promise<string> {
    return (await this.#start()).directory.root
  }

  /** Stops the server and removes the files. */
  async close(): Promise<void> {
    const started = await this.#started?.catch(() => undefined)
    await started?.server.close()
    started?.directory.close()
  }

  #start() {
    this.#started ??= (async () => {
      const { profile, commandHost, installJujuExec, jujuExec } = this.#options
      const directory = new CommandDirectory(profile)
      try {
        if (installJujuExec !== undefined) directory.installJujuExec(installJujuExec)
        const server = await CommandServer.listen(commandHost)
        server.open(directory.execSocket, jujuExec)
        return { directory, server }
      } catch (cause) {
        directory.close()
        throw cause
      }
    })()
    return this.#started
  }
}

const JUJU_ROOT = "/var/lib/juju"

const functionOf = (source: CharmSource): InProcessCharm => {
  if (typeof source !== "string") return source.run
  throw new Error("an in-process charm cannot become a charm on disk: upgrade to the same kind")
}

const folderOf = (source: CharmSource): string => {
  if (typeof source === "string") return source
  throw new Error("a charm on disk cannot become an in-process charm: upgrade to the same kind")
}
