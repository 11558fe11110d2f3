import { existsSync, readFileSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { HookCommand } from "../../src/HookCommand.ts"
import {
  secretAdd,
  secretGet,
  secretGrant,
  secretIds,
  secretInfoGet,
  secretRemove,
  secretRevoke,
  secretSet
} from "../../src/hook-commands/secret.ts"
import { recording } from "../Recording.ts"

const id = "secret:9m4e2mr0ui3e8a215n4g"
const peers = { endpoint: "peers", id: 1 }
const token = { token: Redacted.make("s3cret=\n") }

/** The path in an argument `key#file=PATH`. */
const fileIn = (argument = ""): string => argument.slice(argument.indexOf("=") + 1)

describe("secret content on its way to Juju", () => {
  it.effect("stands in a private file, not in the arguments, and is gone afterwards", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const { calls, layer } = recording(`${id}\n`, (argv) => {
        const path = fileIn(argv.at(-1))
        seen.push(readFileSync(path, "utf8"), statSync(path).mode & 0o777)
        seen.push(statSync(dirname(path)).mode & 0o777)
      })
      assert.strictEqual(yield* secretAdd("unit", token).pipe(Effect.provide(layer)), id)
      assert.deepStrictEqual(seen, ["s3cret=\n", 0o600, 0o700])
      const path = fileIn(calls[0]?.argv.at(-1))
      assert.deepStrictEqual(calls, [
        { argv: ["secret-add", "--owner", "unit", "--", `token#file=${path}`] }
      ])
      assert.isFalse(existsSync(dirname(path)))
    })
  )

  it.effect("is gone after a failure too, and shows in no error", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording({ code: 1, stderr: "ERROR this unit is not the leader\n" })
      const error = yield* Effect.flip(
        secretAdd("application", token, { label: "join" }).pipe(Effect.provide(layer))
      )
      assert.strictEqual(error.reason, "not-leader")
      assert.notInclude(JSON.stringify(error) + error.message + String(error), "s3cret")
      assert.isFalse(existsSync(dirname(fileIn(calls[0]?.argv.at(-1)))))
    })
  )

  it.live("is gone after an interruption too", () =>
    Effect.gen(function* () {
      let path = ""
      const silent = HookCommand.layerWith((argv) => {
        path = fileIn(argv.at(-1))
        return new Promise(() => undefined)
      })
      const fiber = yield* Effect.forkChild(secretSet(id, token).pipe(Effect.provide(silent)))
      while (path === "") yield* Effect.sleep(5)
      assert.isTrue(existsSync(path))
      yield* Fiber.interrupt(fiber)
      assert.isFalse(existsSync(dirname(path)))
    })
  )

  it.effect("has keys that cannot name another file or flag", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      for (const key of ["../up", "a=b", "--owner", "tok#base64", "ab", ""]) {
        const error = yield* Effect.flip(
          secretSet(id, { [key]: Redacted.make("s3cret") }).pipe(Effect.provide(layer))
        )
        assert.deepInclude(error, { tool: "secret-set", reason: "invalid-arguments" })
      }
      assert.deepStrictEqual(calls, [])
    })
  )
})

describe("secret hook commands", () => {
  it.effect("secret-add and secret-set pass what is said of a secret", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording(`${id}\n`)
      const options = { label: "join", description: "d e", expire: "1h", rotate: "never" } as const
      yield* secretAdd(
        "application",
        { token: Redacted.make("a"), host: Redacted.make("b") },
        {
          ...options
        }
      ).pipe(Effect.provide(layer))
      yield* secretSet(id, {}, { label: "--x" }).pipe(Effect.provide(layer))
      const files = calls[0]?.argv.slice(-2) ?? []
      assert.match(files.join(" "), /^token#file=\/.*\/0 host#file=\/.*\/1$/)
      const flags = "--label,join,--description,d e,--expire,1h,--rotate,never".split(",")
      assert.deepStrictEqual(calls, [
        { argv: ["secret-add", "--owner", "application", ...flags, "--", ...files] },
        { argv: ["secret-set", "--label", "--x", "--", id] }
      ])
    })
  )

  it.effect("secret-get returns redacted content", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('{"token":"s3cret"}\n')
      const content = yield* secretGet({ id }).pipe(Effect.provide(layer))
      assert.strictEqual(Redacted.value(content.token as Redacted.Redacted<string>), "s3cret")
      assert.notInclude(JSON.stringify(content) + String(content.token), "s3cret")
      yield* secretGet({ id, label: "join" }, "refresh").pipe(Effect.provide(layer))
      yield* secretGet({ label: "join" }, "peek").pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["secret-get", "--format=json", "--", id] },
        { argv: ["secret-get", "--format=json", "--refresh", "--label", "join", "--", id] },
        { argv: ["secret-get", "--format=json", "--peek", "--label", "join"] }
      ])
    })
  )

  it.effect("secret-get tells a missing grant from a missing secret, and leaks neither", () =>
    Effect.gen(function* () {
      const reasonFor = (stderr: string) =>
        secretGet({ id }).pipe(
          Effect.provide(recording({ code: 1, stderr }).layer),
          Effect.flip,
          Effect.map((error) => error.reason)
        )
      assert.strictEqual(yield* reasonFor("ERROR permission denied\n"), "permission-denied")
      assert.strictEqual(yield* reasonFor(`ERROR secret "${id}" not found\n`), "secret-not-found")
      const odd = recording('{"token":{"s3cret":1}}\n')
      const error = yield* Effect.flip(secretGet({ id }).pipe(Effect.provide(odd.layer)))
      assert.notInclude(JSON.stringify(error) + error.message, "s3cret")
    })
  )

  it.effect("secret-info-get", () =>
    Effect.gen(function* () {
      const access = { target: "unit-app-2", scope: "relation-app.peers", role: "view" }
      const known = { revision: 1, label: "join", owner: "unit", rotation: "never" }
      const { calls, layer } = recording(JSON.stringify({ "9m4e": { ...known, access: [access] } }))
      assert.deepStrictEqual(yield* secretInfoGet({ id }).pipe(Effect.provide(layer)), {
        id: "9m4e",
        revision: 1,
        label: "join",
        owner: "unit",
        access: [access]
      })
      yield* secretInfoGet({ label: "join" }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["secret-info-get", "--format=json", "--", id] },
        { argv: ["secret-info-get", "--format=json", "--label", "join"] }
      ])
    })
  )

  it.effect("secret-grant, secret-revoke and secret-remove", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording()
      yield* secretGrant(id, peers, { unit: "app/2" }).pipe(Effect.provide(layer))
      yield* secretGrant(id, peers).pipe(Effect.provide(layer))
      yield* secretRevoke(id, peers, { unit: "app/2" }).pipe(Effect.provide(layer))
      yield* secretRemove(id).pipe(Effect.provide(layer))
      yield* secretRemove(id, { revision: 2 }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(calls, [
        { argv: ["secret-grant", "-r", "peers:1", "--unit", "app/2", "--", id] },
        { argv: ["secret-grant", "-r", "peers:1", "--", id] },
        { argv: ["secret-revoke", "-r", "peers:1", "--unit", "app/2", "--", id] },
        { argv: ["secret-remove", "--", id] },
        { argv: ["secret-remove", "--revision", "2", "--", id] }
      ])
    })
  )

  it.effect("secret-ids, null included, as Juju prints none", () =>
    Effect.gen(function* () {
      const { calls, layer } = recording('["a","b"]\n')
      assert.deepStrictEqual(yield* secretIds.pipe(Effect.provide(layer)), ["a", "b"])
      assert.deepStrictEqual(yield* secretIds.pipe(Effect.provide(recording("null\n").layer)), [])
      assert.deepStrictEqual(calls, [{ argv: ["secret-ids", "--format=json"] }])
    })
  )
})
