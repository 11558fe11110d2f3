// A member unit beside a distributor whose bag the test writes: the stage of the consumers' tests.
import type { CharmProgram } from "./CharmHook.ts"
import { type FakeRelation, FakeUnit, fakeRelation } from "./FakeUnit.ts"
import type { ConsumerOptions } from "./Host.ts"
import { MemoryCluster } from "./MemoryCluster.ts"

/** Makes a member charm. */
export type Make = (options: ConsumerOptions) => CharmProgram

/** The environment that puts a unit on host a. */
export const ON_A = { ROLLCALL_TEST_HOSTNAME: "a" }

/** A unit m/0 on host a, related to a distributor that is up and holds `mirror`. */
export const scene = (
  make: Make,
  mirror: Record<string, string> = {},
  options?: Partial<ConsumerOptions>
) => {
  const cluster = new MemoryCluster()
  const relation = fakeRelation(
    "cluster:0",
    { "d/0": { mirror: "up", ...mirror } },
    { d: { "bootstrap-app": "m" } }
  )
  const charm = make({ clusterCommand: cluster.command, ...options })
  const unit = new FakeUnit(charm, "m/0", [relation], ON_A)
  const changed = () => unit.hook("cluster-relation-changed", relation, "d/0")
  const announce = () => announceOn(unit, relation)
  return { cluster, relation, unit, changed, announce, bag: () => unit.own(relation) }
}
/** Runs the two hooks in which the dialects announce themselves: relation-created sees no remote unit. */
export const announceOn = async (unit: FakeUnit, relation: FakeRelation, remoteUnit = "d/0") => {
  const units = { ...relation.units }
  for (const name of Object.keys(units)) delete relation.units[name]
  const created = await unit.hook("cluster-relation-created", relation)
  Object.assign(relation.units, units)
  return created || unit.hook("cluster-relation-joined", relation, remoteUnit)
}
/** How often the cluster's list was asked for. */
export const lists = (cluster: MemoryCluster) =>
  cluster.calls.filter((call) => call.includes(": list")).length
/** Host a founded the cluster and `names` are in it. */
export const founded = async (s: ReturnType<typeof scene>, ...names: ReadonlyArray<string>) => {
  await s.announce()
  for (const name of names)
    s.cluster.clusters[0]?.set(name, { name, role: "voter", status: "ONLINE" })
  s.cluster.calls.length = 0
}
