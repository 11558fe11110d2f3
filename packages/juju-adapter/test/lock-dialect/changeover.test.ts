// One application whose units do not all write the same: the setting is changed unit by unit, units are upgraded from a
// deployed library and back in the middle of a roll, and what older locks have left is finished. One holds at a time.
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  isLockDialectName,
  jujuLockDialect,
  type LockDialectName,
  lockDialect
} from "../../src/index.ts"
import { Application, type UnitProgram } from "./models/Application.ts"
import { deployedUnit } from "./models/DeployedModel.ts"
import { ourUnit } from "./models/OurUnit.ts"
import { chances, play, unfinished } from "./models/Play.ts"

const NAMES = ["native", "v1", "charmlibs"] as const
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)
const RECORD = "rolling-lock.restart"

const ours = (name: LockDialectName): UnitProgram =>
  ourUnit({
    dialect: jujuLockDialect(name, { lock: "restart" }),
    callbacks: {
      restart: () => "release",
      again: ({ attempt }) => (attempt < 1 ? "retry-release" : "release")
    }
  })

const deployed = (form: "v1" | "charmlibs"): UnitProgram => {
  let tries = 0
  return deployedUnit({
    form,
    callbacks: {
      restart: () => "release",
      again: () => (tries++ % 2 === 0 ? "retry-release" : "release")
    }
  })
}

const askAll = async (application: Application, seed: number) => {
  const chance = chances(seed + 1)
  for (const unit of application.units) {
    for (let i = 0; i < 2; i++) {
      const operation = chance() < 0.5 ? "restart" : "again"
      await application.hook(unit, "relation-changed", { operation, kwargs: { i } })
    }
  }
}

const expectRolled = (application: Application, seed: number, least: number) => {
  assert.deepStrictEqual(application.overlaps(), [], `seed ${seed}`)
  assert.deepStrictEqual(unfinished(application), [], `seed ${seed}`)
  assert.isAtLeast(application.runs.length, least, `seed ${seed}`)
  assert.deepStrictEqual(application.failures, [], `seed ${seed}`)
}

describe("the setting", () => {
  it("names one of three", async () => {
    for (const name of NAMES) assert.isTrue(isLockDialectName(name))
    const error = await Effect.runPromise(Effect.flip(lockDialect("v2", { lock: "restart" })))
    assert.strictEqual(error._tag, "LockDialectUnknown")
    assert.match(error.message, /no lock dialect "v2"; set one of native, v1, charmlibs$/)
    const dialect = await Effect.runPromise(lockDialect("v1", { lock: "restart" }))
    assert.strictEqual(dialect.grants, 1)
  })

  const pairs = NAMES.flatMap((from) => NAMES.flatMap((to) => (from === to ? [] : [[from, to]])))
  it.each(pairs as Array<[LockDialectName, LockDialectName]>)(
    "is changed from %s to %s unit by unit in the middle of a roll",
    async (from, to) => {
      for (const seed of SEEDS) {
        const application = new Application()
        for (let n = 0; n < 4; n++) application.add(`app/${n}`, ours(from))
        await askAll(application, seed)
        for (const unit of application.units) {
          await play(application, { seed: seed * 10, events: 40, settles: false })
          application.upgrade(unit, ours(to))
        }
        await play(application, { seed, leaders: application.units })
        expectRolled(application, seed, 8)
        if (to === "native") {
          await askAll(application, seed)
          await application.settle()
          const keys = new Set([...application.bags.values()].flatMap((bag) => [...bag.keys()]))
          assert.deepStrictEqual([...keys], [RECORD])
        }
      }
    }
  )
})

describe.each(["v1", "charmlibs"] as const)("from %s", (form) => {
  it.each(["native", form] as const)(
    "units are upgraded to %s one by one in a roll",
    async (to) => {
      for (const seed of SEEDS) {
        const application = new Application()
        for (let n = 0; n < 4; n++) application.add(`app/${n}`, deployed(form))
        await askAll(application, seed)
        for (const unit of application.units.toReversed()) {
          await play(application, { seed: seed * 10, events: 40, settles: false })
          application.upgrade(unit, ours(to))
        }
        await play(application, { seed, leaders: application.units })
        expectRolled(application, seed, 8)
      }
    }
  )

  it.each([
    ["all of them", 0],
    ["all but the leader", 1]
  ])("and back again, %s, one by one", async (_, first) => {
    for (const seed of SEEDS) {
      const application = new Application()
      for (let n = 0; n < 4; n++) application.add(`app/${n}`, ours(form))
      await askAll(application, seed)
      for (const unit of application.units.slice(first)) {
        await play(application, { seed: seed * 10, events: 40, settles: false })
        application.upgrade(unit, deployed(form))
      }
      await play(application, { seed })
      expectRolled(application, seed, 8)
    }
  })
})

it("a leader of ours serves units of both libraries and of ours at once", async () => {
  for (const seed of SEEDS) {
    const application = new Application()
    application.add("app/0", ours("v1"))
    application.add("app/1", deployed("v1"))
    application.add("app/2", deployed("charmlibs"))
    application.add("app/3", ours("charmlibs"))
    application.add("app/4", ours("native"))
    await askAll(application, seed)
    await play(application, { seed, leaders: ["app/0", "app/3"] })
    expectRolled(application, seed, 10)
  }
})

it("a native leader serves no deployed unit, names it, and waits for what it holds", async () => {
  const application = new Application()
  application.add("app/0", deployed("v1"))
  application.add("app/1", deployed("v1"))
  application.add("app/2", ours("native"))
  await application.hook("app/1", "relation-changed", { operation: "again" })
  await application.hook("app/0")
  application.upgrade("app/0", ours("native"))
  await application.hook("app/2", "relation-changed", { operation: "restart" })
  await application.hook("app/0")
  await application.hook("app/2")
  assert.strictEqual(application.runs.length, 0)
  await application.settle()
  assert.deepStrictEqual(
    application.runs.map(({ unit }) => unit),
    ["app/1", "app/2"]
  )
  assert.deepStrictEqual(application.overlaps(), [])
})

it("a leader of ours takes over what a deployed leader granted, once", async () => {
  const application = new Application()
  application.add("app/0", deployed("v1"))
  application.add("app/1", deployed("v1"))
  const leader = ourUnit({ dialect: jujuLockDialect("v1", { lock: "restart" }), callbacks: {} })
  application.add("app/2", leader)
  await application.hook("app/1", "relation-changed", { operation: "restart" })
  await application.hook("app/0")
  application.leader = "app/2"
  const audit = { by: "somebody", reason: "to see" }
  const tokens: Array<number> = []
  for (const name of ["pause", "resume", "pause", "resume"] as const) {
    application.upgrade("app/2", {
      ...leader,
      hook: (hook) => leader.call(hook, (lock) => lock[name](audit))
    })
    await application.hook("app/2")
    const { grants } = JSON.parse(application.app.get(RECORD) ?? "{}")
    tokens.push(...grants.map(({ token }: { readonly token: number }) => token))
  }
  assert.deepStrictEqual([tokens.length, new Set(tokens).size], [4, 1])
  application.upgrade("app/2", leader)
  await application.settle()
  assert.strictEqual(application.runs.length, 1)
  assert.strictEqual(application.app.get("granted_unit"), undefined)
})
