// The adapter's own part in speaking with LXD and Incus: what it asks first, what it passes on, and what it never shows.
// What the products themselves do is in lxd.integration.test.ts.

import { assert, describe, it } from "@effect/vitest"
import { type ClusterCliError, type HostName, hostName } from "@rollcall/core"
import { Effect, Redacted } from "effect"
import type { Command, Outcome } from "../src/Execution.ts"
import { LxdCli, type LxdOptions } from "../src/LxdCli.ts"

const node1 = hostName("node-1") as HostName
const node2 = hostName("node-2") as HostName
const success = (stdout = ""): Outcome => ({ code: 0, stdout, stderr: "" })
const failure = (stderr: string): Outcome => ({ code: 1, stdout: "", stderr: `Error: ${stderr}\n` })
const unclustered = failure("LXD server isn't part of a cluster")
const listOf = (...names: ReadonlyArray<string>) =>
  success(JSON.stringify(names.map((server_name) => ({ server_name, roles: ["database"] }))))
const tokenFor = (server_name: string) =>
  Redacted.make(
    Buffer.from(JSON.stringify({ server_name, secret: "5".repeat(64) })).toString("base64")
  )

/** The adapter over a product that answers by its last word but flags; what it was called with is in `calls`. */
const scripted = (
  answers: Readonly<Record<string, Outcome | ReadonlyArray<Outcome>>>,
  options: Partial<LxdOptions> = {}
) => {
  const calls: Array<Command> = []
  const cli = LxdCli.make({
    product: "lxd",
    name: "node-1",
    address: "10.0.0.1:8443",
    ...options,
    execute: (command) =>
      Effect.sync(() => {
        const words = command.argv.join(" ")
        const [key = ""] = Object.keys(answers).filter((each) => words.includes(each))
        const before = calls.filter(({ argv }) => argv.join(" ").includes(key)).length
        calls.push(command)
        const answer = answers[key] ?? failure(`no answer is scripted for ${words}`)
        return Array.isArray(answer) ? answer[Math.min(before, answer.length - 1)] : answer
      })
  })
  return { cli, words: () => calls.map(({ argv }) => argv.join(" ")), calls }
}

const reasonOf = (call: Effect.Effect<unknown, ClusterCliError>) =>
  Effect.map(Effect.flip(call), ({ reason }) => reason)

describe("LXD's command", () => {
  it.effect("founds by a preseed, once: LXD would take a second one without a word", () =>
    Effect.gen(function* () {
      const fresh = scripted({ list: unclustered, init: success() })
      yield* fresh.cli.bootstrap([])
      assert.deepStrictEqual(fresh.words(), [
        "lxc cluster list --format json",
        "lxd init --preseed"
      ])
      assert.deepStrictEqual(JSON.parse(fresh.calls[1]?.stdin ?? ""), {
        config: { "core.https_address": "10.0.0.1:8443" },
        cluster: { enabled: true, server_name: "node-1" }
      })
      const founded = scripted({ list: listOf("other"), init: success() })
      assert.strictEqual(yield* reasonOf(founded.cli.bootstrap([])), "already-initialised")
      assert.notInclude(founded.words().join(), "init")
    })
  )

  it.effect("does not found while the daemon cannot say whether it is a member", () =>
    Effect.gen(function* () {
      const starting = scripted({ list: failure("context deadline exceeded"), init: success() })
      const error = yield* Effect.flip(starting.cli.bootstrap([]))
      assert.deepStrictEqual([error.operation, error.reason], ["bootstrap", "busy"])
      assert.notInclude(starting.words().join(), "init")
    })
  )

  it.effect("mints for no member: LXD 5.0 would, and the token would bar the host", () =>
    Effect.gen(function* () {
      const token = Redacted.value(tokenFor("node-2"))
      const { cli, words } = scripted({ list: listOf("node-1"), "add -q": success(`${token}\n`) })
      assert.strictEqual(Redacted.value(yield* cli.add(node2)), token)
      assert.strictEqual(yield* reasonOf(cli.add(node1)), "already-a-member")
      assert.strictEqual(
        words()
          .filter((each) => each.includes("add"))
          .join(),
        "lxc cluster add -q node-2"
      )
      const alone = scripted({ list: unclustered })
      const error = yield* Effect.flip(alone.cli.add(node2))
      assert.deepStrictEqual([error.operation, error.reason], ["add", "not-initialised"])
    })
  )

  it.effect("passes the token by stdin, as one string whatever is in it", () =>
    Effect.gen(function* () {
      const memberConfig = [
        { entity: "storage-pool", name: "local", key: "source", value: "/dev/sdb" }
      ] as const
      const { cli, calls } = scripted({ init: success() }, { memberConfig })
      const token = 'x"\nconfig:\n  core.trust_password: mine'
      yield* cli.join(Redacted.make(token), [])
      assert.deepStrictEqual(JSON.parse(calls[0]?.stdin ?? ""), {
        cluster: {
          enabled: true,
          server_address: "10.0.0.1:8443",
          cluster_token: token,
          member_config: memberConfig
        }
      })
      assert.notInclude(calls[0]?.argv.join(" "), "core.trust_password")
    })
  )

  it.effect("does not use a token that is for another host: LXD would join under that name", () =>
    Effect.gen(function* () {
      const { cli, calls } = scripted({ init: success() })
      assert.strictEqual(yield* reasonOf(cli.join(tokenFor("node-2"), [])), "token-rejected")
      assert.strictEqual(calls.length, 0)
      yield* cli.join(tokenFor("node-1"), [])
      assert.strictEqual(calls.length, 1)
    })
  )

  it.effect("believes the list and not a failed removal", () =>
    Effect.gen(function* () {
      const dead = failure(
        'Failed to cleanup the member: Put "https://10.0.0.2:8443/1.0/cluster": Unable to connect to: 10.0.0.2:8443'
      )
      const gone = scripted({ list: listOf("node-1"), remove: dead })
      yield* gone.cli.remove(node2, { force: true })
      assert.deepStrictEqual(gone.words(), [
        "lxc cluster remove node-2 --force --yes",
        "lxc cluster list --format json"
      ])
      const still = scripted({ list: listOf("node-1", "node-2"), remove: dead })
      assert.strictEqual(yield* reasonOf(still.cli.remove(node2, { force: false })), "busy")
      assert.strictEqual(still.words()[0], "lxc cluster remove node-2")
      const unknown = scripted({ list: failure("context deadline exceeded"), remove: dead })
      const error = yield* Effect.flip(unknown.cli.remove(node2, { force: false }))
      assert.deepStrictEqual([error.operation, error.reason], ["remove", "busy"])
      assert.include(error.detail, "Failed to cleanup the member")
    })
  )

  it.effect("leaves LXD's hints for newcomers out of errors", () =>
    Effect.gen(function* () {
      const hint =
        "If this is your first time running LXD on this machine, you should also run: lxd init\n\n"
      const { cli } = scripted({ list: { ...unclustered, stderr: hint + unclustered.stderr } })
      const error = yield* Effect.flip(cli.list)
      assert.strictEqual(error.detail, "Error: LXD server isn't part of a cluster")
    })
  )

  it.effect("speaks to Incus with Incus' words", () =>
    Effect.gen(function* () {
      const answers = { list: unclustered, init: success() }
      const { cli, words } = scripted(answers, { product: "incus" })
      yield* cli.bootstrap([])
      assert.deepStrictEqual(words(), [
        "incus cluster list --format json",
        "incus admin init --preseed"
      ])
    })
  )
})
