// What is known of the deployed members, given/when/then: of all of them, and of LIBPATCH 2 alone; defects by their
// numbers. Run against the models and, for LIBPATCH 2, against the library itself.
import { expect, it } from "vitest"
import { announceOn, founded, lists, type Make, ON_A, scene } from "./ConsumerScene.ts"
import { FakeUnit } from "./FakeUnit.ts"
import { seededOrder } from "./SetOrder.ts"

/** What holds for every dialect. */
export const consumerSuite = (make: Make): void => {
  it("announces its host, founds the cluster as leader and mints for whoever wants", async () => {
    const s = scene(make, { "mirror-a": "empty" })
    expect(await s.announce()).toBe(0)
    expect(await s.changed()).toBe(0)
    s.relation.units["d/0"] = { mirror: "up", "mirror-a": "empty", "mirror-b": "empty" }
    expect(await s.changed()).toBe(0)
    expect(s.cluster.clusters).toHaveLength(1)
    expect(s.bag()).toEqual({
      hostname: "a",
      mirror: "up",
      "mirror-a": expect.stringMatching(/^token-\d-a$/), // its own token (B23)
      "mirror-b": expect.stringMatching(/^token-\d-b$/)
    })
    expect(s.unit.status).toEqual({ status: "active", message: "Cluster bootstrapped" })
  })

  it("joins with the token of the mirror", async () => {
    const s = scene(make, { "mirror-a": "empty" })
    s.unit.leader = false
    s.cluster.command(["bootstrap"], "z")
    const { stdout } = s.cluster.command(["add", "a"], "z") as { stdout: string }
    await s.announce()
    await s.changed()
    expect(s.unit.status.message).toBe("Token not in mirror")
    s.relation.units["d/0"] = { mirror: "up", "mirror-a": stdout.trim() }
    await s.changed()
    expect([...(s.cluster.clusters[0]?.keys() ?? [])]).toEqual(["z", "a"])
    expect(s.unit.status).toEqual({ status: "active", message: "Joined cluster" })
  })

  it("asks for four lists in every hook of a member", async () => {
    const s = scene(make, { "mirror-b": "token" })
    s.relation.units["d/0"] = { mirror: "up" }
    await founded(s)
    await s.changed()
    expect(lists(s.cluster)).toBe(4)
  })

  it("keeps trying a consumed token and logs it in clear (B7, B9)", async () => {
    const s = scene(make, { "mirror-a": "consumed" })
    s.unit.leader = false
    await s.announce()
    await s.changed()
    expect(s.unit.log).toContain("ERROR failed a joining cluster with token: consumed")
    expect(s.unit.status).toEqual({ status: "blocked", message: "Joining cluster failed" })
    s.cluster.calls.length = 0
    await s.unit.hook("update-status")
    expect(s.cluster.calls.filter((call) => call.includes("join"))).toEqual(["a: join consumed"])
  })

  it("leaves a failed add alone but for a line in the log (B10)", async () => {
    const s = scene(make)
    await founded(s)
    s.cluster.command(["add", "b"], "a")
    s.relation.units["d/0"] = { mirror: "up", "mirror-b": "empty" }
    expect(await s.changed()).toBe(0)
    expect(s.bag()).not.toHaveProperty("mirror-b")
    expect(s.unit.log.at(-1)).toMatch(/^INFO generate token for b with code 1/)
  })

  it.each(["", "v", "vote", "o"])("takes the role %j for a voter's (B13)", async (role) => {
    const s = scene(make)
    await founded(s, "z")
    s.cluster.clusters[0]?.set("A", { name: "A", role, status: "ONLINE" })
    await s.changed()
    expect(s.bag().mirror).toBe("down")
  })

  it("does not take a member that is offline for the communicator", async () => {
    const s = scene(make)
    await founded(s)
    s.cluster.clusters[0]?.set("A", { name: "A", role: "voter", status: "UNREACHABLE" })
    await s.changed()
    expect(s.bag().mirror).toBe("up")
  })

  it("fails on a list whose members have no role (B30)", async () => {
    const s = scene(make)
    await founded(s, "b")
    const [members] = s.cluster.clusters
    members?.set("b", { name: "b", status: "ONLINE" } as never)
    expect(await s.changed()).toBe(1)
  })

  it("mints no second token for a host while its own bag has one (B7)", async () => {
    const s = scene(make)
    await founded(s)
    s.relation.units["d/0"] = { mirror: "up", "mirror-b": "empty" }
    await s.changed()
    await s.changed()
    expect(s.cluster.calls.filter((call) => call.includes("add"))).toEqual(["a: add b"])
  })

  it("finds no token in a mirror that is down (B4)", async () => {
    const s = scene(make)
    s.unit.leader = false
    s.relation.units["d/0"] = { mirror: "down", "mirror-a": "token" }
    await s.changed()
    expect(s.cluster.calls).toEqual([])
  })

  it("forgets that it founded when the hook fails after the command (B21)", async () => {
    const s = scene(make)
    const command = s.cluster.command
    let broken = true
    const charm = make({
      clusterCommand: (argv, hostname) =>
        broken && argv[0] === "list" && s.cluster.clusters.length > 0
          ? { code: 0, stdout: "no JSON", stderr: "" }
          : command(argv, hostname)
    })
    const unit = new FakeUnit(charm, "m/0", [s.relation], ON_A)
    expect(await announceOn(unit, s.relation)).toBe(1)
    broken = false
    s.cluster.calls.length = 0
    await announceOn(unit, s.relation)
    expect(s.cluster.calls).not.toEqual([])
  })

  it("leaves the waiting status standing when the list fails (B16)", async () => {
    const s = scene(make)
    await founded(s)
    s.cluster.clusters.length = 0
    expect(await s.changed()).toBe(0)
    expect(s.unit.status).toEqual({ status: "waiting", message: "Waiting on pending nodes" })
  })

  it.each(["unknown", "error"])(
    "fails when it must restore the status %s (B17)",
    async (status) => {
      const s = scene(make)
      await founded(s)
      s.unit.status = { status, message: "" }
      expect(await s.changed()).toBe(1)
    }
  )

  it("mints for any key with the placeholder (B31)", async () => {
    const s = scene(make)
    await founded(s)
    s.relation.units["d/0"] = { mirror: "up", "mirror-.note": "empty" }
    await s.changed()
    expect(s.cluster.calls).toContain("a: add .note")
  })

  it("takes one of two disagreeing mirrors' tokens by set order (B25)", async () => {
    const tried = new Set<string | undefined>()
    for (let seed = 0; seed < 64 && tried.size < 2; seed++) {
      const s = scene(make, { "mirror-a": "one" }, { setOrder: seededOrder(seed) })
      s.relation.units["d/1"] = { mirror: "up", "mirror-a": "two" }
      s.unit.leader = false
      await s.changed()
      tried.add(s.cluster.calls.find((call) => call.includes("join")))
    }
    expect(tried).toEqual(new Set(["a: join one", "a: join two"]))
  })

  it("removes itself from the cluster when it goes, and only then", async () => {
    const s = scene(make)
    await s.unit.hook("remove")
    expect(s.cluster.calls).toEqual([])
    await founded(s, "b")
    await s.unit.hook("remove")
    expect(s.cluster.calls).toEqual(["a: remove a"])
  })

  it("waits for the relation after install", async () => {
    const s = scene(make)
    s.unit.relations.length = 0
    await s.unit.hook("install")
    expect(s.unit.statuses).toEqual(["maintenance: Waiting for token distrbutor relation"])
  })

  it("does not found a cluster next to a token, even on a mirror that is down (B6)", async () => {
    const s = scene(make)
    s.relation.units["d/0"] = { mirror: "down", "mirror-b": "token" }
    await s.unit.hook("cluster-relation-joined", s.relation, "d/0")
    expect(s.cluster.clusters).toEqual([])
  })
}

/** What LIBPATCH 2 does. */
export const consumerV2Suite = (make: Make): void => {
  it("founds a second cluster beside a token it cannot see yet, and never after created (B18)", async () => {
    const s = scene(make, { "mirror-b": "token" })
    await s.announce()
    expect(s.cluster.clusters).toHaveLength(1)

    const late = scene(make)
    late.unit.leader = false
    await late.announce()
    late.unit.leader = true
    await late.unit.hook("leader-elected")
    await late.changed()
    expect(late.cluster.clusters).toHaveLength(0)
  })

  it("blocks for ever when the hook is lost after the command (B21)", async () => {
    const s = scene(make)
    s.cluster.command(["bootstrap"], "a")
    await s.announce()
    expect(s.unit.status.message).toBe("Unable to bootstrap cluster")
    s.cluster.calls.length = 0
    await s.unit.hook("update-status")
    expect(s.cluster.calls).toEqual(["a: bootstrap"])
  })

  it("hides a token that nobody mirrored yet when it steps down (B11)", async () => {
    const s = scene(make)
    await founded(s)
    s.relation.units["d/0"] = { mirror: "up", "mirror-b": "empty" }
    await s.changed()
    s.cluster.clusters[0]?.set("A", { name: "A", role: "voter", status: "ONLINE" })
    await s.changed()
    expect(s.bag()).toMatchObject({ mirror: "down", "mirror-b": "token-1-b" })
  })
}
