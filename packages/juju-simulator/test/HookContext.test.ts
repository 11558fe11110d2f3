import { describe, expect, it } from "vitest"
import { UnitCache } from "../src/HookContext.ts"
import {
  addUnit,
  electLeader,
  enterScope,
  expireLease,
  grantLease,
  leaveScope
} from "../src/ModelChange.ts"
import { commit, DB, dbHook, failure, makeCluster, open, PEERS, peerHook } from "./Cluster.ts"

const PATHS = { charmDir: "/c", socketPath: "/s", toolsDir: "/t" }

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

describe("the read cache (M8)", () => {
  it("keeps a peer's settings until its changed, and reads the application's in every hook", () => {
    const model = makeCluster()
    const cache = new UnitCache()
    const set = (value: string) =>
      commit(model, "app/0", ({ out }) => {
        out("relation-set", "-r0", `k=${value}`)
        out("relation-set", "-r0", "--app", `k=${value}`)
      })
    const read = (invocation = {}) => {
      const hook = open(model, "app/1", invocation, cache)
      return [
        hook.out("relation-get", "-r0", "k", "app/0"),
        hook.out("relation-get", "-r0", "--app", "k", "app")
      ]
    }
    set("1")
    expect(read({ name: "config-changed" })).toEqual(["1\n", "1\n"])
    set("2")
    expect(read({ name: "config-changed" })).toEqual(["1\n", "2\n"])
    expect(read(peerHook("changed", "app/2"))).toEqual(["1\n", "2\n"])
    expect(read(peerHook("changed", "app/0"))).toEqual(["2\n", "2\n"])
  })

  it("is stable within a hook", () => {
    const model = makeCluster()
    const hook = open(model, "app/1", peerHook("changed", "app/0"))
    const read = () => hook.out("relation-get", "--app", "k") + hook.out("relation-get", "k")
    expect(read()).toBe("")
    commit(model, "app/0", ({ out }) => {
      out("relation-set", "-r0", "--app", "k=1")
      out("relation-set", "-r0", "k=1")
    })
    expect(read()).toBe("")
  })

  it("is empty after an agent restart", () => {
    const model = makeCluster()
    const cache = new UnitCache()
    open(model, "app/1", {}, cache).out("relation-get", "-r0", "k", "app/0")
    commit(model, "app/0", ({ out }) => out("relation-set", "-r0", "k=1"))
    expect(open(model, "app/1", {}, cache).out("relation-get", "-r0", "k", "app/0")).toBe("")
    expect(open(model, "app/1").out("relation-get", "-r0", "k", "app/0")).toBe("1\n")
  })

  it("forgets units that are no members after each hook", () => {
    const model = makeCluster()
    const cache = new UnitCache()
    model.units.get("app/1")?.progress.get(PEERS)?.members.delete("app/0")
    const read = () => open(model, "app/1", {}, cache).out("relation-get", "-r0", "k", "app/0")
    expect(read()).toBe("")
    commit(model, "app/0", ({ out }) => out("relation-set", "-r0", "k=1"))
    expect(read()).toBe("1\n")
  })

  it("shows a unit that left and came back as of its new joined", () => {
    const model = makeCluster()
    const cache = new UnitCache()
    const members = model.units.get("app/1")?.progress.get(PEERS)?.members
    commit(model, "app/0", ({ out }) => out("relation-set", "-r0", "k=1"))
    const read = (invocation = {}) =>
      open(model, "app/1", invocation, cache).out("relation-get", "-r0", "k", "app/0")
    expect(read()).toBe("1\n")
    expect(read(peerHook("departed", "app/0"))).toBe("1\n")
    members?.delete("app/0")
    leaveScope(model, PEERS, "app/0")
    enterScope(model, PEERS, "app/0")
    expect(read(peerHook("joined", "app/0"))).toBe("")
  })
})

describe("the environment of a process (M9)", () => {
  const BASE = {
    CHARM_DIR: "/c",
    JUJU_CHARM_DIR: "/c",
    JUJU_CONTEXT_ID: "app/0-test",
    JUJU_HOOK_NAME: "",
    JUJU_AGENT_SOCKET_ADDRESS: "/s",
    JUJU_AGENT_SOCKET_NETWORK: "unix",
    JUJU_UNIT_NAME: "app/0",
    JUJU_MODEL_UUID: "00000000-0000-4000-8000-000000000000",
    JUJU_MODEL_NAME: "simulated",
    JUJU_API_ADDRESSES: "10.0.0.1:17070",
    JUJU_SLA: "unsupported",
    JUJU_MACHINE_ID: "0",
    JUJU_PRINCIPAL_UNIT: "",
    JUJU_AVAILABILITY_ZONE: "",
    JUJU_VERSION: "3.6.8",
    CLOUD_API_VERSION: "",
    JUJU_CHARM_HTTP_PROXY: "",
    JUJU_CHARM_HTTPS_PROXY: "",
    JUJU_CHARM_FTP_PROXY: "",
    JUJU_CHARM_NO_PROXY: "",
    APT_LISTCHANGES_FRONTEND: "none",
    DEBIAN_FRONTEND: "noninteractive",
    LANG: "C.UTF-8",
    TERM: "tmux-256color",
    PATH: "/t:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
  }
  const environment = (invocation: Parameters<typeof open>[2]) =>
    open(makeCluster(), "app/0", invocation).environment(PATHS)

  it("of a juju-exec has no hook and no dispatch path", () => {
    expect(environment({ kind: "juju-exec", name: "" })).toEqual(BASE)
  })

  it("of a relation hook names the relation and the remote side", () => {
    const hook = {
      ...BASE,
      JUJU_HOOK_NAME: "db-relation-changed",
      JUJU_DISPATCH_PATH: "hooks/db-relation-changed",
      JUJU_RELATION: "db",
      JUJU_RELATION_ID: "db:1",
      JUJU_REMOTE_UNIT: "mysql/0",
      JUJU_REMOTE_APP: "mysql"
    }
    expect(environment(dbHook("changed"))).toEqual(hook)
    const { remoteUnit: _, ...applicationHook } = dbHook("changed")
    expect(environment(applicationHook)).toEqual({ ...hook, JUJU_REMOTE_UNIT: "" })
  })

  it("of a departed hook names who leaves", () => {
    expect(environment({ ...dbHook("departed"), departingUnit: "mysql/0" })).toMatchObject({
      JUJU_DISPATCH_PATH: "hooks/db-relation-departed",
      JUJU_DEPARTING_UNIT: "mysql/0"
    })
  })

  it("of an action names the action and no hook", () => {
    const action = { name: "backup", id: "3", params: {} }
    expect(environment({ kind: "action", name: "backup", action })).toEqual({
      ...BASE,
      JUJU_DISPATCH_PATH: "actions/backup",
      JUJU_ACTION_NAME: "backup",
      JUJU_ACTION_UUID: "3",
      JUJU_ACTION_TAG: "action-3"
    })
  })

  it("of a secret hook names the secret, and the revision only where it matters", () => {
    const secret = { id: "c0000000000000000001", label: "join", revision: 2 }
    const uri = "secret://00000000-0000-4000-8000-000000000000/c0000000000000000001"
    const changed = environment({ name: "secret-changed", secret })
    expect(changed).toMatchObject({ JUJU_SECRET_ID: uri, JUJU_SECRET_LABEL: "join" })
    expect(changed).not.toHaveProperty("JUJU_SECRET_REVISION")
    expect(environment({ name: "secret-remove", secret })).toMatchObject({
      JUJU_SECRET_REVISION: "2"
    })
  })

  it("differs in 4.0, and by machine and principal", () => {
    const model = makeCluster(1, { profile: "4.0" })
    addUnit(model, "app", { principal: "mysql/0", hostname: "db-host" })
    const environment = open(model, "app/1").environment(PATHS)
    expect(environment).not.toHaveProperty("JUJU_SLA")
    expect(environment).toMatchObject({
      JUJU_PRINCIPAL_UNIT: "mysql/0",
      JUJU_MACHINE_ID: model.units.get("mysql/0")?.machine,
      JUJU_VERSION: "4.0.0"
    })
  })
})
