// One deployment's life in the simulated Juju, whatever runs the charms: three members and a distributor come up; then
// two members follow, the communicator goes, the distributor moves, another member follows. What is left at the end, what
// was logged, and which hooks ran in which order, is what two implementations of one dialect are compared by.
import {
  type CharmSource,
  type InProcessCharm,
  Simulation
} from "../../packages/juju-simulator/src/index.ts"

/** Who plays. */
export interface Cast {
  readonly seed: number
  readonly distributor: CharmSource
  readonly member: CharmSource
  /** Ends after the first act, where a hook takes long. */
  readonly short?: boolean
  /** More environment of a member's hooks, beside its host name. */
  readonly env?: (hostname: string) => Readonly<Record<string, string>>
}

/** What came of it; bags by unit, without the addresses that Juju writes. */
export interface Ending {
  readonly bags: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly statuses: Readonly<Record<string, string>>
  /** The units whose last hook failed. */
  readonly failed: ReadonlyArray<string>
  /** What the members logged, without what ops says for itself. */
  readonly log: ReadonlyArray<string>
  /** One entry per hook: unit, hook, remote, exit code. */
  readonly hooks: ReadonlyArray<string>
}

/** The charm function of a distributor with the metadata it needs. */
export const distributorSource = (run: InProcessCharm): CharmSource => ({
  metadata: {
    name: "token-distributor-peer",
    provides: { "microcluster-cluster": { interface: "worker-cluster" } }
  },
  run
})

/** The charm function of a member with the metadata it needs. */
export const memberSource = (run: InProcessCharm): CharmSource => ({
  metadata: {
    name: "cluster-member-peer",
    requires: { cluster: { interface: "worker-cluster", limit: 1 } }
  },
  run
})

/** Plays the deployment to its end. */
export const play = async ({ seed, distributor, member, short, env }: Cast): Promise<Ending> => {
  const simulation = await Simulation.make({ seed, updateStatusInterval: 0 })
  try {
    await simulation.deploy("d", { charm: distributor })
    await simulation.deploy("m", {
      charm: member,
      units: 3,
      env: (unit) => {
        const hostname = unit.replace("/", "-")
        return { ROLLCALL_TEST_HOSTNAME: hostname, ...env?.(hostname) }
      }
    })
    const relation = simulation.relate("d:microcluster-cluster", "m:cluster")
    await simulation.settle()
    if (short !== true) await playOn(simulation)
    return endingOf(simulation, relation)
  } finally {
    await simulation.close()
  }
}

const playOn = async (simulation: Simulation): Promise<void> => {
  await simulation.addUnit("m")
  await simulation.addUnit("m")
  await simulation.settle()
  simulation.removeUnit("m/0")
  await simulation.settle()
  await simulation.addUnit("d")
  await simulation.settle()
  simulation.removeUnit("d/0")
  await simulation.settle()
  await simulation.addUnit("m")
  await simulation.settle()
}

const OPS_ITSELF = /Uncaught exception|Skipping notice/
const JUJU_KEYS = new Set(["egress-subnets", "ingress-address", "private-address"])

const endingOf = (simulation: Simulation, relation: number): Ending => {
  const bagOf = (unit: string) =>
    Object.entries(simulation.databag(unit, relation))
      .filter(([key]) => !JUJU_KEYS.has(key))
      .sort()
  const units = Object.values(simulation.status()).flatMap(({ units }) => Object.entries(units))
  return {
    bags: Object.fromEntries(units.map(([unit]) => [unit, Object.fromEntries(bagOf(unit))])),
    statuses: Object.fromEntries(
      units.map(([unit, { workload }]) => [unit, `${workload.status}: ${workload.message}`])
    ),
    failed: [...simulation.failed().keys()],
    log: simulation
      .logs()
      .filter(({ unit, level }) => unit.startsWith("m/") && level !== "DEBUG")
      .filter(({ message }) => !OPS_ITSELF.test(message))
      .map(({ unit, level, message }) => `${unit} ${level} ${message}`),
    hooks: simulation
      .hooks()
      .map(({ unit, hook, remote, code }) => `${unit} ${hook} ${remote} ${code}`)
  }
}
