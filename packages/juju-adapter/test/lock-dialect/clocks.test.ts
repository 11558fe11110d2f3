// The deployed libraries' defects D1 to D4, which are about clocks and who leads, by their numbers in
// docs/protocol/rolling-ops-defects.md: each on the model of the library, then that our end does not have it.
import { assert, describe, it } from "@effect/vitest"
import type { UnitProgram } from "./models/Application.ts"
import { application, ask, deployed, FORMS, HOUR, ours } from "./models/Fleet.ts"

describe.each(FORMS)("beside units of %s", (form) => {
  const theirs = () => deployed(form)
  const mine = () => ours(form)

  describe("D1: an end on another clock is taken for the end of the grant", () => {
    const roll = async (leader: UnitProgram) => {
      const app = application([leader], [theirs()], [theirs(), HOUR], [theirs(), -HOUR])
      await app.hook("app/2", "relation-changed", ask)
      await app.settle()
      await app.hook("app/1", "relation-changed", ask)
      await app.hook("app/0")
      await app.begin("app/1", "relation-changed")
      await app.hook("app/3", "relation-changed", ask)
      await app.hook("app/0")
      await app.begin("app/3", "relation-changed")
      app.end("app/1")
      app.end("app/3")
      await app.settle()
      return app
    }
    it("under a deployed leader two run at once", async () => {
      assert.deepStrictEqual((await roll(theirs())).overlaps(), ["app/1 restart and app/3 restart"])
    })
    it("under ours one", async () => {
      const app = await roll(mine())
      assert.deepStrictEqual(app.overlaps(), [])
      assert.strictEqual(app.runs.length, 3)
    })
  })

  describe("D2: a clock that is behind hides the end of a grant", () => {
    const roll = async (leader: UnitProgram, holder: UnitProgram) => {
      const app = application([leader], [holder, -HOUR], [theirs()])
      for (const i of [1, 2]) await app.hook("app/1", "relation-changed", { ...ask, kwargs: { i } })
      await app.hook("app/2", "relation-changed", ask)
      await app.hook("app/0")
      const granted = app.app.get("granted_at")
      await app.hook("app/1")
      await app.hook("app/0")
      assert.strictEqual(app.runs.length, 1)
      return app.app.get("granted_at") !== granted
    }
    it("a deployed leader sees nothing", async () => {
      assert.isFalse(await roll(theirs(), theirs()))
    })
    it("a leader of ours sees it", async () => {
      assert.isTrue(await roll(mine(), theirs()))
    })
    it("a deployed leader sees the end of a unit of ours", async () => {
      assert.isTrue(await roll(theirs(), mine()))
    })
  })

  describe("D3: a clock that is ahead makes a fresh grant look used", () => {
    const roll = async (leader: UnitProgram, holder: UnitProgram) => {
      const app = application([leader], [holder, HOUR])
      await app.hook("app/1", "relation-changed", ask)
      await app.settle()
      await app.hook("app/1", "relation-changed", ask)
      await app.hook("app/0")
      await app.hook("app/1")
      return app.runs.length
    }
    it("a deployed holder does not run under a deployed leader", async () => {
      assert.strictEqual(await roll(theirs(), theirs()), 1)
    })
    it("it runs under ours, and ours runs under either", async () => {
      assert.strictEqual(await roll(mine(), theirs()), 2)
      assert.strictEqual(await roll(mine(), mine()), 2)
      assert.strictEqual(await roll(theirs(), mine()), 2)
    })
  })

  describe("D4: a holder that comes to lead before it has run", () => {
    const roll = async (unit: UnitProgram) => {
      const app = application([theirs()], [unit])
      await app.hook("app/1", "relation-changed", ask)
      await app.hook("app/0")
      app.leader = "app/1"
      await app.hook("app/1", "leader-elected")
      await app.hook("app/1")
      return app.runs.length
    }
    it("waits when it is a deployed one", async () => {
      assert.strictEqual(await roll(theirs()), 0)
    })
    it("runs when it is ours", async () => {
      assert.strictEqual(await roll(mine()), 1)
    })
  })
})
