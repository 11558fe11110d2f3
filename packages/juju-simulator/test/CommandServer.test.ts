// The executables of bin/ against the server, as real processes: M1's texts and bytes on the wire.
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type AnswerCall, CommandServer, oneAtATime } from "../src/CommandServer.ts"

const client = fileURLToPath(new URL("../bin/jujuc", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "jujuc-"))
const tool = join(folder, "relation-set")
const address = join(folder, "agent.socket")
const hook = {
  JUJU_CONTEXT_ID: "app/0-start-1",
  JUJU_AGENT_SOCKET_ADDRESS: address,
  JUJU_AGENT_SOCKET_NETWORK: "unix"
}

interface Printed {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const run = (
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = [],
  stdin?: string
): Promise<Printed> =>
  new Promise((resolve) => {
    const child = spawn(tool, args, { cwd: folder, env })
    let [stdout, stderr] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    if (stdin !== undefined) child.stdin.end(stdin)
    child.once("close", (code) => resolve({ code, stdout, stderr }))
  })

const echo: AnswerCall = (fields) =>
  Promise.resolve({ code: 3, stdout: JSON.stringify(fields), stderr: "ERROR nö\n" })

let server: CommandServer
beforeAll(async () => {
  symlinkSync(client, tool)
  server = await CommandServer.listen()
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

describe("jujuc", () => {
  it.each([
    [{}, "ERROR JUJU_CONTEXT_ID not set\n"],
    [{ JUJU_CONTEXT_ID: "c" }, "ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n"],
    [
      { JUJU_CONTEXT_ID: "c", JUJU_AGENT_SOCKET_ADDRESS: "/nowhere" },
      "ERROR JUJU_AGENT_SOCKET_NETWORK not set\n"
    ],
    [
      { ...hook, JUJU_AGENT_SOCKET_ADDRESS: "/nowhere" },
      "ERROR dial unix /nowhere: connect: no such file or directory\n"
    ]
  ])("M1: refuses outside of a hook: %o", async (env, stderr) => {
    expect(await run(env)).toEqual({ code: 1, stdout: "", stderr })
  })

  it("passes context, folder, name and arguments byte by byte, and prints what comes back", async () => {
    const shut = server.open(address, echo)
    const args = ["-r", "db:1", "k=a b\n'\"ü$(x)", "", "--", "-"]
    const { code, stdout, stderr } = await run(hook, args)
    shut()
    expect(JSON.parse(stdout)).toEqual([hook.JUJU_CONTEXT_ID, folder, "relation-set", ...args])
    expect([code, stderr]).toEqual([3, "ERROR nö\n"])
  })

  it("reads standard input only when asked", async () => {
    const shut = server.open(address, async ([, , , ...args], stdin) => {
      const text = args.includes("--file") ? await stdin() : "not asked"
      return { code: 0, stdout: `${text.length} ${text.slice(-3)}`, stderr: "" }
    })
    const big = `${"x".repeat(1_000_000)}\nü\n`
    expect((await run(hook, ["--file", "-"], big)).stdout).toBe("1000003 \nü\n")
    // Nobody closes this standard input: a client that read it would hang.
    expect((await run(hook, ["k=v"])).stdout).toBe("9 ked")
    shut()
  })

  it("answers one call at a time where that is asked for", async () => {
    let [now, most] = [0, 0]
    const shut = server.open(
      address,
      oneAtATime(async () => {
        now += 1
        most = Math.max(most, now)
        await new Promise((resolve) => setTimeout(resolve, 20))
        now -= 1
        return { code: 0, stdout: "", stderr: "" }
      })
    )
    await Promise.all([run(hook), run(hook), run(hook)])
    shut()
    expect(most).toBe(1)
  })

  it("gets Juju's error once the hook is over", async () => {
    server.open(address, echo)()
    const gone = `ERROR dial unix ${address}: connect: no such file or directory\n`
    expect(await run(hook)).toEqual({ code: 1, stdout: "", stderr: gone })
  })
})
