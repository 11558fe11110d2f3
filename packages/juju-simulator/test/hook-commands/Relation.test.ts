import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { applicationOf } from "../../src/Model.ts"
import {
  addApplication,
  addUnit,
  enterScope,
  leaveScope,
  relate,
  removeRelation
} from "../../src/ModelChange.ts"
import { commit, DB, dbHook, failure, makeCluster, open, PEERS, peerHook } from "../Cluster.ts"

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

  it("lets the other side read the application's databag", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r", "1", "--app", "k=db"))
    expect(open(model, "mysql/0").out("relation-get", "-r1", "--app", "k", "app")).toBe("db\n")
  })
})

describe("relation-set", () => {
  it("reads its own writes, deleted keys hidden, and prints nothing", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r1", "old=1"))
    const hook = open(model, "app/0", dbHook("changed"))
    expect(hook.out("relation-set", "k=v", "old=", "private-address=")).toBe("")
    expect(JSON.parse(hook.out("relation-get", "-", "app/0", "--format=json"))).toEqual({
      "ingress-address": "10.0.0.2",
      "egress-subnets": "10.0.0.2/32",
      k: "v"
    })
  })

  it("trims arguments, but not a file", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    hook.out("relation-set", " k = v w ")
    expect(hook.out("relation-get", "k", "app/0", "--format=json")).toBe('"v w"\n')
    hook.feed('{"k": " v w "}', "relation-set", "--file", "-")
    expect(hook.out("relation-get", "k", "app/0", "--format=json")).toBe('" v w "\n')
  })

  it("asks for stdin only when it reads it", () => {
    const { run } = open(makeCluster(), "app/0", dbHook("changed"))
    const call = (...args: ReadonlyArray<string>) =>
      run({ command: "relation-set", args, cwd: "/tmp" })
    expect(call("--file", "-")).toEqual({ needStdin: true })
    expect(call("k=v")).toEqual({ code: 0, stdout: "", stderr: "" })
    expect(call("--file", "-", "novalue")).toMatchObject({ code: 2 })
  })

  it("keeps the literal text of a file's scalars; null deletes, arguments win", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    hook.out("relation-set", "gone=1")
    const file =
      "int: 5\nfloat: 1.50\nbool: yes\ndate: 2026-01-04\ngone: null\nhex: 0x1F\nk: file\n"
    hook.feed(file, "relation-set", "--file=-", "k=argument")
    expect(JSON.parse(hook.out("relation-get", "-", "app/0", "--format=json"))).toMatchObject({
      int: "5",
      float: "1.50",
      bool: "yes",
      date: "2026-01-04",
      hex: "0x1F",
      k: "argument"
    })
    expect(hook.out("relation-get", "gone", "app/0")).toBe("")
  })

  it("refuses files that are no map of strings", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    expect(failure(hook.feed("a: b\nc: {d: e}\n", "relation-set", "--file", "-"))).toEqual([
      1,
      "ERROR yaml: unmarshal errors:\n  line 2: cannot unmarshal !!map into string\n"
    ])
    expect(failure(hook.feed('{"a": ["b"]}', "relation-set", "--file", "-"))).toEqual([
      1,
      "ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string\n"
    ])
    expect(failure(hook.feed("nonsense", "relation-set", "--file", "-"))).toEqual([
      1,
      "ERROR yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `nonsense` into map[string]string\n"
    ])
    expect(failure(hook.call("relation-set", "--file", "none.yaml"))).toEqual([
      1,
      "ERROR open /tmp/none.yaml: no such file or directory\n"
    ])
    expect(hook.feed("", "relation-set", "--file", "-").code).toBe(0)
  })

  it("reads a file relative to the caller's folder", () => {
    const cwd = mkdtempSync(join(tmpdir(), "relation-set-"))
    writeFileSync(join(cwd, "bag.yaml"), "k: v\n")
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    hook.run({ command: "relation-set", args: ["--file", "bag.yaml"], cwd })
    expect(hook.out("relation-get", "k", "app/0")).toBe("v\n")
    rmSync(cwd, { recursive: true })
  })

  it.each([
    ['ERROR expected "key=value", got "foo"\n', ["foo"]],
    ['ERROR expected "key=value", got "=x"\n', ["=x"]],
    ['ERROR key "a" specified more than once\n', ["a=1", "a=2"]]
  ])("%s", (stderr, args) => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    expect(failure(hook.call("relation-set", ...args))).toEqual([2, stderr])
  })

  it("takes no pairs, empty arguments and a meaningless --format", () => {
    const hook = open(makeCluster(), "app/0", dbHook("changed"))
    expect(hook.out("relation-set")).toBe("")
    expect(hook.out("relation-set", "", "k=v")).toBe("")
    expect(hook.call("relation-set", "--format=json", "k=v")).toEqual({
      code: 0,
      stdout: "",
      stderr: '--format flag deprecated for command "relation-set"'
    })
    expect(failure(open(makeCluster(), "app/0").call("relation-set", "k=v"))).toEqual([
      2,
      "ERROR no relation id specified\n"
    ])
  })
})

describe("relation-ids", () => {
  it("sorts ids as strings, and defaults to the hook's endpoint", () => {
    const model = makeCluster(1)
    model.counters.relation = 10
    addApplication(model, "other", applicationOf(model, "mysql").metadata)
    enterScope(model, relate(model, "app:db", "other:server").id, "app/0")
    const hook = open(model, "app/0", dbHook("changed"))
    expect(hook.out("relation-ids")).toBe("db:1\ndb:10\n")
    expect(hook.out("relation-ids", "db", "--format=json")).toBe('["db:1","db:10"]\n')
    expect(hook.out("relation-ids", "unknown", "--format=json")).toBe("[]\n")
    expect(hook.out("relation-ids", "unknown")).toBe("")
    expect(failure(open(model, "app/0").call("relation-ids"))).toEqual([
      2,
      "ERROR no endpoint name specified\n"
    ])
  })

  it("lists only relations that the unit is in scope of", () => {
    const model = makeCluster(1)
    const late = addUnit(model, "app")
    const hook = open(model, late.name, { name: "install" })
    expect(hook.out("relation-ids", "peers", "--format=json")).toBe("[]\n")
    expect(failure(hook.call("relation-list", "-r", "0"))).toEqual([
      2,
      'ERROR invalid value "0" for option -r: relation not found\n'
    ])
  })

  it("leaves out a broken relation, which -r still knows", () => {
    const model = makeCluster(1)
    removeRelation(model, DB)
    expect(open(model, "app/0").out("relation-ids", "db")).toBe("db:1\n")
    model.units.get("app/0")?.progress.get(DB)?.members.clear()
    const hook = open(model, "app/0", { ...dbHook("changed"), name: "db-relation-broken" })
    expect(hook.out("relation-ids", "db", "--format=json")).toBe("[]\n")
    expect(hook.out("relation-list", "-r", "db:1", "--app")).toBe("mysql\n")
  })
})

describe("relation-list", () => {
  it("lists members sorted as strings; a joining unit is in, a departing one is out", () => {
    const model = makeCluster(12)
    expect(open(model, "app/1").out("relation-list", "-r0", "--format=json")).toBe(
      '["app/0","app/10","app/11","app/2","app/3","app/4","app/5","app/6","app/7","app/8","app/9"]\n'
    )
    model.units.get("app/1")?.progress.get(PEERS)?.members.clear()
    expect(open(model, "app/1").out("relation-list", "-r0", "--format=json")).toBe("[]\n")
    expect(open(model, "app/1").out("relation-list", "-r0")).toBe("")
    expect(open(model, "app/1", peerHook("joined", "app/7")).out("relation-list")).toBe("app/7\n")
    const departed = open(model, "app/0", peerHook("departed", "app/7")).out("relation-list")
    expect(departed.split("\n")).not.toContain("app/7")
    expect(departed.split("\n")).toContain("app/6")
  })

  it("names the remote application, for peers the own one", () => {
    const { out } = open(makeCluster(), "app/1")
    expect(out("relation-list", "-r0", "--app")).toBe("app\n")
    expect(out("relation-list", "-r1", "--app", "--format=json")).toBe('"mysql"\n')
    expect(out("relation-model-get", "-r1", "--format=json")).toBe(
      '{"uuid":"00000000-0000-4000-8000-000000000000"}\n'
    )
  })
})

describe("versions (M4)", () => {
  it("changes a version once per commit, and only for a real difference", () => {
    const model = makeCluster()
    const version = () => model.relations.get(DB)?.scopes.get("app/0")?.settings.version
    const before = version() ?? 0
    const set = (...pairs: ReadonlyArray<string>) =>
      commit(model, "app/0", ({ out }) => {
        for (const pair of pairs) out("relation-set", "-r1", pair)
      })
    set("k=1", "l=2")
    expect(version()).toBe(before + 1)
    set("k=1", "k=9", "k=1")
    expect(version()).toBe(before + 1)
    set("absent=")
    expect(version()).toBe(before + 1)
    set("k=2")
    set("k=1")
    expect(version()).toBe(before + 3)
  })

  it("versions by content in 4.0, so going back is no change", () => {
    const model = makeCluster(1, { profile: "4.0" })
    const version = () => model.relations.get(DB)?.applications.get("app")?.version
    const set = (pair: string) =>
      commit(model, "app/0", ({ out }) => out("relation-set", "-r1", "--app", pair))
    expect(version()).toBe(0)
    set("k=1")
    const first = version()
    set("k=2")
    expect(version()).not.toBe(first)
    set("k=1")
    expect(version()).toBe(first)
    set("k=")
    expect(version()).toBe(0)
  })

  it("leaves an application's databag at version 0 until something is written", () => {
    const model = makeCluster()
    commit(model, "app/0", ({ out }) => out("relation-set", "-r0", "--app", "k="))
    expect(model.relations.get(PEERS)?.applications.get("app")?.version).toBe(0)
  })
})
