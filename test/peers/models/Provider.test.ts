// The distributor models against what is known of the deployed libraries.
import { describe, expect, it } from "vitest"
import { FakeUnit, fakeRelation } from "./FakeUnit.ts"
import { mirrorKey } from "./MirrorKey.ts"
import { CHANGED, providerSuite, providerV2Suite, relationOf } from "./ProviderSuite.ts"
import { providerV2 } from "./ProviderV2.ts"
import { providerV8 } from "./ProviderV8.ts"
import { seededOrder } from "./SetOrder.ts"

it.each([
  ["test", "mirror-test"],
  ["413key612", "mirror-413key612"],
  ["-", "mirror--"]
])("the key of %s is %s", (name, key) => expect(mirrorKey(name)).toBe(key))

describe("model of LIBPATCH 2", () => {
  providerSuite(() => providerV2())
  providerV2Suite((seed) => providerV2({ setOrder: seededOrder(seed) }))
})

describe("model of LIBPATCH 8", () => {
  providerSuite(() => providerV8())
  const twoApplications = () => ({
    a: fakeRelation("microcluster-cluster:0", { "ovn/0": { hostname: "ovn-0" } }),
    b: fakeRelation("microcluster-cluster:1", { "dpu/0": { hostname: "dpu-0" } })
  })

  it("is up on both relations of two applications, and the first founds", async () => {
    const { a, b } = twoApplications()
    const unit = new FakeUnit(providerV8(), "d/0", [a, b])
    expect(await unit.hook("leader-elected")).toBe(0)
    for (const relation of [a, b]) {
      expect(relation.bags["d/0"]).toMatchObject({ mirror: "up", "mirror-dpu-0": "empty" })
      expect(relation.bags.d).toEqual({ "bootstrap-app": "ovn" })
    }
  })

  it("keeps the founder named on any relation", async () => {
    const { a, b } = twoApplications()
    b.bags.d = { "bootstrap-app": "dpu" }
    await new FakeUnit(providerV8(), "d/0", [a, b]).hook(CHANGED, a, "ovn/0")
    expect(a.bags.d).toEqual({ "bootstrap-app": "dpu" })
  })

  it.each(["a", "b"] as const)("takes a token minted on %s to both relations", async (side) => {
    const { a, b } = twoApplications()
    const communicator = { mirror: "up", "mirror-dpu-0": "join-token-abc" }
    Object.assign(side === "a" ? (a.units["ovn/0"] ?? {}) : (b.units["dpu/0"] ?? {}), communicator)
    await new FakeUnit(providerV8(), "d/0", [a, b]).hook(CHANGED, a, "ovn/0")
    for (const relation of [a, b])
      expect(relation.bags["d/0"]).toMatchObject({ "mirror-dpu-0": "join-token-abc" })
  })

  it("never takes a token minted anew", async () => {
    const relation = relationOf(
      { "m/0": { mirror: "up", "mirror-h": "new" } },
      { "mirror-h": "old" }
    )
    await new FakeUnit(providerV8(), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toMatchObject({ "mirror-h": "old" })
  })

  it("ignores keys that merely contain mirror-", async () => {
    const relation = relationOf({ "m/0": { mirror: "up", "foo-mirror-bar": "x" } })
    await new FakeUnit(providerV8(), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toEqual({ mirror: "up" })
  })
})
