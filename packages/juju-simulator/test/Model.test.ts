import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseMetadata, readMetadata } from "../src/Metadata.ts"
import { counterpartsOf, holdsLease, makeModel, relationOf, unitOf } from "../src/Model.ts"
import {
  addApplication,
  addUnit,
  enterScope,
  finalRemoveUnit,
  leaveScope,
  relate,
  removeRelation,
  removeUnit,
  setConfig,
  upgradeCharm
} from "../src/ModelChange.ts"
import { DB, makeCluster, PEERS } from "./Cluster.ts"

const charm = (metadata: Readonly<Record<string, unknown>>) => parseMetadata({ metadata })

describe("a charm's metadata", () => {
  it("is read from separate files, or from charmcraft.yaml alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "charm-"))
    writeFileSync(
      join(folder, "charmcraft.yaml"),
      "name: craft\nconfig: {options: {n: {type: int, default: 3}}}\nactions: {go: {params: {p: {type: integer, default: 1}}}}\n"
    )
    expect(readMetadata(folder)).toMatchObject({ name: "craft", subordinate: false })
    expect(readMetadata(folder).options.get("n")).toEqual({ type: "int", default: 3 })
    expect(readMetadata(folder).actions.get("go")).toEqual({ defaults: { p: 1 } })
    writeFileSync(
      join(folder, "metadata.yaml"),
      "name: meta\nsubordinate: true\nrequires:\n  host: {interface: juju-info, scope: container}\n  db: mysql\npeers: {p: {interface: x, limit: 3}}\n"
    )
    writeFileSync(join(folder, "config.yaml"), "options: {flag: {type: boolean}}\n")
    writeFileSync(join(folder, "actions.yaml"), "stop: {}\n")
    const metadata = readMetadata(folder)
    expect(metadata).toMatchObject({ name: "meta", subordinate: true })
    expect([...metadata.endpoints.values()]).toEqual([
      { name: "host", role: "requirer", interface: "juju-info", scope: "container" },
      { name: "db", role: "requirer", interface: "mysql", scope: "global" },
      { name: "p", role: "peer", interface: "x", scope: "global", limit: 3 }
    ])
    expect([...metadata.options]).toEqual([["flag", { type: "boolean" }]])
    expect([...metadata.actions.keys()]).toEqual(["stop"])
    rmSync(folder, { recursive: true })
  })

  it("needs a name", () => {
    expect(() => charm({})).toThrow("the charm has no name")
  })
})

describe("relations", () => {
  it("are found by their interfaces, requirer first in the key", () => {
    const model = makeModel()
    addApplication(
      model,
      "web",
      charm({ name: "web", requires: { db: "sql" }, provides: { http: "http" } })
    )
    addApplication(model, "pg", charm({ name: "pg", provides: { sql: "sql", admin: "sql" } }))
    expect(() => relate(model, "web", "pg")).toThrow("can be related in 2 ways")
    expect(() => relate(model, "web:http", "pg")).toThrow("no endpoints")
    expect(relate(model, "pg:sql", "web").key).toBe("web:db pg:sql")
    expect(() => relate(model, "pg:sql", "web")).toThrow("exists already")
    expect(() => relate(model, "nope", "web")).toThrow('no application "nope"')
  })

  it("of peers are there from the start, and after an upgrade that brings them", () => {
    const model = makeModel()
    addApplication(model, "app", charm({ name: "app" }))
    expect(model.relations.size).toBe(0)
    upgradeCharm(model, "app", charm({ name: "app", peers: { p: "x" } }))
    upgradeCharm(model, "app", charm({ name: "app", peers: { p: "x" } }))
    expect([...model.relations.values()].map((relation) => relation.key)).toEqual(["app:p"])
    expect(model.applications.get("app")?.charmRevision).toBe(2)
  })

  it("stay until the last unit has left", () => {
    const model = makeCluster(1)
    leaveScope(model, PEERS, "app/0")
    expect(model.relations.has(PEERS)).toBe(true)
    removeRelation(model, DB)
    expect(relationOf(model, DB).life).toBe("dying")
    leaveScope(model, DB, "app/0")
    expect(model.relations.has(DB)).toBe(true)
    leaveScope(model, DB, "mysql/0")
    expect(model.relations.has(DB)).toBe(false)
    expect(() => relationOf(model, DB)).toThrow("no relation")
    expect(unitOf(model, "app/0").progress.has(DB)).toBe(false)
  })

  it("are overwritten by a unit that comes back", () => {
    const model = makeCluster(1)
    const before = relationOf(model, DB).scopes.get("app/0")?.settings.version ?? 0
    leaveScope(model, DB, "app/0")
    enterScope(model, DB, "app/0")
    const scope = relationOf(model, DB).scopes.get("app/0")
    expect(scope?.state).toBe("entered")
    expect(scope?.settings.version).toBe(before + 1)
  })
})

describe("units", () => {
  it("are numbered without reuse, each on a machine of its own", () => {
    const model = makeCluster(2)
    finalRemoveUnit(model, "app/1")
    const unit = addUnit(model, "app")
    expect(unit.name).toBe("app/2")
    const machines = [...model.units.values()].map((one) => one.machine)
    expect(new Set(machines).size).toBe(machines.length)
    const guest = addUnit(model, "mysql", { machine: unit.machine })
    expect(guest).toMatchObject({ address: unit.address, hostname: unit.hostname })
  })

  it("depart at once when they are removed, and take their lease along at the end", () => {
    const model = makeCluster(2)
    removeUnit(model, "app/0")
    expect(relationOf(model, PEERS).scopes.get("app/0")?.state).toBe("departing")
    expect(counterpartsOf(relationOf(model, PEERS), "app/1")).toEqual([])
    expect(holdsLease(model, "app/0")).toBe(true)
    finalRemoveUnit(model, "app/0")
    expect(model.applications.get("app")?.lease).toBeUndefined()
    expect(model.units.has("app/0")).toBe(false)
    expect(relationOf(model, PEERS).scopes.get("app/0")?.state).toBe("left")
  })
})

describe("config", () => {
  it("has a new version only for a real difference", () => {
    const model = makeCluster(1)
    const version = () => model.applications.get("app")?.configVersion
    setConfig(model, "app", { name: "x" })
    expect(version()).toBe(1)
    setConfig(model, "app", { name: "y" })
    expect(version()).toBe(2)
    setConfig(model, "app", { name: undefined })
    expect(version()).toBe(3)
    expect(() => setConfig(model, "app", { nope: 1 })).toThrow('no option "nope"')
  })
})
