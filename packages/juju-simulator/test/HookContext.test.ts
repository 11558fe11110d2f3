import { describe, expect, it } from "vitest"
import { electLeader, expireLease, grantLease } from "../src/ModelChange.ts"
import { commit, DB, dbHook, failure, makeCluster, open, PEERS, peerHook } from "./Cluster.ts"

describe("the transaction of a hook (M3)", () => {
  it("shows its writes to nobody before the commit, and to everybody after", () => {
    const model = makeCluster()
    const hook = open(model, "app/0", dbHook("changed"))
    hook.out("relation-set", "k=1")
    hook.out("relation-set", "-r0", "--app", "peer=1")
    expect(hook.out("relation-get", "k", "app/0")).toBe("1\n")
    expect(open(model, "mysql/0").out("relation-get", "-r1", "k", "app/0")).toBe("")
    expect(open(model, "app/1").out("relation-get", "-r0", "--app", "peer", "app")).toBe("")
    expect(hook.commit()).toEqual({ ok: true })
    expect(open(model, "mysql/0").out("relation-get", "-r1", "k", "app/0")).toBe("1\n")
    expect(open(model, "app/1").out("relation-get", "-r0", "--app", "peer", "app")).toBe("1\n")
  })

  it("forgets everything of a failed hook but what was immediate", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r1", "k=old"))
    const before = model.relations.get(DB)?.scopes.get("app/0")?.settings
    const hook = open(model, "app/0", dbHook("changed"))
    hook.out("relation-set", "k=1")
    expect(hook.out("relation-get", "k", "app/0")).toBe("1\n")
    hook.out("status-set", "maintenance", "trying")
    hook.out("open-port", "80")
    hook.discard()
    expect(model.relations.get(DB)?.scopes.get("app/0")?.settings).toBe(before)
    expect(model.units.get("app/0")?.openedPorts.size).toBe(0)
    expect(model.units.get("app/0")?.status.message).toBe("trying")
    expect(open(model, "app/0", dbHook("changed")).out("relation-get", "k", "app/0")).toBe("old\n")
  })

  it("changes nothing when a hook wrote nothing", () => {
    const model = makeCluster()
    const { revision } = model
    const hook = open(model, "app/0", dbHook("changed"))
    hook.out("relation-get")
    hook.out("is-leader")
    expect(hook.commit()).toEqual({ ok: true })
    expect(model.revision).toBe(revision)
  })

  it("is committed only once", () => {
    const hook = open(makeCluster(), "app/0")
    hook.commit()
    expect(() => hook.commit()).toThrow("commit it only once")
  })

  it("does not get through from a unit that cannot reach the controller", () => {
    const model = makeCluster()
    const unit = model.units.get("app/1")
    if (unit === undefined) throw new Error("no app/1")
    unit.partitioned = true
    const hook = open(model, "app/1", peerHook("changed", "app/0"))
    expect(failure(hook.call("status-set", "active"))).toEqual([
      1,
      "ERROR connection is shut down\n"
    ])
    expect(failure(hook.call("relation-get"))).toEqual([1, "ERROR connection is shut down\n"])
    hook.out("juju-log", "still here")
    hook.out("relation-set", "k=v")
    expect(hook.commit()).toEqual({ ok: false, error: "connection is shut down" })
    expect(open(model, "app/1").commit()).toEqual({ ok: true })
  })
})

describe("leadership at the commit (M10)", () => {
  const lost = {
    ok: false,
    error: 'prerequisites failed: "app/0" is not leader of "app"'
  }

  it("rolls the unit's own databags back too when the lease ran out in the hook", () => {
    const model = makeCluster()
    const hook = open(model, "app/0", dbHook("changed"))
    hook.out("relation-set", "--app", "k=app")
    hook.out("relation-set", "k=unit")
    hook.out("status-set", "active", "stays")
    expireLease(model, "app")
    expect(hook.commit()).toEqual(lost)
    expect(open(model, "mysql/0").out("relation-get", "-r1", "k", "app/0")).toBe("")
    expect(open(model, "mysql/0").out("relation-get", "-r1", "--app", "k", "app")).toBe("")
    expect(model.units.get("app/0")?.status.message).toBe("stays")
  })

  it("rolls back when time alone took the lease, or another unit has it", () => {
    const late = makeCluster()
    const hook = open(late, "app/0", dbHook("changed"))
    hook.out("relation-set", "--app", "k=app")
    late.now += 60_000
    expect(hook.commit()).toEqual(lost)

    const moved = makeCluster()
    const other = open(moved, "app/0", dbHook("changed"))
    other.out("relation-set", "--app", "k=app")
    electLeader(moved, "app/1", 60_000)
    expect(other.commit()).toEqual(lost)
  })

  it("fences an application write that changes nothing, but no unit write", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r1", "--app", "k=v"))
    const same = open(model, "app/0")
    same.out("relation-set", "-r1", "--app", "k=v")
    const own = open(model, "app/0")
    own.out("relation-set", "-r1", "k=v")
    own.out("relation-get", "-r1", "--app", "-", "app")
    expireLease(model, "app")
    expect(same.commit()).toEqual(lost)
    expect(own.commit()).toEqual({ ok: true })
  })

  it("answers is-leader from the ticket for half the lease, then asks", () => {
    const model = makeCluster()
    const unit = model.units.get("app/0")
    if (unit === undefined) throw new Error("no app/0")
    unit.partitioned = true
    expect(open(model, "app/0").out("is-leader")).toBe("True\n")
    model.now += 29_999
    expect(open(model, "app/0").out("is-leader")).toBe("True\n")
    model.now += 1
    expect(open(model, "app/0").out("is-leader")).toBe("False\n")
    unit.partitioned = false
    expect(open(model, "app/0").out("is-leader")).toBe("True\n")
    model.now += 30_000
    expect(open(model, "app/0").out("is-leader")).toBe("False\n")
  })

  it("never answers yes again in a hook that was answered no", () => {
    const model = makeCluster()
    const hook = open(model, "app/1")
    expect(hook.out("is-leader")).toBe("False\n")
    electLeader(model, "app/1", 60_000)
    expect(hook.out("is-leader")).toBe("False\n")
    expect(open(model, "app/1").out("is-leader")).toBe("True\n")
  })

  it("counts a term per holder, not per renewal", () => {
    const model = makeCluster()
    const term = () => model.applications.get("app")?.lease?.term
    expect(term()).toBe(1)
    model.now += 30_000
    grantLease(model, "app/0", 60_000)
    expect(term()).toBe(1)
    electLeader(model, "app/2", 60_000)
    expect(term()).toBe(2)
    electLeader(model, "app/0", 60_000)
    expect(term()).toBe(3)
    model.now += 60_001
    grantLease(model, "app/0", 60_000)
    expect(term()).toBe(4)
  })

  it("lets the last writer win over what the leader had loaded", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r0", "--app", "a=1", "b=1"))
    const slow = open(model, "app/0")
    slow.out("relation-set", "-r0", "--app", "a=2")
    electLeader(model, "app/1", 60_000)
    commit(model, "app/1", ({ out }) => out("relation-set", "-r0", "--app", "b=2"))
    electLeader(model, "app/0", 60_000)
    expect(slow.commit()).toEqual({ ok: true })
    const bag = model.relations.get(PEERS)?.applications.get("app")?.content
    expect(bag).toEqual(
      new Map([
        ["a", "2"],
        ["b", "1"]
      ])
    )
  })
})
