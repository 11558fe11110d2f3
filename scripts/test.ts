// `npm test`: builds what the tests run as programs, runs every project's tests and says what was left out.
// Arguments go to vitest; a run that is asked for a part of the tests does not count the rest as left out.
// With CI or ROLLCALL_STRICT set, anything left out makes the run fail.
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { OMISSIONS, type Omission, omissionsIn } from "./LeftOut.ts"

const isSet = (name: string): boolean => !["", "0", "false"].includes(process.env[name] ?? "")

const main = (args: ReadonlyArray<string>): boolean => {
  // A build of unchanged sources is a cache hit and prints nothing.
  if (!run("turbo", ["run", "build", "--output-logs=errors-only", "--log-order=grouped"]))
    return false
  const folder = mkdtempSync(join(tmpdir(), "rollcall-test-"))
  const file = join(folder, "omissions")
  writeFileSync(file, "")
  try {
    const reporters = [
      "--reporter=default",
      ...(args.length === 0 ? ["--reporter=./scripts/LeftOut.ts"] : [])
    ]
    const passed = run("vitest", ["run", ...reporters, ...args], { [OMISSIONS]: file })
    const omissions = omissionsIn(file)
    console.log(reportOf(omissions))
    const strict = isSet("CI") || isSet("ROLLCALL_STRICT")
    if (strict && omissions.length > 0)
      console.log("Nothing may be left out here: CI or ROLLCALL_STRICT is set.")
    return passed && !(strict && omissions.length > 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = (program: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  spawnSync(program, args, { stdio: "inherit", env: { ...process.env, ...env } }).status === 0

const reportOf = (omissions: ReadonlyArray<Omission>): string =>
  omissions.length === 0
    ? "Left out: nothing"
    : [
        `Left out: ${omissions.length}`,
        ...omissions.map(({ what, reason }) => `  ${what}: ${reason}`)
      ].join("\n")

process.exitCode = main(process.argv.slice(2)) ? 0 : 1
