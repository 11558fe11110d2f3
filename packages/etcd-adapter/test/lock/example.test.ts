// The example of the package rolls three processes.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { bench } from "./Cluster.ts"

const { cluster } = bench({}, "3.5")
const PROGRAM = fileURLToPath(new URL("../../examples/roll.ts", import.meta.url))

it.live("three processes restart one after the other", () =>
  Effect.gen(function* () {
    const [endpoint = ""] = cluster().endpoints
    const lines: Array<string> = []
    const run = (name: string) =>
      Effect.promise(async () => {
        const going = promisify(execFile)(process.execPath, [
          "--conditions=@rollcall/source",
          PROGRAM,
          endpoint,
          name
        ])
        going.child.stdout?.on("data", (text) => lines.push(...`${text}`.trim().split("\n")))
        await going
      })
    yield* Effect.all([run("one"), run("two"), run("three")], { concurrency: "unbounded" })
    assert.strictEqual(lines.length, 6)
    for (let i = 0; i < 6; i += 2) {
      const who = lines[i]?.split(" ")[0]
      assert.match(lines[i] ?? "", /restarts with token \d+: new configuration$/)
      assert.strictEqual(lines[i + 1], `${who} is back`)
    }
  })
)
