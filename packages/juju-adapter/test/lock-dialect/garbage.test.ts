// Databags that anybody could have written: readers and writers do not throw, and what is written can be read again.
import { assert, it } from "@effect/vitest"
import { type LockReading, type LockScene, ParticipantId } from "@rollcall/core"
import { jujuLockDialect, lockDialectNames } from "../../src/index.ts"
import { application, ask, deployed, ours } from "./models/Fleet.ts"
import { chances } from "./models/Play.ts"

const PIECES = [
  "",
  "[]",
  "{}",
  "null",
  "NaN",
  '"',
  "\\",
  "[{}]",
  '["{}"]',
  '[{"callback_id":"x","requested_at":"1e999"}]',
  "9999-12-31T23:59:59.999999+00:00",
  "1771848000.0",
  "-1",
  "retry-hold",
  "acquire",
  "etcd",
  "app/1",
  "😀\u0000"
]

/** A roll in the middle, in one form. */
const scene = async (form: "v1" | "charmlibs") => {
  const app = application([ours(form)], [ours(form)], [deployed(form)])
  for (const unit of app.units) {
    for (const i of [1, 2]) await app.hook(unit, "relation-changed", { ...ask, kwargs: { i } })
  }
  for (let round = 0; round < 3; round++) for (const unit of app.units) await app.hook(unit)
  return app
}

const spoiled = (bag: ReadonlyMap<string, string>, chance: () => number) => {
  const next = new Map(bag)
  const keys = [...next.keys(), "callback_override", "coordinator", "<ops.model.Unit app/2>"]
  for (let i = 0; i < 2; i++) {
    const key = keys[Math.floor(chance() * keys.length)] ?? "state"
    const was = next.get(key) ?? ""
    const at = Math.floor(chance() * was.length)
    const piece = PIECES[Math.floor(chance() * PIECES.length)] ?? ""
    const value = chance() < 0.3 ? piece : `${was.slice(0, at)}${piece}${was.slice(at + 1)}`
    if (value === "") next.delete(key)
    else next.set(key, value)
  }
  return next
}

it.each(["v1", "charmlibs"] as const)("%s: nothing throws", async (form) => {
  const app = await scene(form)
  const chance = chances(7)
  let unreadable = 0
  for (let round = 0; round < 3000; round++) {
    const dialect = jujuLockDialect(lockDialectNames[round % 3] ?? "v1", { lock: "restart" })
    const self = ParticipantId.make(app.units[round % 2] ?? "app/0")
    const shared = spoiled(app.app, chance)
    const registers = new Map(
      [...app.bags].map(([unit, bag]) => [ParticipantId.make(unit), spoiled(bag, chance)] as const)
    )
    const reading: LockReading = { self, leader: chance() < 0.5, participant: undefined, registers }
    const scene: LockScene = { self, nowMillis: 1_800_000_000_000, registers, shared }
    for (const [participant, entries] of registers) {
      const register = dialect.decodeRequests(entries, shared, { ...reading, participant })
      if (register._tag === "Unreadable") unreadable++
      if (register._tag === "Unreadable" || participant !== self) continue
      const own = dialect.encodeRequests(register.record, scene)
      const again = dialect.decodeRequests(own, shared, { ...reading, participant })
      assert.strictEqual(again._tag, "Readable")
      const tickets = (each: typeof register) => each.record.queue.map(({ ticket }) => ticket)
      if (again._tag === "Readable") assert.deepStrictEqual(tickets(again), tickets(register))
    }
    const grants = dialect.decodeGrants(shared, reading)
    if (grants._tag === "Unreadable") continue
    const written = dialect.encodeGrants(grants.record, scene)
    const again = dialect.decodeGrants(written, reading)
    assert.strictEqual(again._tag, "Readable")
    if (again._tag !== "Readable") continue
    const holders = (each: typeof grants) => each.record.grants.map((grant) => grant.participant)
    assert.deepStrictEqual(holders(again), holders(grants), JSON.stringify([...shared]))
  }
  assert.isAbove(unreadable, 100)
})
