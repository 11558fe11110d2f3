// The way into the project's tools: what `npm test` and the other commands go through.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { assert, beforeAll, describe, it } from "@effect/vitest"

const script = fileURLToPath(new URL("../scripts/run.mjs", import.meta.url))

const run = (...command: ReadonlyArray<string>): ChildProcess =>
  spawn(process.execPath, [script, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production" },
    timeout: 120_000
  })

const finish = async (child: ChildProcess) => {
  let output = ""
  child.stdout?.on("data", (text) => (output += text))
  child.stderr?.on("data", (text) => (output += text))
  const [code] = await once(child, "close")
  return { code: code as number | null, output: output.trim() }
}

describe("scripts/run.mjs", () => {
  // A manifest that someone is editing right now makes a set-up due.
  beforeAll(() => finish(run("true")), 120_000)

  it("says nothing of set-up once that is done, and hands on the exit code", async () => {
    assert.deepStrictEqual(await finish(run("sh", "-c", "exit 7")), { code: 7, output: "" })
  })

  it("runs with the project's Node and pnpm, and not for production", async () => {
    const { code, output } = await finish(
      run("sh", "-c", "node --version; pnpm --version; echo $NODE_ENV")
    )
    assert.strictEqual(code, 0)
    assert.match(output, /^v24\.\d+\.\d+\n12\.21\.0$/)
  })

  it("hands on a signal", async () => {
    const child = run("sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done")
    child.stdout?.once("data", () => child.kill("SIGTERM"))
    assert.deepStrictEqual(await finish(child), { code: 9, output: "ready" })
  })

  it("says what a missing command is", async () => {
    const { code, output } = await finish(run("no-such-command"))
    assert.strictEqual(code, 1)
    assert.include(output, "no-such-command did not start")
  })
})
