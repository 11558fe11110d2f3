import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ClusterCli } from "@rollcall/core"
import { Effect } from "effect"
import { type ClusterCommandOptions, clusterCliFor } from "../src/ClusterCommand.ts"

/** The commands that founding and listing run, for the words of a configuration. */
const callsFor = (words: string, options: ClusterCommandOptions = {}) =>
  Effect.gen(function* () {
    const calls: Array<string> = []
    const layer = clusterCliFor(words.split(" "), {
      address: "10.0.0.1:8443",
      ...options,
      execute: ({ argv }) =>
        Effect.sync(() => {
          calls.push(argv.join(" "))
          return argv.includes("list")
            ? { code: 1, stdout: "", stderr: "Error: This server is not clustered" }
            : { code: 0, stdout: "", stderr: "" }
        })
    })
    const cli = yield* ClusterCli.pipe(Effect.provide(layer))
    yield* cli.bootstrap([])
    return calls
  })

describe("clusterCliFor", () => {
  it.effect("the command's name decides, wherever it lies and however it is reached", () =>
    Effect.gen(function* () {
      for (const [words, ...calls] of [
        ["microovn cluster", "microovn cluster bootstrap"],
        ["microceph cluster", "microceph cluster bootstrap"],
        ["/opt/lxcluster cluster", "/opt/lxcluster cluster bootstrap"],
        ["stand-in cluster", "stand-in cluster bootstrap"],
        ["my-tool", "my-tool bootstrap"],
        ["lxc cluster", "lxc cluster list --format json", "lxd init --preseed"],
        ["lxd", "lxc cluster list --format json", "lxd init --preseed"],
        [
          "/snap/bin/lxc cluster",
          "/snap/bin/lxc cluster list --format json",
          "/snap/bin/lxd init --preseed"
        ],
        [
          "nsenter --net=/run/netns/h1 incus cluster",
          "nsenter --net=/run/netns/h1 incus cluster list --format json",
          "nsenter --net=/run/netns/h1 incus admin init --preseed"
        ]
      ] as const) {
        assert.deepStrictEqual(yield* callsFor(words), [...calls], words)
      }
    })
  )

  it.effect("an option overrules the name", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* callsFor("/opt/wrap cluster", { product: "incus" }), [
        "/opt/wrap cluster list --format json",
        "/opt/wrap admin init --preseed"
      ])
      assert.deepStrictEqual(yield* callsFor("lxc cluster", { product: "microcluster" }), [
        "lxc cluster bootstrap"
      ])
    })
  )

  it.live("any path: a script with the shape of microovn's command", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "rollcall-command-"))
      const path = join(folder, "my cluster tool")
      writeFileSync(path, `#!/bin/sh\necho "$@" >> "$0.log"\n`)
      chmodSync(path, 0o755)
      const cli = yield* ClusterCli.pipe(Effect.provide(clusterCliFor([path, "cluster"])))
      yield* cli.bootstrap(["--flag"])
      assert.strictEqual(readFileSync(`${path}.log`, "utf8"), "cluster bootstrap --flag\n")
      rmSync(folder, { recursive: true })
    })
  )
})
