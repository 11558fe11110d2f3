// What tests of single defects do to a fleet: faults of the product, and writes behind a charm's back.
import { type Fault, withFault } from "@rollcall/microcluster-adapter/stand-in"
import type { Fleet } from "../../../../apps/example-charm/test/Fleet.ts"

/** Writes into a unit's databag as an operator could, and lets everybody react. */
export const write = async (
  { relation, sim }: Fleet,
  unit: string,
  entries: Readonly<Record<string, string>>
): Promise<void> => {
  const endpoint = unit.startsWith("td/") ? "microcluster-cluster" : "cluster"
  await sim.jujuExec(unit, async ({ run }) => {
    const argv = ["relation-set", "-r", `${endpoint}:${relation}`, "--file", "-"]
    return (await run(argv, JSON.stringify(entries))).code
  })
  await sim.settle()
}

/** A unit's databag; an empty one before it has entered the relation. */
export const bagOf = ({ relation, sim }: Fleet, unit: string): Readonly<Record<string, string>> => {
  const found = sim.model.relations.get(relation)
  const databag = unit.includes("/")
    ? found?.scopes.get(unit)?.settings
    : found?.applications.get(unit)
  return Object.fromEntries(databag?.content ?? [])
}

/** The option of a fleet whose product meets `faults`. */
export const fails = (...faults: ReadonlyArray<Fault>) => ({
  prepare: (product: Fleet["product"]) =>
    product.change((state) => faults.reduce((each, fault) => withFault(each, fault), state))
})

/** An operation that fails `times` times, with what it says. */
export const failing = (operation: Fault["operation"], times: number, text: string): Fault => ({
  kind: "fail",
  operation,
  times,
  text: `Error: ${text}`
})

/** The host that founded the cluster. */
export const founderOf = ({ product }: Fleet): string =>
  product.state().clusters[0]?.members[0]?.name ?? ""
