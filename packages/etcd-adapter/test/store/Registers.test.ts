// The parts of the store that know nothing of etcd: keys, values, what writes make of registers, what changes show.
import { assert, describe, it } from "@effect/vitest"
import { ParticipantId, type Write } from "@rollcall/core"
import { ALL, addresseesOf, changed, nothingOwn, ownEntries } from "../../src/store/OwnRegisters.ts"
import { readRegister, registerText } from "../../src/store/RegisterText.ts"
import { Sight } from "../../src/store/Sight.ts"
import { storeKeys } from "../../src/store/StoreKeys.ts"

const a = ParticipantId.make("app/0")
const b = ParticipantId.make("app/1")
const keys = storeKeys("my formation/1")

describe("the keys of a formation", () => {
  it("hold names that look like paths, and give them back", () => {
    const register = keys.register("cluster:1", "app", a)
    assert.strictEqual(register, "store/1/my%20formation%2F1/show/cluster%3A1/app/of/app%2F0")
    assert.deepStrictEqual(keys.meaning(register), {
      _tag: "Register",
      group: "cluster:1",
      side: "app",
      of: a
    })
    assert.deepStrictEqual(keys.meaning(keys.addressed(b, "g", a)), {
      _tag: "Addressed",
      to: b,
      group: "g",
      from: a
    })
    assert.strictEqual(keys.meaning(keys.shared("g", "app"))._tag, "Shared")
    assert.strictEqual(keys.meaning(keys.lead("app"))._tag, "Lead")
  })

  it("do not take others' keys for theirs", () => {
    for (const key of [
      "store/1/other/lead/app",
      `${keys.lead("app")}/more`,
      `${keys.shows("g", "app")}%`
    ]) {
      assert.strictEqual(keys.meaning(key)._tag, "Foreign")
    }
  })
})

describe("what one participant has written", () => {
  const at = (place: Write["place"], key: string, value: string | undefined): Write => ({
    place,
    key,
    value
  })
  const own = { _tag: "own", group: "g" } as const
  const none = () => new Map()

  it("has each entry in one place, the last one", () => {
    const to = (participant: typeof a) => ({ _tag: "to", group: "g", participant }) as const
    const first = changed(nothingOwn, none, [at(to(a), "k", "1"), at(own, "j", "2")])
    assert.deepStrictEqual(addresseesOf(first.own), [["g", a]])
    assert.isTrue(first.addressees)
    const moved = changed(first.own, none, [at(to(b), "k", "1")])
    assert.deepStrictEqual(new Set(moved.registers.map(([, to]) => to)), new Set([a, b]))
    assert.deepStrictEqual(addresseesOf(moved.own), [["g", b]])
    const open = changed(moved.own, none, [at(own, "k", "1")])
    assert.deepStrictEqual(new Set(open.registers.map(([, to]) => to)), new Set([b, ALL]))
    assert.deepStrictEqual([...ownEntries(open.own, "g")].sort(), [
      ["j", "2"],
      ["k", "1"]
    ])
    assert.strictEqual(ownEntries(changed(open.own, none, [at(own, "k", "")]).own, "g").size, 1)
  })

  it("does not change when the same is written again", () => {
    const writes = [
      at(own, "k", "1"),
      at({ _tag: "private" }, "p", "2"),
      at({ _tag: "shared", group: "g" }, "s", "3")
    ]
    const before = changed(nothingOwn, none, writes)
    const again = changed(before.own, (group) => before.shared.get(group) ?? none(), writes)
    assert.deepStrictEqual(
      [again.registers.length, again.privately, again.shared.size, again.addressees],
      [0, false, 0, false]
    )
  })
})

describe("what one participant sees", () => {
  const sight = () => new Sight(a, keys, [{ id: "g", sides: ["app"] }])
  const put = (key: string, modRevision: number, value: string) => ({ key, modRevision, value })
  const register = keys.register("g", "app", b)

  it("never goes back to an older revision, whatever is told twice or late", () => {
    const seen = sight()
    assert.isTrue(seen.put(put(register, 5, '{"k":"new"}')))
    assert.isFalse(seen.put(put(register, 4, '{"k":"old"}')))
    assert.isFalse(seen.hear({ type: "delete", key: register, modRevision: 3 }))
    assert.strictEqual(seen.peersOf("g").get(b)?.get("k"), "new")
    assert.isTrue(seen.hear({ type: "delete", key: register, modRevision: 6 }))
    assert.isFalse(seen.peersOf("g").has(b))
  })

  it("is the same object until it changes, and wakes for nothing else", () => {
    const seen = sight()
    seen.put(put(register, 1, '{"k":"v"}'))
    const before = seen.peersOf("g").get(b)
    assert.isFalse(seen.put(put(register, 2, '{"k":"v"}')))
    assert.strictEqual(seen.peersOf("g").get(b), before)
    assert.isFalse(seen.put(put(keys.register("g", "app", a), 3, '{"k":"mine"}')))
  })

  it("shows what is meant for it only of those who are there", () => {
    const seen = sight()
    const letter = keys.addressed(a, "g", b)
    assert.isFalse(seen.put(put(letter, 1, '{"note":"n"}')))
    assert.isFalse(seen.peersOf("g").has(b))
    assert.isTrue(seen.put(put(register, 2, "{}")))
    assert.strictEqual(seen.peersOf("g").get(b)?.get("note"), "n")
  })

  it("forgets what a new reading does not find, and orders names as people count", () => {
    const seen = sight()
    for (const [index, number] of [10, 9, 2, 1].entries()) {
      seen.put(put(keys.register("g", "app", ParticipantId.make(`app/${number}`)), index + 1, "{}"))
    }
    assert.deepStrictEqual([...seen.peersOf("g").keys()].join(" "), "app/1 app/2 app/9 app/10")
    seen.load([put(register, 9, "{}")], 9)
    assert.deepStrictEqual([...seen.peersOf("g").keys()], [b])
  })

  it("names what it cannot read, until that is mended, and lets be what is not its own", () => {
    const seen = sight()
    assert.isFalse(seen.put(put(`${keys.shows("g", "app")}later`, 1, "of a later version")))
    for (const [index, value] of ["no json", "[]", '{"k":1}'].entries()) {
      assert.isTrue(seen.put(put(register, index + 1, value)))
      assert.deepStrictEqual([...seen.unreadable], [register])
    }
    assert.isTrue(seen.put(put(register, 9, "{}")))
    assert.strictEqual(seen.unreadable.size, 0)
  })
})

it("a register is read as it was written", () => {
  const entries = new Map([
    ["b", 'quote " and € and \n'],
    ["a", ""]
  ])
  assert.deepStrictEqual(readRegister(registerText(entries)), entries)
  assert.isUndefined(readRegister('{"k":null}'))
})
