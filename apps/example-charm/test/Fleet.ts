// Whole deployments in the simulated Juju, in one process: our charms and the models of the deployed ones, in any mixture,
// over one cluster product in memory. A host's name is its unit's, with a hyphen. Everything follows from the seed.
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { HostName } from "@rollcall/core"
import {
  type CharmSource,
  type FaultRates,
  type InProcessCharm,
  readDocuments,
  Simulation
} from "@rollcall/juju-simulator"
import { clusterCliFor, type Execute, MicroclusterCli } from "@rollcall/microcluster-adapter"
import {
  makeStandIn,
  type StandIn,
  type StandInSettings
} from "@rollcall/microcluster-adapter/stand-in"
import { Effect } from "effect"
import { consumerFork3 } from "../../../test/peers/models/ConsumerFork3.ts"
import { consumerV2 } from "../../../test/peers/models/ConsumerV2.ts"
import { consumerV3 } from "../../../test/peers/models/ConsumerV3.ts"
import { consumerV8 } from "../../../test/peers/models/ConsumerV8.ts"
import { providerV2 } from "../../../test/peers/models/ProviderV2.ts"
import { providerV8 } from "../../../test/peers/models/ProviderV8.ts"
import { seededOrder } from "../../../test/peers/models/SetOrder.ts"
import type { PythonBridge } from "../../../test/peers/PythonBridge.ts"
import { inProcessDistributor, inProcessMember } from "../src/in-process.ts"
import { words } from "../src/member-config.ts"
import { executeWith, Mortality } from "./Mortality.ts"
import { Secrecy } from "./Secrecy.ts"

/** Whose charm a member runs: ours, the model of a deployed library, or the deployed library itself. */
export type MemberKind = "ours" | "v2" | "v3" | "v8" | "fork3" | "python"
/** Whose charm a distributor runs. */
export type DistributorKind = "ours" | "v2" | "v8" | "python"

/** What is deployed, and how the world treats it. */
export interface FleetOptions {
  readonly seed: number
  /** The kind of every host that is there from the beginning; a number is for so many of ours. */
  readonly hosts: number | ReadonlyArray<MemberKind>
  readonly distributor?: DistributorKind
  readonly distributors?: number
  readonly config?: Readonly<Record<string, string | number>>
  readonly memberConfig?: Readonly<Record<string, string | number>>
  /** Members of the deployed libraries wait in real time for pending ones: with them there are none. */
  readonly product?: Partial<StandInSettings>
  readonly faults?: FaultRates
  /** The deployed library, where one of the kinds is "python". */
  readonly python?: PythonBridge
  /** Looks after every hook. */
  readonly watch?: () => undefined
  /** What the product is made to do from the beginning. */
  readonly prepare?: (product: StandIn) => void
  /** How long each call of the cluster's command by our members takes, in wall time. */
  readonly callMillis?: number
  /** The host of a unit, where it is not the unit's own name. */
  readonly hostOf?: (unit: string) => string
  /** The machine of a unit, by the name that the product knows it by; its host's unless two claim one name. */
  readonly machineOf?: (unit: string) => string
  /** Whether the two applications are not related yet. */
  readonly unrelated?: boolean
  /** Leaves out the members' peer relation, for counts of large fleets: there N units cost N² hooks of meeting each other. */
  readonly peerless?: boolean
}

/** What our members had to do with the cluster's command: their calls, and the wall time of these in millis. */
export interface Timing {
  spentMillis: number
  readonly calls: Array<{ readonly host: string; readonly words: ReadonlyArray<string> }>
}

/** A deployment that runs. */
export interface Fleet {
  readonly sim: Simulation
  readonly product: StandIn
  readonly relation: number
  /** Every token ever minted, and where it was seen. */
  readonly secrecy: Secrecy
  /** Deaths right after a call of the cluster's command. */
  readonly mortality: Mortality
  /** The calls of the cluster's command by our members. */
  readonly timing: Timing
  /** The charm of a kind, for units that come later. */
  readonly charmOf: (kind: MemberKind) => CharmSource
}

/** Deploys and relates; nothing has run yet. */
export const deploy = async (options: FleetOptions): Promise<Fleet> => {
  const { seed, distributor = "ours" } = options
  const hosts = kindsOf(options.hosts)
  const settled = hosts.every((kind) => kind === "ours") ? {} : { heartbeatMillis: 0 }
  const product = makeStandIn({ ...settled, ...options.product })
  options.prepare?.(product)
  const secrecy = new Secrecy()
  const mortality = new Mortality()
  const sim: Simulation = await Simulation.make({
    seed,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    invariants: {
      "what is seen of tokens": () => secrecy.look(sim),
      "what the test looks at": options.watch ?? (() => undefined)
    }
  })
  const timing: Timing = { spentMillis: 0, calls: [] }
  const charms = makeCharms(options, { sim, product, secrecy, mortality, timing })
  await sim.deploy("td", {
    charm: charms.distributor(distributor),
    units: options.distributors ?? 1,
    ...(distributor === "ours" && options.config !== undefined ? { config: options.config } : {})
  })
  const [first = "ours"] = hosts
  const others = hosts.flatMap((kind, at) =>
    kind === first ? [] : [[`app/${at}`, charms.member(kind)]]
  )
  await sim.deploy("app", {
    charm: charms.member(first),
    units: hosts.length,
    env: (unit) => ({ ROLLCALL_TEST_HOSTNAME: hostOf(options)(unit) }),
    charms: Object.fromEntries(others),
    ...(options.memberConfig === undefined ? {} : { config: options.memberConfig })
  })
  const relation =
    options.unrelated === true ? -1 : sim.relate("td:microcluster-cluster", "app:cluster")
  return { sim, product, relation, secrecy, mortality, timing, charmOf: charms.member }
}

/** The members of all clusters that there are. */
export const membersOf = ({ product }: Pick<Fleet, "product">): ReadonlyArray<string> =>
  product
    .state()
    .clusters.flatMap(({ members }) => members.map(({ name }) => name))
    .sort()

/** The hosts of all member units that are there. */
export const hostsOf = ({ sim }: Pick<Fleet, "sim">): ReadonlyArray<string> =>
  sim
    .units("app")
    .map((unit) => unit.replace("/", "-"))
    .sort()

/** How many hooks of relations with the distributor ran so far, and about secrets, which stand in for relation hooks. */
export const relationHooks = ({ sim }: Pick<Fleet, "sim">): number =>
  sim.hooks().filter(({ hook }) => /^(?!restart).*-relation-|^secret-/.test(hook)).length

/** The status of a unit as one text. */
export const statusOf = ({ sim }: Pick<Fleet, "sim">, unit: string): string => {
  const { status, message } = sim.status()[unit.split("/")[0] ?? ""]?.units[unit]?.workload ?? {
    status: "",
    message: ""
  }
  return `${status}: ${message}`
}

interface World {
  readonly sim: Simulation
  readonly product: StandIn
  readonly secrecy: Secrecy
  readonly mortality: Mortality
  readonly timing: Timing
}

const makeCharms = (options: FleetOptions, world: World) => {
  const { seed } = options
  const { mortality, product, secrecy, sim, timing } = world
  const now = () => sim.now
  const setOrder = seededOrder(seed)
  const member = mortality.guard((words, host) => secrecy.call(product, words, host, now()))
  const source = (name: "member" | "token-distributor", run: InProcessCharm): CharmSource => {
    const documents = readDocuments(join(CHARMS, name))
    const { peers: _, ...metadata } = documents.metadata as Readonly<Record<string, unknown>>
    const alone = name === "member" && options.peerless === true
    return { ...documents, ...(alone ? { metadata } : {}), run: secrecy.charm(run) }
  }
  const deployed = {
    clusterCommand: async (words: ReadonlyArray<string>, host: string) =>
      member(["cluster", ...words], host),
    setOrder
  }
  const execute = (host: string) => timed(executeWith(member, host), options, timing, host)
  const ours = inProcessMember({
    nowMillis: now,
    hostOf: (unit) => HostName.make(hostOf(options)(unit)),
    clusterOf: (host, config, unit) => {
      const machine = options.machineOf?.(unit) ?? host
      const timeoutMillis = config["command-timeout-seconds"] * 1000
      // another command than the charm's own is a real one
      return config["cluster-command"] === "microovn cluster"
        ? MicroclusterCli.layer({ command: ["cluster"], execute: execute(machine), timeoutMillis })
        : clusterCliFor(words(config["cluster-command"]), { timeoutMillis })
    }
  })
  const members: Record<MemberKind, CharmSource> = {
    ours: source("member", ours),
    v2: source("member", consumerV2(deployed)),
    v3: source("member", consumerV3(deployed)),
    v8: source("member", consumerV8(deployed)),
    fork3: source("member", consumerFork3(deployed)),
    python: source("member", options.python?.newMember(deployed.clusterCommand) ?? missing)
  }
  return {
    member: (kind: MemberKind) => members[kind],
    distributor: (kind: DistributorKind) =>
      source("token-distributor", distributorOf(kind, options, now, setOrder))
  }
}

/** `execute`, slower where that is asked for, and with its time added up. */
const timed =
  (execute: Execute, { callMillis = 0 }: FleetOptions, timing: Timing, host: string): Execute =>
  (command) =>
    Effect.suspend(() => {
      const began = performance.now()
      timing.calls.push({ host, words: command.argv })
      const slow = callMillis === 0 ? Effect.void : Effect.promise(() => setTimeout(callMillis))
      return Effect.andThen(slow, execute(command)).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            timing.spentMillis += performance.now() - began
          })
        )
      )
    })

const distributorOf = (
  kind: DistributorKind,
  { python }: FleetOptions,
  now: () => number,
  setOrder: ReturnType<typeof seededOrder>
): InProcessCharm => {
  if (kind === "ours") return inProcessDistributor(now)
  if (kind === "python") return python?.newDistributor() ?? missing
  return kind === "v2" ? providerV2({ setOrder }) : providerV8({ setOrder })
}

const missing: InProcessCharm = () => Promise.reject(new Error("there is no Python to run this"))

const hostOf = ({ hostOf: named }: FleetOptions) => named ?? ((unit) => unit.replace("/", "-"))

const kindsOf = (hosts: FleetOptions["hosts"]): ReadonlyArray<MemberKind> =>
  typeof hosts === "number" ? Array.from({ length: hosts }, () => "ours") : hosts

const CHARMS = join(import.meta.dirname, "../charms")
