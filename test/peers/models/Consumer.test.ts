// The member models: what every dialect does, what each does otherwise, and the defects by their numbers.
import { describe, expect, it } from "vitest"
import { consumerFork3 } from "./ConsumerFork3.ts"
import { founded, lists, type Make, scene } from "./ConsumerScene.ts"
import { consumerSuite, consumerV2Suite } from "./ConsumerSuite.ts"
import { consumerV2 } from "./ConsumerV2.ts"
import { consumerV3 } from "./ConsumerV3.ts"
import { consumerV8 } from "./ConsumerV8.ts"
import { fakeRelation } from "./FakeUnit.ts"
import type { ConsumerOptions } from "./Host.ts"

const all: ReadonlyArray<[string, Make]> = [
  ["LIBPATCH 2", consumerV2],
  ["LIBPATCH 3", consumerV3],
  ["MicroOVN's 3", consumerFork3],
  ["LIBPATCH 8", consumerV8]
]
const afterV2 = all.slice(1)

describe.each(all)("model of %s", (_, make) => {
  consumerSuite(make)

  it("spins on a member that stays pending, here until it is given up (B14)", async () => {
    const s = scene(make)
    await founded(s)
    s.cluster.clusters[0]?.set("p", { name: "p", role: "PENDING", status: "UNREACHABLE" })
    expect(await s.changed()).toBe(1)
    expect(lists(s.cluster)).toBe(50)
  })
})

describe("model of LIBPATCH 2", () => consumerV2Suite(consumerV2))

describe("deferred events", () => {
  const failing = async (options: Partial<ConsumerOptions>) => {
    const s = scene(consumerV2, { "mirror-a": "consumed" }, options)
    s.unit.leader = false
    await s.changed()
    await s.changed()
    await s.changed()
    s.cluster.calls.length = 0
    await s.changed()
    return s.cluster.calls.length
  }
  it("are tried once per hook since ops 2.18", async () => expect(await failing({})).toBe(1))
  it("pile up before", async () => expect(await failing({ duplicates: "queued" })).toBe(4))

  it("are not kept by a hook that fails", async () => {
    const s = scene(consumerV2, { "mirror-a": "consumed" })
    s.unit.leader = false
    await s.changed()
    s.relation.units["d/0"] = { mirror: "up" }
    s.unit.relations.push(fakeRelation("cluster:1", {}))
    expect(await s.unit.hook("install")).toBe(1)
    s.unit.relations.pop()
    s.relation.units["d/0"] = { mirror: "up", "mirror-a": "consumed" }
    s.cluster.calls.length = 0
    await s.unit.hook("update-status")
    expect(s.cluster.calls).toEqual(["a: join consumed"])
  })
})

describe.each(afterV2)("after LIBPATCH 2: %s", (_, make) => {
  it("stays up with a token that nobody mirrored yet", async () => {
    const s = scene(make)
    await founded(s)
    s.relation.units["d/0"] = { mirror: "up", "mirror-b": "empty" }
    await s.changed()
    s.cluster.clusters[0]?.set("A", { name: "A", role: "voter", status: "ONLINE" })
    await s.changed()
    expect(s.bag()).toMatchObject({ mirror: "up", "mirror-b": "token-1-b" })
  })

  it("fails the hook of a former communicator for every new host (B12)", async () => {
    const s = scene(make)
    await founded(s)
    s.cluster.clusters[0]?.set("A", { name: "A", role: "voter", status: "ONLINE" })
    s.relation.units["d/0"] = { mirror: "up", "mirror-new": "empty" }
    expect(await s.changed()).toBe(1)
    expect(s.unit.log.at(-1)).toContain("KeyError: 'mirror-new'")
    expect(s.bag().mirror).toBe("up")
  })

  it("writes nothing in relation-created", async () => {
    const s = scene(make)
    await s.unit.hook("cluster-relation-created", s.relation)
    expect(s.relation.bags["m/0"]).toBeUndefined()
  })
})

describe("MicroOVN's LIBPATCH 3", () => {
  it("recovers after a lost hook, in whatever cluster answers (B21, B22)", async () => {
    const s = scene(consumerFork3)
    s.cluster.command(["bootstrap"], "a")
    await s.announce()
    expect(s.bag().mirror).toBe("up")

    const joined = scene(consumerFork3, { "mirror-a": "consumed" })
    joined.unit.leader = false
    joined.cluster.command(["bootstrap"], "a")
    await joined.changed()
    expect(joined.unit.status.message).toBe("Joined cluster")
  })
})

describe("LIBPATCH 8", () => {
  it("never founds under a distributor that names no founder (B20)", async () => {
    const s = scene(consumerV8)
    delete s.relation.bags.d
    await s.announce()
    await s.changed()
    await s.unit.hook("update-status")
    expect(s.cluster.clusters).toHaveLength(0)
    s.relation.bags.d = { "bootstrap-app": "m" }
    await s.unit.hook("update-status")
    expect(s.cluster.clusters).toHaveLength(0)
  })

  it("founds later where a missing founder defers", async () => {
    const s = scene((options) => consumerV8({ ...options, defersWithoutFounder: true }))
    delete s.relation.bags.d
    await s.announce()
    s.relation.bags.d = { "bootstrap-app": "m" }
    await s.unit.hook("update-status")
    expect(s.cluster.clusters).toHaveLength(1)
  })

  it("founds a second cluster when it joins a distributor without mirror first (B19)", async () => {
    const s = scene(consumerV8)
    s.relation.units["d/0"] = { hostname: "ignored" }
    await s.announce()
    expect(s.cluster.clusters).toHaveLength(1)
  })

  it("founds later where no mirror was visible", async () => {
    const s = scene(consumerV8)
    s.relation.units["d/0"] = {}
    delete s.relation.bags.d
    await s.announce()
    expect(s.cluster.clusters).toHaveLength(0)
    s.relation.bags.d = { "bootstrap-app": "m" }
    s.relation.units["d/0"] = { mirror: "up" }
    await s.unit.hook("update-status")
    expect(s.cluster.clusters).toHaveLength(1)
  })

  it("does not found for another application", async () => {
    const s = scene(consumerV8)
    s.relation.bags.d = { "bootstrap-app": "other" }
    await s.announce()
    expect(s.cluster.clusters).toHaveLength(0)
  })
})
