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
import { DB, dbHook, failure, makeCluster, open, PEERS, peerHook } from "../Cluster.ts"

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
    leaveScope(model, DB, "app/0")
    expect(open(model, "app/0").out("relation-ids", "db", "--format=json")).toBe("[]\n")
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
