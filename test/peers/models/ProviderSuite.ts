// What is known of the deployed distributors, given/when/then: of all of them, and of LIBPATCH 2 alone. Run against the
// models and, for LIBPATCH 2, against the library itself.
import { expect, it } from "vitest"
import type { CharmProgram } from "./CharmHook.ts"
import { type FakeRelation, FakeUnit, fakeRelation } from "./FakeUnit.ts"

/** The hook in which a distributor works. */
export const CHANGED = "microcluster-cluster-relation-changed"

/** A relation of distributor d/0 with the given member units and own bag. */
export const relationOf = (units: FakeRelation["units"], own: Record<string, string> = {}) =>
  fakeRelation("microcluster-cluster:0", units, { "d/0": own })

/** What holds for every dialect. */
export const providerSuite = (provider: () => CharmProgram): void => {
  it("says up without being told anything", async () => {
    const relation = relationOf({})
    expect(await new FakeUnit(provider(), "d/0", [relation]).hook(CHANGED, relation)).toBe(0)
    expect(relation.bags["d/0"]).toEqual({ mirror: "up" })
  })

  it("mirrors the mirror- keys of units that are up, and nothing else", async () => {
    const relation = relationOf({
      "m/0": { suits: "hearts", "mirror-highcards": "king", mirror: "up" },
      "m/1": { "mirror-data": "413", data: "612", mirror: "up" },
      "m/2": { mirror_123: "abc", "mirror-abc": "123", mirror: "up" },
      "m/3": { mirror: "up", beverage: "coffee" },
      "m/4": { "mirror-": "sus", mirror: "up" },
      "m/5": { "mirror-feferi": "meenah" },
      "m/6": { "mirror-superman": "krypton", mirror: "down" }
    })
    await new FakeUnit(provider(), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toEqual({
      mirror: "up",
      "mirror-highcards": "king",
      "mirror-data": "413",
      "mirror-abc": "123",
      "mirror-": "sus"
    })
  })

  it("announces the hosts it does not know yet, and leaves the others alone", async () => {
    const relation = relationOf(
      {
        "m/0": { hostname: "karkat" },
        "m/1": { hostname: "terezi", mirror: "up" },
        "m/2": { hostname: "gamzee", mirror: "down" },
        "m/3": { hostname: "eridan" },
        "m/4": { hostname: "sollux", data: "612" },
        "m/5": { hostname: "zapano" },
        "m/6": { "host-name": "vriska" },
        "m/7": { nodename: "equius" }
      },
      { "mirror-eridan": "token", "mirror-kanaya": "x", "mirror-zapano": "empty" }
    )
    const unit = new FakeUnit(provider(), "d/0", [relation])
    await unit.hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toEqual({
      mirror: "up",
      "mirror-eridan": "token",
      "mirror-kanaya": "x",
      "mirror-zapano": "empty",
      "mirror-karkat": "empty",
      "mirror-terezi": "empty",
      "mirror-gamzee": "empty",
      "mirror-sollux": "empty"
    })
    expect(unit.log.filter((line) => line.includes("added"))).toHaveLength(4)
  })

  it.each([
    { was: "up", leader: true, shows: { mirror: "up", "mirror-h": "empty" } },
    { was: undefined, leader: true, shows: { mirror: "up", "mirror-h": "empty" } },
    { was: "up", leader: false, shows: { mirror: "down" } },
    { was: undefined, leader: false, shows: {} }
  ])("on leader-elected with $leader after $was shows $shows", async ({ was, leader, shows }) => {
    const relation = relationOf({ "m/0": { hostname: "h" } }, was ? { mirror: was } : {})
    const unit = new FakeUnit(provider(), "d/0", [relation])
    unit.leader = leader
    await unit.hook("leader-elected")
    expect(relation.bags["d/0"]).toEqual(shows)
  })

  it("replaces the placeholder with the token", async () => {
    const relation = relationOf(
      { "m/0": { mirror: "up", "mirror-h": "token" } },
      { "mirror-h": "empty" }
    )
    await new FakeUnit(provider(), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toMatchObject({ "mirror-h": "token" })
  })

  it("does not see that two units have one host name (B27)", async () => {
    const relation = relationOf({ "m/0": { hostname: "h" }, "m/1": { hostname: "h" } })
    const unit = new FakeUnit(provider(), "d/0", [relation])
    await unit.hook(CHANGED, relation)
    expect(unit.log.filter((line) => line.includes("added"))).toHaveLength(1)
  })

  it("does nothing on relation-changed without the leadership", async () => {
    const relation = relationOf({ "m/0": { hostname: "h" } })
    const unit = new FakeUnit(provider(), "d/0", [relation])
    unit.leader = false
    await unit.hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toEqual({})
  })

  it("shows active after start", async () => {
    const unit = new FakeUnit(provider(), "d/0", [])
    await unit.hook("start")
    expect(unit.statuses).toEqual(["active: "])
  })
}

/** What LIBPATCH 2 does; `seed` chooses the set order where it can be chosen. */
export const providerV2Suite = (provider: (seed: number) => CharmProgram): void => {
  it("copies keys that merely contain mirror- (B1)", async () => {
    const relation = relationOf({ "m/0": { mirror: "up", "foo-mirror-bar": "x" } })
    await new FakeUnit(provider(0), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toEqual({ mirror: "up", "foo-mirror-bar": "x" })
  })

  it("overwrites what it holds as set order has it (B2)", async () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 64 && outcomes.size < 2; seed++) {
      const relation = relationOf({
        "m/0": { mirror: "up", "mirror-h": "one" },
        "m/1": { mirror: "up", "mirror-h": "empty" },
        "m/2": { mirror: "up", "mirror-h": "two" }
      })
      await new FakeUnit(provider(seed), "d/0", [relation]).hook(CHANGED, relation)
      outcomes.add(relation.bags["d/0"]?.["mirror-h"] ?? "")
    }
    expect(outcomes.size).toBe(2)
  })

  it("overwrites a token with the placeholder (B2)", async () => {
    const relation = relationOf(
      { "m/0": { mirror: "up", "mirror-h": "empty" } },
      { "mirror-h": "token" }
    )
    await new FakeUnit(provider(0), "d/0", [relation]).hook(CHANGED, relation)
    expect(relation.bags["d/0"]).toMatchObject({ "mirror-h": "empty" })
  })

  it("fails leader-elected with two applications", async () => {
    const relations = ["0", "1"].map((n) => fakeRelation(`microcluster-cluster:${n}`, {}))
    const unit = new FakeUnit(provider(0), "d/0", relations)
    expect(await unit.hook("leader-elected")).toBe(1)
    expect(unit.log.join("\n")).toContain("TooManyRelatedAppsError")
  })
}
