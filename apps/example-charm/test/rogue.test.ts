// A unit of the members' application that means ill (B26): it is related, it is a member, it writes into its own databag
// what an issuer or a mirror would write, so that another host should join a cluster of its own. No host does.
import { hpkeSealer } from "@rollcall/hpke-adapter"
import { Effect, Redacted } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { bagOf, write } from "../../../packages/juju-adapter/test/acceptance/Meddling.ts"
import { expectOneCluster, replay, sweep } from "./Expected.ts"
import { deploy, type Fleet, membersOf } from "./Fleet.ts"

let fleet: Fleet
afterEach(() => fleet.sim.close())

interface Wanted {
  readonly host: string
  readonly incarnation: string
  readonly generation: number
  readonly publicKey: string
}

/** The request of `unit`'s host, as every unit of the application can read it. */
const requestOf = (unit: string): Wanted => {
  const bag = Object.entries(bagOf(fleet, "td/0"))
  const requests = bag.flatMap(([key, value]) =>
    key.startsWith("rollcall-requests") ? (JSON.parse(value) as ReadonlyArray<Wanted>) : []
  )
  const request = requests.find(({ host }) => host === unit.replace("/", "-"))
  if (request === undefined) throw new Error(`nobody asks for ${unit}`)
  return request
}

/** A token of another cluster, sealed for the host that asks. */
const forge = async ({ generation, host, incarnation, publicKey }: Wanted) => {
  fleet.product(["cluster", "bootstrap"], "evil", fleet.sim.now)
  const token = fleet.product(["cluster", "add", host], "evil", fleet.sim.now).stdout.trim()
  const context = `rollcall-token-v1/${host}/${incarnation}/${generation}`
  const sealed = await Effect.runPromise(hpkeSealer.seal(publicKey, Redacted.make(token), context))
  return { host, incarnation, generation, sealed }
}

const issuer = (): string =>
  (JSON.parse(bagOf(fleet, "td/0")["rollcall-roll"] ?? "{}") as { issuer: string }).issuer

describe.each([1, 2, 3])("a rogue member, seed %i", (seed) => {
  it("does not get a host into a cluster of its own while the issuer is away", async () => {
    fleet = await deploy({ seed, hosts: 3, config: { delivery: "databags" } })
    await fleet.sim.settle()
    const rogue = fleet.sim.units("app").find((unit) => unit !== issuer()) ?? ""
    const real = issuer()
    fleet.sim.partition(real)
    const victim = await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    const issue = await forge(requestOf(victim))
    const issues = JSON.stringify([issue])
    const roll = { v: 1, up: true, epoch: 999, bootstrap: victim, issuer: rogue }
    await write(fleet, rogue, {
      "rollcall-issued": issues,
      "rollcall-roll": JSON.stringify(roll),
      [`rollcall-token.${victim}`]: JSON.stringify(issue),
      "rollcall-candidate": rogue
    })
    await sweep(fleet)
    const evil = () =>
      fleet.product.state().clusters.find(({ members }) => members[0]?.name === "evil")
    expect(
      evil()?.members.map(({ name }) => name),
      replay()
    ).toEqual(["evil"])
    expect(bagOf(fleet, "td/0")).not.toHaveProperty([`rollcall-token.${victim}`])
    fleet.sim.heal(real)
    await fleet.sim.settle()
    await sweep(fleet)
    expect(membersOf(fleet), replay()).toEqual(
      [...fleet.sim.units("app").map((unit) => unit.replace("/", "-")), "evil"].sort()
    )
    expect(
      evil()?.members.map(({ name }) => name),
      replay()
    ).toEqual(["evil"])
  })

  it("keeps no host from its token by saying that it has none to come", async () => {
    fleet = await deploy({ seed, hosts: 3, config: { delivery: "databags" } })
    await fleet.sim.settle()
    const rogue = fleet.sim.units("app").find((unit) => unit !== issuer()) ?? ""
    const real = issuer()
    fleet.sim.partition(real)
    const victim = await fleet.sim.addUnit("app")
    await fleet.sim.settle()
    const { generation, host, incarnation } = requestOf(victim)
    const named = { host, incarnation, generation }
    for (const lie of [named, { ...named, refused: "name-taken" }, { ...named, generation: 9 }]) {
      await write(fleet, rogue, { "rollcall-issued": JSON.stringify([lie]) })
    }
    fleet.sim.heal(real)
    await fleet.sim.settle()
    await sweep(fleet)
    expectOneCluster(fleet)
  })
})
