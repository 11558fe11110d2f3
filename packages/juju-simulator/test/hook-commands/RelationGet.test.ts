import { describe, expect, it } from "vitest"
import { leaveScope } from "../../src/ModelChange.ts"
import { commit, DB, dbHook, failure, makeCluster, open, PEERS } from "../Cluster.ts"

const NETWORK = {
  "private-address": "10.0.0.5",
  "ingress-address": "10.0.0.5",
  "egress-subnets": "10.0.0.5/32"
}

describe("relation-get", () => {
  it("prints all keys of the hook's remote unit, with and without -", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    expect(JSON.parse(hook.out("relation-get", "--format=json"))).toEqual(NETWORK)
    expect(hook.out("relation-get", "-", "--format", "json")).toBe(
      hook.out("relation-get", "--format=json")
    )
    expect(hook.out("relation-get", "private-address")).toBe("10.0.0.5\n")
    expect(hook.out("relation-get")).toBe(
      "egress-subnets: 10.0.0.5/32\ningress-address: 10.0.0.5\nprivate-address: 10.0.0.5\n"
    )
  })

  it("falls back to the remote application when the hook has no remote unit", () => {
    const model = makeCluster()
    commit(model, "mysql/0", ({ out }) => out("relation-set", "-r", "1", "--app", "k=v"))
    const { remoteUnit: _, ...applicationHook } = dbHook("changed")
    expect(open(model, "app/0", applicationHook).out("relation-get", "k")).toBe("v\n")
  })

  it("turns a unit into its application with --app", () => {
    const model = makeCluster()
    commit(model, "mysql/0", ({ out }) => out("relation-set", "-r", "1", "--app", "k=v"))
    const hook = open(model, "app/0", dbHook("changed"))
    expect(hook.out("relation-get", "--app", "k", "mysql/0")).toBe("v\n")
    expect(hook.out("relation-get", "--app=true", "k")).toBe("v\n")
    expect(hook.out("relation-get", "--app", "k", "mysql")).toBe("v\n")
  })

  it.each([
    [2, "ERROR no relation id specified\n", ["-", "mysql/0"]],
    [2, "ERROR no unit or application specified\n", ["-r", "1"]],
    [2, "ERROR no unit or application specified\n", ["-r", "1", "--app"]],
    [2, 'ERROR expected unit name, got application name "mysql"\n', ["-r", "1", "-", "mysql"]],
    [2, 'ERROR invalid unit name "x y"\n', ["-r", "1", "-", "x y"]],
    [2, 'ERROR invalid unit name "mysql/01"\n', ["-r", "1", "-", "mysql/01"]],
    [2, 'ERROR unrecognized args: ["more"]\n', ["-r", "1", "-", "mysql/0", "more"]],
    [1, "ERROR permission denied\n", ["-r", "1", "-", "other/0"]],
    [1, "ERROR permission denied\n", ["-r", "1", "--app", "-", "other"]],
    [1, "ERROR permission denied\n", ["-r", "1", "--app", "-", "x y"]],
    [
      1,
      'ERROR cannot read settings for unit "mysql/99" in relation "app:db mysql:server": unit "mysql/99": settings not found\n',
      ["-r", "1", "-", "mysql/99"]
    ]
  ])("fails with %i %s", (code, stderr, args) => {
    expect(failure(open(makeCluster(), "app/0").call("relation-get", ...args))).toEqual([
      code,
      stderr
    ])
  })

  it("reads a departed unit as long as the relation is there", () => {
    const model = makeCluster()
    commit(model, "app/2", ({ out }) => out("relation-set", "-r", "0", "k=last words"))
    leaveScope(model, PEERS, "app/2")
    expect(open(model, "app/0").out("relation-get", "-r0", "k", "app/2")).toBe("last words\n")
  })

  it("says how a relation is gone as each version does", () => {
    for (const [profile, stderr] of [
      ["3.6", "ERROR permission denied\n"],
      ["4.0", "ERROR relation not found\n"]
    ] as const) {
      const model = makeCluster(1, { profile })
      const hook = open(model, "app/0", dbHook("changed"))
      hook.out("relation-list")
      model.relations.delete(DB)
      expect(failure(hook.call("relation-get", "-"))).toEqual([1, stderr])
    }
  })
})

describe("permissions (M6)", () => {
  it("lets nobody but the leader write the application's databag", () => {
    const follower = open(makeCluster(), "app/1", dbHook("changed"))
    expect(failure(follower.call("relation-set", "--app", "k=v"))).toEqual([
      1,
      "ERROR cannot write relation settings\n"
    ])
    expect(follower.commit()).toEqual({ ok: true })
  })

  it("shows the own application's databag to peers, but not to followers over other relations", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => {
      out("relation-set", "-r", "0", "--app", "k=peer")
      out("relation-set", "-r", "1", "--app", "k=db")
    })
    const follower = open(model, "app/1")
    expect(follower.out("relation-get", "-r0", "--app", "k", "app")).toBe("peer\n")
    expect(failure(follower.call("relation-get", "-r1", "--app", "k", "app"))).toEqual([
      1,
      "ERROR permission denied\n"
    ])
    expect(open(model, "app/0").out("relation-get", "-r1", "--app", "k", "app")).toBe("db\n")
  })

  it("lets a unit read its sibling over any relation, as machine charms always could", () => {
    const model = makeCluster()
    commit(model, "app/1", ({ out }) => out("relation-set", "-r", "1", "k=sibling"))
    expect(open(model, "app/0").out("relation-get", "-r1", "k", "app/1")).toBe("sibling\n")
  })

  it("lets the other side read the application's databag", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r", "1", "--app", "k=db"))
    expect(open(model, "mysql/0").out("relation-get", "-r1", "--app", "k", "app")).toBe("db\n")
  })
})
