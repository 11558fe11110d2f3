// What stands in the deployed keys while our unit works off its queue, and whom our leader grants next when deployed units
// wait in every state there is.
import { assert, describe, it } from "@effect/vitest"
import { type LockLimits, type OperationResult, ParticipantId } from "@rollcall/core"
import { jujuLockDialect } from "../../src/index.ts"
import { readUnit } from "../../src/lock-dialect/DeployedUnit.ts"
import type { Application } from "./models/Application.ts"
import { application, ask, deployed, FORMS, ours } from "./models/Fleet.ts"
import { ourUnit } from "./models/OurUnit.ts"

const silent = { hook: () => undefined, request: () => undefined }

describe.each(FORMS)("in the words of %s", (form) => {
  const unitThat = (result: OperationResult, limits: Partial<LockLimits> = {}) =>
    ourUnit({
      dialect: jujuLockDialect(form, { lock: "restart" }),
      limits,
      callbacks: { restart: () => result, failed: () => "retry-release" }
    })
  const bag = (app: Application, unit = "app/1") => {
    const read = readUnit(app.bags.get(unit) ?? new Map())
    if (read === undefined) throw new Error(`${unit} says nothing`)
    const queue = read.queue.map(({ attempt, maxRetries, operation }) => ({
      operation,
      attempt,
      maxRetries
    }))
    return { state: read.state, executed: read.executed, queue }
  }
  const op = (operation: string, attempt = 0, maxRetries: number | undefined = undefined) => ({
    operation,
    attempt,
    maxRetries
  })
  /** A unit of ours beside a leader, granted with what it asked for. */
  const granted = async (result: OperationResult, ...asked: ReadonlyArray<number | undefined>) => {
    const app = application([ours(form)], [unitThat(result)])
    for (const [i, maxRetries] of asked.entries()) {
      const more = maxRetries === undefined ? {} : { maxRetries }
      await app.hook("app/1", "relation-changed", { ...ask, kwargs: { i }, ...more })
    }
    await app.hook("app/0")
    assert.strictEqual(app.app.get("granted_unit"), "app/1")
    return app
  }

  it("a request: state request, attempt 0, nothing executed", async () => {
    const app = application([silent], [ours(form)])
    await app.hook("app/1", "relation-changed", { ...ask, kwargs: { delay: 10 } })
    assert.deepStrictEqual(bag(app), { state: "request", executed: "", queue: [op("restart")] })
  })

  it("another request behind the first: order and state stay; the same again is one", async () => {
    const app = application([silent], [unitThat("release")])
    for (const operation of ["failed", "restart", "restart"]) {
      await app.hook("app/1", "relation-changed", { operation })
    }
    assert.deepStrictEqual(bag(app).queue, [op("failed"), op("restart")])
    assert.strictEqual(bag(app).state, "request")
  })

  it("success: the queue is empty, idle, executed just after the grant", async () => {
    const app = await granted("release", undefined)
    await app.hook("app/1")
    assert.deepInclude(bag(app), { state: "idle", queue: [] })
    assert.isAbove(bag(app).executed.length, 0)
    assert.strictEqual(app.bags.get("app/1")?.get("operations"), "[]")
  })

  it("success with more to do: state request, and the next is first", async () => {
    const app = await granted("release", undefined, 4)
    await app.hook("app/1")
    assert.deepInclude(bag(app), { state: "request", queue: [op("restart", 0, 4)] })
  })

  it.each(["retry-release", "retry-hold"] as const)("%s: that state, attempt 1", async (result) => {
    const app = await granted(result, 3)
    await app.hook("app/1")
    assert.deepInclude(bag(app), { state: result, queue: [op("restart", 1, 3)] })
    const before = bag(app)
    await app.hook("app/1", "relation-changed", { operation: "failed" })
    assert.deepInclude(bag(app), { state: result, executed: before.executed })
    assert.strictEqual(bag(app).queue.length, 2)
  })

  it("a retry beyond the bound: dropped, idle", async () => {
    const app = await granted("retry-release", 0)
    await app.hook("app/1")
    assert.deepInclude(bag(app), { state: "idle", queue: [] })
  })

  it("whoever was not granted does not run", async () => {
    const app = await granted("release", undefined)
    await app.hook("app/0", "relation-changed", ask)
    await app.hook("app/0")
    assert.deepStrictEqual(app.runs, [])
  })

  it("a grant that is not over stays, byte for byte", async () => {
    const app = await granted("release", undefined)
    const before = JSON.stringify([...app.app])
    await app.hook("app/0")
    await app.hook("app/0", "update-status")
    assert.strictEqual(JSON.stringify([...app.app]), before)
  })

  /** Deployed units that wait as told, and what our leader makes of it. */
  const chosen = async (states: ReadonlyArray<readonly [state: string, minute: number]>) => {
    const app = application([ours(form)])
    for (const [n, [state, minute]] of states.entries()) {
      const unit = `app/${n + 1}`
      app.add(unit, deployed(form))
      await app.hook(unit, "relation-changed", ask)
      const entries = app.bags.get(unit)
      entries?.set("state", state)
      const time = `2026-02-23T12:0${minute}:00+00:00`
      entries?.set("executed_at", form === "v1" ? time : `${Date.parse(time) / 1000}.0`)
    }
    await app.hook("app/0")
    return app.app.get("granted_unit")
  }

  it("who keeps the lock goes before who asks, and who asks before who waits for another try", async () => {
    const waiting = [
      ["retry-release", 0],
      ["request", 0],
      ["retry-hold", 0]
    ] as const
    assert.strictEqual(await chosen(waiting), "app/3")
    assert.strictEqual(await chosen(waiting.slice(0, 2)), "app/2")
    assert.strictEqual(
      await chosen([
        ["request", 0],
        ["request", 0]
      ]),
      "app/1"
    )
    assert.strictEqual(await chosen([["idle", 0]].map(([s]) => [`${s}`, 0])), "app/1")
  })

  it("nobody is granted where nobody wants anything", async () => {
    const app = application([ours(form)], [deployed(form)], [ours(form)])
    await app.settle()
    assert.deepStrictEqual([...app.app], [])
  })

  it("two deployed units that always fail take turns", async () => {
    const app = application([ours(form)], [deployed(form)], [deployed(form)])
    for (const unit of ["app/1", "app/2"]) {
      await app.hook(unit, "relation-changed", { operation: "again", maxRetries: 2 })
    }
    await app.settle()
    const order = app.runs.map(({ unit }) => unit)
    assert.deepStrictEqual(order, ["app/1", "app/2", "app/1", "app/2", "app/1", "app/2"])
  })
})

it("a roll is ordered in the native format after units were upgraded, and every unit runs once more", async () => {
  const leader = ours("native")
  const app = application([deployed("v1")], [deployed("v1")], [deployed("v1")])
  for (const unit of app.units) await app.hook(unit, "relation-changed", ask)
  app.upgrade("app/0", leader)
  for (const unit of ["app/1", "app/2"]) app.upgrade(unit, ours("native"))
  await app.settle()
  const before = app.runs.length
  const participants = app.units.map((unit) => ParticipantId.make(unit))
  app.upgrade("app/0", {
    ...leader,
    hook: async (hook) => {
      await leader.call(hook, ({ roll }) =>
        roll({ operation: "restart", arguments: { n: 1 }, participants })
      )
    }
  })
  await app.hook("app/0")
  app.upgrade("app/0", leader)
  await app.settle()
  assert.deepStrictEqual(
    app.runs.slice(before).map(({ unit }) => unit),
    app.units
  )
  assert.deepStrictEqual(app.overlaps(), [])
})

it.each(FORMS)(
  "%s: the end of our unit's grant is written with the next grant only",
  async (form) => {
    const app = application([ours(form)], [ours(form)], [deployed(form)])
    await app.hook("app/1", "relation-changed", ask)
    await app.settle()
    const standing = JSON.stringify([...app.app])
    await app.settle()
    assert.strictEqual(app.app.get("granted_unit"), "app/1")
    assert.strictEqual(JSON.stringify([...app.app]), standing)
    await app.hook("app/2", "relation-changed", ask)
    await app.hook("app/0")
    assert.strictEqual(app.app.get("granted_unit"), "app/2")
    await app.settle()
    assert.strictEqual(app.app.get("granted_unit"), undefined)
    assert.deepStrictEqual(
      app.runs.map(({ unit }) => unit),
      ["app/1", "app/2"]
    )
    const { history } = JSON.parse(app.app.get("rolling-lock.restart") ?? "{}")
    assert.deepStrictEqual(
      history.map(({ event }: { readonly event: string }) => event),
      ["done", "done"]
    )
  }
)
