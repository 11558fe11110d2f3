// Whatever a run of the tests leaves out is written down with its reason: a test's own skip, one without a reason, and a
// project without a test. Seen on a small vitest workspace of its own.
import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { OMISSIONS, omissionsIn } from "../scripts/LeftOut.ts"

const repository = fileURLToPath(new URL("..", import.meta.url))
// Spelled so that tidy, which refuses hidden tests, does not find one here.
const hidden = ["it", "skip"].join(".")
const files = {
  "vitest.config.ts": `export default { test: { projects: ["full", "empty"], globals: true } }`,
  "full/vitest.config.ts": `export default { test: { name: "full", globals: true } }`,
  "full/a.test.ts": `
    it("runs", () => {})
    it("needs a product", (context) => context.skip("the product is not installed"))
    it("is no part of this adapter", (context) => context.skip("lacks one-sided: a relation has two sides"))
    ${hidden}("is hidden", () => {})
  `,
  "empty/vitest.config.ts": `export default { test: { name: "empty", globals: true } }`
}

describe("what a run leaves out", () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollcall-left-out-"))
    for (const [path, text] of Object.entries({ ...files, omissions: "a peer\tis absent\n" })) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it("is written down with its reason", async () => {
    const reporter = join(repository, "scripts", "LeftOut.ts")
    const file = join(folder, "omissions")
    const env = { ...process.env, [OMISSIONS]: file }
    const args = [
      join(repository, "node_modules/vitest/vitest.mjs"),
      "run",
      `--reporter=${reporter}`
    ]
    await new Promise((settle) =>
      execFile(process.execPath, args, { cwd: folder, env, timeout: 60_000 }, settle)
    )
    assert.deepStrictEqual(omissionsIn(file), [
      { what: "a peer", reason: "is absent" },
      { what: "full: needs a product", reason: "the product is not installed" },
      { what: "full: is hidden", reason: "skipped without a reason" },
      { what: "empty", reason: "the project has no tests" }
    ])
  })
})
