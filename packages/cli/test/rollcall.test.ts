// The built program as a process: what a user's shell sees.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import manifest from "../package.json" with { type: "json" }

const repository = fileURLToPath(new URL("../../..", import.meta.url))
const program = fileURLToPath(new URL("../dist/main.js", import.meta.url))

interface Exit {
  readonly code: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

const run = (file: string, args: ReadonlyArray<string>): Promise<Exit> =>
  new Promise((settle) => {
    const options = { cwd: repository, timeout: 60_000, env: { ...process.env, NO_COLOR: "1" } }
    execFile(file, args, options, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : error.code, stdout, stderr })
    )
  })

const rollcall = (...args: ReadonlyArray<string>) => run(process.execPath, [program, ...args])

describe("rollcall", () => {
  // A build of unchanged sources is a cache hit, so what is tested is never older than the sources.
  beforeAll(async () => {
    const build = await run("turbo", ["run", "build", "--filter=@rollcall/cli"])
    assert.strictEqual(build.code, 0, build.stdout + build.stderr)
  }, 90_000)

  it("--version prints the version of its manifest", async () => {
    const { code, stdout, stderr } = await rollcall("--version")
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.include(stdout, manifest.version)
  })

  it("--help says what it is for, on stdout", async () => {
    const { code, stdout, stderr } = await rollcall("--help")
    assert.deepStrictEqual([code, stderr], [0, ""])
    assert.include(stdout, "rollcall")
    assert.include(stdout, "Forms clusters and rolls changes through them")
  })

  it("refuses an unknown flag with exit code 1", async () => {
    const { code, stderr } = await rollcall("--no-such-flag")
    assert.strictEqual(code, 1)
    assert.include(stderr, "--no-such-flag")
  })

  it("is a program: the shebang and the executable bit", async () => {
    const { code, stdout } = await run(program, ["--version"])
    assert.strictEqual(code, 0)
    assert.include(stdout, manifest.version)
  })
})
