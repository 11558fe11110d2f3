// The deployed libraries' defects, by their numbers in docs/protocol/rolling-ops-defects.md, as far as they are about
// formats and what is read of others: each is shown on the model of the library where it can be, then that our end does
// not have it. D1 to D4 are in clocks.test.ts.
import { assert, describe, it } from "@effect/vitest"
import { jujuLockDialect } from "../../src/index.ts"
import type { Application, UnitProgram } from "./models/Application.ts"
import { application, ask, deployed, FORMS, HOUR, ours } from "./models/Fleet.ts"
import { ourUnit } from "./models/OurUnit.ts"
import { unfinished } from "./models/Play.ts"

const RECORD = "rolling-lock.restart"

describe.each(FORMS)("beside units of %s", (form) => {
  const theirs = () => deployed(form)
  const mine = () => ours(form)

  it("D5: an operation without code fails, and holds nothing", async () => {
    const roll = async (holder: UnitProgram) => {
      const app = application([theirs()], [theirs()], [theirs()])
      await app.hook("app/1", "relation-changed", { operation: "gone" })
      app.upgrade("app/1", holder)
      await app.hook("app/2", "relation-changed", ask)
      await app.settle()
      return app.runs.length
    }
    assert.deepStrictEqual([await roll(theirs()), await roll(mine())], [form === "v1" ? 0 : 1, 1])
  })

  describe("D6: a databag that cannot be read", () => {
    const roll = async (leader: UnitProgram) => {
      const app = application([leader], [theirs()], [theirs()])
      app.bags.set(
        "app/1",
        new Map([
          ["operations", '["{"]'],
          ["state", "request"]
        ])
      )
      await app.hook("app/2", "relation-changed", ask)
      await app.settle(10)
      return app
    }
    it("stops a deployed leader, and with it everybody", async () => {
      const app = await roll(theirs())
      assert.match(app.failures.join(), /^app\/0: /)
      assert.strictEqual(app.runs.length, 0)
    })
    it("counts for nothing under ours, and is named", async () => {
      const leader = mine()
      const app = await roll(leader)
      assert.deepStrictEqual(
        app.failures.filter((each) => each.startsWith("app/0")),
        []
      )
      assert.deepStrictEqual(
        app.runs.map(({ unit }) => unit),
        ["app/2"]
      )
      const problems = await statusOf(app, leader)
      assert.match([...problems].join(), /app\/1,operation 1 has no JSON object/)
    })
  })

  it("D7, D8: a leader of ours runs its own in later hooks, one in each", async () => {
    const app = application([mine()], [theirs()])
    for (let i = 0; i < 50; i++)
      await app.hook("app/0", "relation-changed", { ...ask, kwargs: { i } })
    let most = 0
    for (let hook = 0; hook < 120 && unfinished(app).length > 0; hook++) {
      const before = app.runs.length
      await app.hook("app/0")
      most = Math.max(most, app.runs.length - before)
    }
    assert.deepStrictEqual([most, app.runs.length], [1, 50])
  })

  it("D7: a deployed leader of v1 runs its own in the hook that asks", async () => {
    const app = application([theirs()])
    await app.hook("app/0", "relation-changed", ask)
    assert.strictEqual(app.runs.length, form === "v1" ? 1 : 0)
    const other = application([mine()])
    await other.hook("app/0", "relation-changed", ask)
    assert.strictEqual(other.runs.length, 0)
    assert.strictEqual(other.app.get("granted_unit"), "app/0")
  })

  it("D9: process ids of others are left as they are, and none is written", async () => {
    const key = form === "v1" ? "rollingops-worker-pid" : "peer-rollingops-worker-pid"
    const app = application([mine()], [mine()])
    app.app.set(key, "4711")
    app.bags.get("app/1")?.set("somebody-elses", "entry")
    for (const unit of app.units) await app.hook(unit, "relation-changed", ask)
    await app.settle()
    assert.strictEqual(app.runs.length, 2)
    assert.strictEqual(app.app.get(key), "4711")
    assert.strictEqual(app.bags.get("app/1")?.get("somebody-elses"), "entry")
    const words = [...app.app, ...app.bags.values()].flatMap((each) => [...each]).join()
    assert.notInclude(words, `${process.pid}`)
  })

  it("D11: a holder that has departed is released; one that is silent by force alone", async () => {
    const leader = mine()
    const app = application([leader], [mine()], [theirs()])
    await app.hook("app/1", "relation-changed", ask)
    await app.hook("app/0")
    app.upgrade("app/1", { hook: () => undefined, request: () => undefined })
    await app.hook("app/2", "relation-changed", ask)
    await app.settle()
    assert.deepStrictEqual([app.app.get("granted_unit"), app.runs.length], ["app/1", 0])
    app.programs.delete("app/1")
    app.bags.delete("app/1")
    await app.settle()
    assert.deepStrictEqual(
      app.runs.map(({ unit }) => unit),
      ["app/2"]
    )
  })

  it("D12: while our unit rests, a deployed leader has nothing to grant it", async () => {
    const dialect = jujuLockDialect(form, { lock: "restart" })
    const resting = ourUnit({
      dialect,
      limits: { backoff: { baseMillis: 60_000, capMillis: 60_000 } },
      callbacks: { again: () => "retry-release" }
    })
    const app = application([theirs()], [resting], [theirs()])
    await app.hook("app/1", "relation-changed", { operation: "again", maxRetries: 5 })
    await app.hook("app/0")
    await app.hook("app/1")
    assert.strictEqual(app.bags.get("app/1")?.get("state"), "idle")
    await app.hook("app/2", "relation-changed", ask)
    await app.hook("app/0")
    assert.strictEqual(app.app.get("granted_unit"), "app/2")
  })

  it("D13: our request does not stand before one it could see, whatever our clock says", async () => {
    const app = application([theirs()], [theirs()], [mine(), -HOUR], [theirs()])
    app.app.set("granted_unit", "app/3")
    app.bags.get("app/3")?.set("operations", "[]")
    await app.hook("app/1", "relation-changed", ask)
    await app.hook("app/2", "relation-changed", ask)
    await app.settle()
    assert.deepStrictEqual(
      app.runs.map(({ unit }) => unit),
      ["app/1", "app/2"]
    )
  })

  it("D13: a unit that waits for another try without a moment is served", async () => {
    const roll = async (leader: UnitProgram) => {
      const app = application([leader], [theirs()])
      await app.hook("app/1", "relation-changed", ask)
      app.bags.get("app/1")?.set("state", "retry-release")
      await app.hook("app/0")
      await app.hook("app/1")
      return app.runs.length
    }
    assert.deepStrictEqual([await roll(theirs()), await roll(mine())], [0, 1])
  })

  it("D14: an operation of ours that was given up is told as failed, and the roll pauses", async () => {
    const failing = ourUnit({
      dialect: jujuLockDialect(form, { lock: "restart" }),
      callbacks: { again: () => "retry-release" }
    })
    const leader = mine()
    const app = application([leader], [failing], [theirs()])
    await app.hook("app/1", "relation-changed", { operation: "again", maxRetries: 0 })
    await app.settle()
    await app.hook("app/2", "relation-changed", ask)
    await app.settle()
    assert.deepStrictEqual(
      app.runs.map(({ unit }) => unit),
      ["app/1"]
    )
    assert.match(app.app.get(RECORD) ?? "", /"pause":\{"reason":"again on app\/1: given up after 1/)
  })

  it("D15: what is asked for while the same waits for another try has tries of its own", async () => {
    const app = application([mine()], [mine()])
    for (let n = 0; n < 2; n++) {
      const asked = { operation: "again", maxRetries: n === 0 ? 5 : 2 }
      await app.hook("app/1", "relation-changed", asked)
      await app.hook("app/0")
      if (n === 0) await app.hook("app/1")
    }
    const queue = app.bags.get("app/1")?.get("operations") ?? ""
    assert.strictEqual(queue.match(/callback_id/g)?.length, 2)
    await app.settle()
    assert.strictEqual(app.runs.length, 6)
  })

  it("D16: a queue behind an idle state is served", async () => {
    const roll = async (leader: UnitProgram) => {
      const app = application([leader], [theirs()])
      await app.hook("app/1", "relation-changed", ask)
      app.bags.get("app/1")?.set("state", "idle")
      await app.settle()
      return app.runs.length
    }
    assert.deepStrictEqual([await roll(theirs()), await roll(mine())], [0, 1])
  })

  it("C5, D18: any hook of our leader clears the grant of a unit that is gone, and grants anew", async () => {
    const app = application([mine()], [theirs()])
    app.app.set("granted_unit", "app/7")
    app.app.set("granted_at", form === "v1" ? "2026-02-23T12:00:00+00:00" : "1771848000.0")
    await app.hook("app/1", "relation-changed", ask)
    await app.hook("app/0", "update-status")
    assert.strictEqual(app.app.get("granted_unit"), "app/1")
  })

  it("C8: looking writes nothing", async () => {
    const leader = mine()
    const app = application([leader], [theirs()])
    await app.hook("app/1", "relation-changed", ask)
    const picture = () =>
      JSON.stringify([...app.app, ...app.bags.values()].map((each) => [...each]))
    const before = picture()
    await statusOf(app, leader)
    assert.strictEqual(picture(), before)
  })

  it("C9: a holder that went over to etcd holds nothing", async () => {
    const app = application([mine()], [theirs()], [theirs()])
    await app.hook("app/1", "relation-changed", ask)
    await app.hook("app/2", "relation-changed", ask)
    await app.hook("app/0")
    assert.strictEqual(app.app.get("granted_unit"), "app/1")
    app.bags.get("app/1")?.set("processing_backend", "etcd")
    await app.hook("app/0")
    assert.strictEqual(app.app.get("granted_unit"), "app/2")
  })

  it("C10: locks have names, and leave each other's entries alone", () => {
    const one = jujuLockDialect(form, { lock: "restart" })
    assert.isTrue(one.owns("rolling-lock.restart"))
    assert.isFalse(one.owns("rolling-lock.upgrade"))
  })

  it("C13: a grant in the other library's words is seen to be over", async () => {
    const other = form === "v1" ? "charmlibs" : "v1"
    const roll = async (leader: UnitProgram) => {
      const app = application([deployed(other)], [theirs()])
      app.app.set("granted_unit", "app/1")
      app.app.set("granted_at", other === "v1" ? "2026-02-23T12:00:00+00:00" : "1771848000.0")
      app.upgrade("app/0", leader)
      for (const i of [1, 2]) await app.hook("app/1", "relation-changed", { ...ask, kwargs: { i } })
      await app.hook("app/1")
      await app.hook("app/0")
      return app.app.get("granted_at")?.startsWith(other === "v1" ? "2026-02" : "17718")
    }
    assert.deepStrictEqual([await roll(theirs()), await roll(mine())], [true, false])
  })
})

/** What our leader's status says of others. */
const statusOf = async (app: Application, leader: ReturnType<typeof ours>) => {
  let problems: ReadonlyMap<string, string> = new Map()
  const program = app.programs.get(app.leader)
  app.upgrade(app.leader, {
    hook: async (hook) => {
      problems = (await leader.call(hook, ({ status }) => status)).problems
    },
    request: () => undefined
  })
  await app.hook(app.leader)
  if (program !== undefined) app.upgrade(app.leader, program)
  return problems
}
