import { describe, expect, it } from "vitest"
import { UnitCache } from "../src/HookContext.ts"
import { enterScope, leaveScope } from "../src/ModelChange.ts"
import { commit, makeCluster, open, PEERS, peerHook } from "./Cluster.ts"

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

  it("lists no unit that the agent has been told is gone", () => {
    const model = makeCluster()
    const cache = new UnitCache()
    expect(open(model, "app/1", {}, cache).out("relation-list", "-r0")).toBe("app/0\napp/2\n")
    model.units.get("app/1")?.progress.get(PEERS)?.members.delete("app/0")
    expect(open(model, "app/1", {}, cache).out("relation-list", "-r0")).toBe("app/2\n")
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
