// What rolling_ops v0 and charmhelpers' coordinator have left in databags: an upgraded unit asks for it once more, runs it
// once, and takes the old keys away; a unit that still speaks v0 keeps what it was granted until it says that it has run.
import { assert, describe, it } from "@effect/vitest"
import { jujuLockDialect, type LockDialectName } from "../../src/index.ts"
import { Application } from "./models/Application.ts"
import { ourUnit } from "./models/OurUnit.ts"

const NAMES = ["native", "v1", "charmlibs"] as const

const ours = (name: LockDialectName) =>
  ourUnit({
    dialect: jujuLockDialect(name, { lock: "restart", fallback: "restart" }),
    callbacks: { restart: () => "release", upgrade: () => "release" }
  })

const fleet = (name: LockDialectName, bags: ReadonlyArray<Readonly<Record<string, string>>>) => {
  const application = new Application()
  for (const [n, bag] of bags.entries()) {
    const unit = ours(name)
    application.add(`app/${n}`, unit)
    application.bags.set(`app/${n}`, new Map(Object.entries(bag)))
  }
  return application
}

const ran = ({ runs }: Application) => runs.map(({ operation, unit }) => `${unit} ${operation}`)

describe.each(NAMES)("in %s", (name) => {
  it("v0: what was asked for is run once, also where it was granted", async () => {
    const application = fleet(name, [
      { state: "acquire", callback_override: "" },
      { state: "acquire", callback_override: "upgrade" },
      { state: "release", callback_override: "upgrade" },
      {}
    ])
    application.app.set("<ops.model.Unit app/1>", "granted")
    application.app.set("<ops.model.Unit app/2>", "idle")
    await application.settle()
    assert.deepStrictEqual(ran(application), ["app/1 upgrade", "app/0 restart"])
    assert.deepStrictEqual(application.overlaps(), [])
    const keys = [...application.app.keys(), ...(application.bags.get("app/1")?.keys() ?? [])]
    assert.deepStrictEqual(
      keys.filter((key) => /ops\.model|callback_override/.test(key)),
      []
    )
    await application.settle()
    assert.strictEqual(application.runs.length, 2)
  })

  it("v0: an operation that is not known any more fails and holds nothing", async () => {
    const application = fleet(name, [{ state: "acquire", callback_override: "gone" }, {}])
    await application.hook("app/1", "relation-changed", { operation: "restart" })
    await application.settle()
    assert.match(application.app.get("rolling-lock.restart") ?? "", /no code for gone/)
    assert.strictEqual(application.bags.get("app/0")?.has("callback_override"), false)
  })

  it("v0: nobody runs while a unit that was not upgraded yet holds", async () => {
    const application = fleet(name, [{}, { state: "acquire", callback_override: "" }])
    application.app.set("<ops.model.Unit app/1>", "granted")
    application.upgrade("app/1", { hook: () => undefined, request: () => undefined })
    await application.hook("app/0", "relation-changed", { operation: "restart" })
    await application.settle()
    assert.deepStrictEqual(ran(application), [])
    application.bags.get("app/1")?.set("state", "release")
    await application.settle()
    assert.deepStrictEqual(ran(application), ["app/0 restart"])
  })

  it("coordinator: every lock that was asked for is an operation, the oldest first", async () => {
    const application = fleet(name, [
      {
        coordinator:
          '{"restart": "2026-02-23 12:00:01.000000Z", "upgrade": "2026-02-23 12:00:00.123456Z"}'
      },
      { coordinator: "{}" },
      { coordinator: "no JSON" }
    ])
    await application.hook("app/2", "relation-changed", { operation: "restart" })
    await application.settle()
    assert.deepStrictEqual(ran(application).sort(), [
      "app/0 restart",
      "app/0 upgrade",
      "app/2 restart"
    ])
    assert.isBelow(
      ran(application).indexOf("app/0 upgrade"),
      ran(application).indexOf("app/0 restart")
    )
    assert.strictEqual(application.bags.get("app/0")?.has("coordinator"), false)
    assert.strictEqual(application.bags.get("app/2")?.has("coordinator"), false)
  })
})
