// The whole adapter against the stand-in product: as an executable with its truth on disk, and in this process.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import {
  ClusterCli,
  type ClusterCliError,
  type ClusterCliShape,
  type HostName,
  hostName
} from "@rollcall/core"
import { Effect, Redacted } from "effect"
import { MAX_OUTPUT } from "../src/Execution.ts"
import { MicroclusterCli } from "../src/MicroclusterCli.ts"
import {
  changeStandIn,
  createStandIn,
  executeOn,
  type Fault,
  makeStandIn,
  readCalls,
  readStandIn,
  type StandInState,
  standInCommand,
  withDaemon,
  withFault
} from "../src/stand-in/index.ts"

interface Product {
  readonly on: (host: string, timeoutMillis?: number) => ClusterCliShape
  readonly change: (change: (state: StandInState) => StandInState) => void
  readonly state: () => StandInState
}

const settings = { heartbeatMillis: 0 }

const inProcess = Effect.sync((): Product => {
  const standIn = makeStandIn(settings)
  return {
    ...standIn,
    change: standIn.change,
    state: standIn.state,
    on: (host, timeoutMillis) =>
      MicroclusterCli.make({
        command: ["stand-in", "cluster"],
        execute: executeOn(standIn, host),
        ...(timeoutMillis === undefined ? {} : { timeoutMillis })
      })
  }
})

const asExecutable = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-stand-in-"))
    createStandIn(folder, settings)
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
).pipe(
  Effect.map(
    (folder): Product => ({
      state: () => readStandIn(folder),
      change: (change) => void changeStandIn(folder, (state) => ({ state: change(state) })),
      on: (host, timeoutMillis) =>
        MicroclusterCli.make({
          command: standInCommand,
          env: { STAND_IN_DIR: folder, STAND_IN_HOST: host },
          ...(timeoutMillis === undefined ? {} : { timeoutMillis })
        })
    })
  )
)

const host = (name: string): HostName => hostName(name) as HostName
const [a, b, c] = [host("a"), host("b"), host("c")]
const reasonOf = (call: Effect.Effect<unknown, ClusterCliError>) =>
  Effect.map(Effect.flip(call), ({ reason }) => reason)
const names = (cli: ClusterCliShape) =>
  Effect.map(cli.list, (members) => members.map(({ name }) => name))
const fault = (product: Product, given: Fault) => product.change((state) => withFault(state, given))

describe.each([
  ["in process", inProcess],
  ["as an executable", asExecutable]
] as const)("microcluster's command, %s", (_, make) => {
  it.live("founds, mints, joins, lists, removes", () =>
    Effect.gen(function* () {
      const product = yield* make
      const [onA, onB] = [product.on("a"), product.on("b")]
      assert.strictEqual(yield* reasonOf(onA.list), "not-initialised")
      assert.strictEqual(yield* reasonOf(onA.add(b)), "not-initialised")
      yield* onA.bootstrap([])
      assert.strictEqual(yield* reasonOf(onA.bootstrap([])), "already-initialised")

      const token = yield* onA.add(b)
      assert.strictEqual(String(token), "<redacted>")
      assert.strictEqual(yield* reasonOf(onA.add(b)), "name-taken")
      assert.strictEqual(yield* reasonOf(product.on("c").join(token, [])), "token-rejected")
      yield* onB.join(token, [])
      assert.strictEqual(yield* reasonOf(onB.join(token, [])), "already-initialised")
      assert.strictEqual(yield* reasonOf(product.on("c").join(token, [])), "token-rejected")
      assert.deepStrictEqual(yield* onB.list, [
        { name: "a", address: "10.0.0.1:6443", role: "voter", status: "online" },
        { name: "b", address: "10.0.0.3:6443", role: "voter", status: "online" }
      ])

      yield* onA.remove(b, { force: false })
      yield* onA.remove(b, { force: false })
      assert.deepStrictEqual(yield* names(onA), ["a"])
      assert.strictEqual(yield* reasonOf(onA.remove(a, { force: true })), "last-member")
    }).pipe(Effect.scoped)
  )

  it.live("a dead member goes by force only, and a machine of its name joins only then", () =>
    Effect.gen(function* () {
      const product = yield* make
      const onA = product.on("a")
      yield* onA.bootstrap([])
      for (const name of [b, c]) yield* product.on(name).join(yield* onA.add(name), [])
      product.change((state) => withDaemon(state, "b", "gone"))
      const statuses = (yield* onA.list).map(({ status }) => status)
      assert.deepStrictEqual(statuses, ["online", "offline", "online"])
      assert.strictEqual(yield* reasonOf(onA.remove(b, { force: false })), "busy")
      const token = yield* onA.add(b)
      assert.strictEqual(yield* reasonOf(product.on("b").join(token, [])), "name-taken")
      yield* onA.remove(b, { force: true })
      yield* product.on("b").join(token, [])
      assert.deepStrictEqual(yield* names(onA), ["a", "c", "b"])
      product.change((state) => withDaemon(state, "b", "down"))
      assert.strictEqual(yield* reasonOf(product.on("b").list), "busy")
    }).pipe(Effect.scoped)
  )

  it.live("a command that hangs, prints help, floods, lies or dies", () =>
    Effect.gen(function* () {
      const product = yield* make
      const onA = product.on("a")
      yield* onA.bootstrap([])
      const times = 1
      fault(product, { operation: "list", kind: "hang", times })
      assert.strictEqual(yield* reasonOf(product.on("a", 2_500).list), "timed-out")
      fault(product, { operation: "list", kind: "flood", bytes: MAX_OUTPUT + 1, times })
      assert.strictEqual(yield* reasonOf(onA.list), "output-too-large")
      for (const operation of ["add", "list", "remove"] as const) {
        fault(product, { operation, kind: "help", times })
      }
      assert.strictEqual(yield* reasonOf(onA.add(b)), "output-unreadable")
      assert.strictEqual(yield* reasonOf(onA.list), "output-unreadable")
      assert.strictEqual(yield* reasonOf(onA.remove(a, { force: false })), "output-unreadable")

      fault(product, { operation: "add", kind: "die-after", times })
      assert.strictEqual(yield* reasonOf(onA.add(b)), "unknown")
      assert.strictEqual(yield* reasonOf(onA.add(b)), "name-taken")

      yield* product.on("c").join(yield* onA.add(c), [])
      const text = "Database is still starting"
      fault(product, { operation: "remove", kind: "fail-after", text, times })
      yield* onA.remove(c, { force: false })
      fault(product, { operation: "remove", kind: "fail", text, times: 2 })
      yield* product.on("c").join(yield* onA.add(c), [])
      assert.strictEqual(yield* reasonOf(onA.remove(c, { force: false })), "busy")
    }).pipe(Effect.scoped)
  )

  it.live("no error shows the token, whatever the product says about it", () =>
    Effect.gen(function* () {
      const product = yield* make
      yield* product.on("a").bootstrap([])
      const token = yield* product.on("a").add(b)
      const value = Redacted.value(token)
      const text = `cannot use ${value} or ${JSON.stringify({ token: value })}`
      fault(product, { operation: "join", kind: "fail", text, times: 1 })
      const error = yield* Effect.flip(product.on("b").join(token, []))
      assert.include(error.message, "cannot use <redacted>")
      for (const shown of [String(error), JSON.stringify(error), inspect(error, { depth: 9 })]) {
        assert.notInclude(shown, value.slice(0, 40))
      }
    }).pipe(Effect.scoped)
  )
})

describe("microcluster's command", () => {
  it.live("one that is not there, or has no words", () =>
    Effect.gen(function* () {
      for (const command of [["/no/such/microovn", "cluster"], ["no-such-microovn"], []]) {
        const cli = MicroclusterCli.make({ command })
        for (const call of [
          cli.list,
          cli.add(a),
          cli.bootstrap([]),
          cli.remove(a, { force: true })
        ]) {
          assert.strictEqual(yield* reasonOf(call), "command-missing")
        }
      }
      const viaShell = MicroclusterCli.make({ command: ["sh", "-c", "no-such-microovn"] })
      assert.strictEqual(yield* reasonOf(viaShell.list), "command-missing")
    })
  )

  it.live("a token that no process can be given", () =>
    Effect.gen(function* () {
      const cli = MicroclusterCli.make({ command: ["true"] })
      const error = yield* Effect.flip(cli.join(Redacted.make("secret\0token"), []))
      assert.strictEqual(error.reason, "unknown")
      assert.notInclude(inspect(error), "secret")
    })
  )

  it.effect("arguments are the product's own, after the token", () =>
    Effect.gen(function* () {
      const calls: Array<string> = []
      const cli = yield* ClusterCli.pipe(
        Effect.provide(
          MicroclusterCli.layer({
            command: ["microceph", "cluster"],
            execute: ({ argv }) =>
              Effect.sync(() => {
                calls.push(argv.join(" "))
                return { code: 0, stdout: "", stderr: "" }
              })
          })
        )
      )
      yield* cli.bootstrap(["--microceph-ip", "10.0.0.1"])
      yield* cli.join(Redacted.make("T"), ["--availability-zone", "z"])
      yield* cli.remove(b, { force: true })
      assert.deepStrictEqual(calls, [
        "microceph cluster bootstrap --microceph-ip 10.0.0.1",
        "microceph cluster join T --availability-zone z",
        "microceph cluster remove b --force"
      ])
    })
  )

  it.effect("what is no single token is no token", () =>
    Effect.gen(function* () {
      const printing = (stdout: string) =>
        MicroclusterCli.make({
          command: ["x"],
          execute: () => Effect.succeed({ code: 0, stdout, stderr: "" })
        })
      const token = "abcdefghijklmnop0123456789"
      assert.strictEqual(Redacted.value(yield* printing(`${token}\n`).add(a)), token)
      for (const other of [
        "",
        "null",
        "ok",
        `${token} ${token}`,
        `${token}\n${token}`,
        "Done: x"
      ]) {
        assert.strictEqual(yield* reasonOf(printing(other).add(a)), "output-unreadable", other)
      }
      const two = yield* Effect.flip(printing(`Token: ${"A".repeat(64)}`).add(a))
      assert.include(two.detail, "<redacted>")
    })
  )

  it.live("the executable's log names every call and no token", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "rollcall-stand-in-"))
      const on = (name: string) =>
        MicroclusterCli.make({
          command: standInCommand,
          env: { STAND_IN_DIR: folder, STAND_IN_HOST: name }
        })
      yield* on("a").bootstrap([])
      const token = yield* on("a").add(b)
      yield* on("b").join(token, [])
      const calls = readCalls(folder)
      assert.deepStrictEqual(
        calls.map(({ host, argv, code }) => [host, argv.slice(1).join(" "), code]),
        [
          ["a", "bootstrap", 0],
          ["a", "add b", 0],
          ["b", "join <redacted>", 0]
        ]
      )
      assert.deepStrictEqual(readStandIn(folder).calls, { bootstrap: 1, add: 1, join: 1 })
      rmSync(folder, { recursive: true })
    })
  )
})
