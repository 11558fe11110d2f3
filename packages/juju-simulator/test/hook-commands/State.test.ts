import { describe, expect, it } from "vitest"
import { commit, failure, makeCluster, open } from "../Cluster.ts"

describe("state-* (S7)", () => {
  it("stores on success, and reads its own writes before", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    expect(hook.out("state-get", "--format=json")).toBe("{}\n")
    hook.out("state-set", "a=1", "b=", "c=3")
    hook.out("state-delete", "c")
    expect(hook.out("state-get", "--format=json")).toBe('{"a":"1","b":""}\n')
    expect(hook.out("state-get", "a")).toBe("1\n")
    expect(open(model, "app/0").out("state-get", "a")).toBe("")
    hook.commit()
    expect(open(model, "app/0").out("state-get", "--format=json", "-")).toBe('{"a":"1","b":""}\n')
    expect(open(model, "app/1").out("state-get", "--format=json")).toBe("{}\n")
  })

  it("forgets with a failed hook", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("state-set", "a=1")
    hook.discard()
    expect(open(model, "app/0").out("state-get", "a")).toBe("")
  })

  it("prints a missing key as the empty string, unless --strict", () => {
    const hook = open(makeCluster(), "app/0")
    expect(hook.out("state-get", "k")).toBe("")
    expect(hook.out("state-get", "k", "--format=json")).toBe('""\n')
    expect(hook.out("state-get", "k", "--format=yaml")).toBe('""\n')
    expect(failure(hook.call("state-get", "--strict", "k"))).toEqual([1, 'ERROR "k" not found\n'])
  })

  it("takes YAML on stdin, and deletes and sets nothing quietly", () => {
    const hook = open(makeCluster(), "app/0")
    hook.feed("text: |\n  a\n  b\nn: 5\n", "state-set", "--file", "-")
    expect(hook.out("state-get", "--format=json")).toBe('{"n":"5","text":"a\\nb\\n"}\n')
    expect(hook.out("state-delete", "absent")).toBe("")
    expect(hook.out("state-delete")).toBe("")
    expect(hook.out("state-set")).toBe("")
    expect(failure(hook.call("state-delete", "a", "b"))).toEqual([
      2,
      'ERROR unrecognized args: ["b"]\n'
    ])
  })

  it.each([
    ["3.6", ""],
    ["4.0", " quota limit exceeded"]
  ] as const)("refuses long keys and values at once (%s)", (profile, suffix) => {
    const hook = open(makeCluster(1, { profile }), "app/0")
    expect(hook.call("state-set", `${"k".repeat(256)}=${"v".repeat(65536)}`).code).toBe(0)
    expect(failure(hook.call("state-set", `${"k".repeat(257)}=1`))).toEqual([
      1,
      `ERROR max allowed key length (256) exceeded${suffix}\n`
    ])
    expect(failure(hook.call("state-set", `k=${"é".repeat(32769)}`))).toEqual([
      1,
      `ERROR max allowed value length (65536) exceeded${suffix}\n`
    ])
  })

  it("refuses too much in total at the commit, and then stores nothing of the hook", () => {
    const model = makeCluster()
    const hook = open(model, "app/0")
    hook.out("relation-set", "-r1", "k=v")
    for (let key = 0; key < 33; key += 1) hook.out("state-set", `k${key}=${"v".repeat(65536)}`)
    expect(hook.commit()).toEqual({ ok: false, error: "max allowed size (2097152) exceeded" })
    expect(open(model, "app/0").out("state-get", "k0")).toBe("")
    expect(open(model, "app/0").out("relation-get", "-r1", "k", "app/0")).toBe("")
  })

  it("prints an empty store as null in JSON since 4.0", () => {
    const hook = open(makeCluster(1, { profile: "4.0" }), "app/0")
    expect(hook.out("state-get", "--format=json")).toBe("null\n")
    expect(hook.out("state-get")).toBe("{}\n")
  })
})

describe("leader settings (S9)", () => {
  it("are written at once by the leader and read by everybody", () => {
    const model = makeCluster()
    const leader = open(model, "app/0")
    leader.out("leader-set", "k=v", "gone=")
    leader.discard()
    expect(open(model, "app/1").out("leader-get", "--format=json")).toBe('{"k":"v"}\n')
    expect(open(model, "app/1").out("leader-get", "k")).toBe("v\n")
    expect(open(model, "app/1").out("leader-get", "none", "--format=json")).toBe("null\n")
  })

  it("have a version that changes only for a real difference", () => {
    const model = makeCluster()
    const version = () => model.applications.get("app")?.leaderSettings.version
    commit(model, "app/0", ({ out }) => out("leader-set", "k=v"))
    expect(version()).toBe(1)
    commit(model, "app/0", ({ out }) => out("leader-set", "k=v", "absent="))
    expect(version()).toBe(1)
  })

  it("are read once per hook", () => {
    const model = makeCluster()
    const follower = open(model, "app/1")
    expect(follower.out("leader-get", "k")).toBe("")
    open(model, "app/0").out("leader-set", "k=v")
    expect(follower.out("leader-get", "k")).toBe("")
    expect(open(model, "app/1").out("leader-get", "k")).toBe("v\n")
  })

  it("refuse followers and nonsense", () => {
    const follower = open(makeCluster(), "app/1")
    expect(failure(follower.call("leader-set", "k=v"))).toEqual([
      1,
      "ERROR cannot write leadership settings: cannot write settings: not the leader\n"
    ])
    expect(failure(follower.call("leader-get", "a=b"))).toEqual([2, 'ERROR invalid key "a=b"\n'])
    expect(failure(follower.call("leader-set", "k"))).toEqual([
      2,
      'ERROR expected "key=value", got "k"\n'
    ])
  })

  it("are gone in 4.0", () => {
    const hook = open(makeCluster(1, { profile: "4.0" }), "app/0")
    for (const command of ["leader-get", "leader-set"]) {
      expect(failure(hook.call(command))).toEqual([
        1,
        `ERROR bad request: unknown hook command: ${command}\n`
      ])
    }
  })
})
