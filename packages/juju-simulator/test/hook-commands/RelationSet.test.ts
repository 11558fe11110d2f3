import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { commit, DB, dbHook, failure, makeCluster, open, PEERS } from "../Cluster.ts"

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
