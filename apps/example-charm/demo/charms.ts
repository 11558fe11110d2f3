// The two charms as they are deployed: built now from the sources, into a folder that goes with the scope.
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"
import { attempt } from "./Product.ts"

/** Builds the charms; returns their folders. */
export const buildCharms = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-charms-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const script = fileURLToPath(new URL("../build.ts", import.meta.url))
  const args = ["--conditions=@rollcall/source", script, "--unpacked-only", "--out", folder]
  yield* attempt("build the charms", () => run(process.execPath, args, { timeout: BUILD_MILLIS }))
  return { distributor: join(folder, "token-distributor"), member: join(folder, "member") }
})

const run = promisify(execFile)
const BUILD_MILLIS = 60_000
