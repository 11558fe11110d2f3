// `npm test`: builds what the tests run as programs, runs every project's tests and says what was left out.
// Arguments go to vitest; a run that is asked for a part of the tests does not count the rest as left out.
// With CI or ROLLCALL_STRICT set, anything left out makes the run fail.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { OMISSIONS, type Omission, omissionsIn } from "./LeftOut.ts"

const main = (args: ReadonlyArray<string>): boolean => {
  if (!build()) return false
  etcd()
  // the environments are of use only with the source of what runs in them
  if (isSet("ROLLCALL_PEERS")) spawnSync("sh", ["scripts/python-peers.sh"], { stdio: "inherit" })
  const folder = mkdtempSync(join(tmpdir(), "rollcall-test-"))
  const file = join(folder, "omissions")
  writeFileSync(file, "")
  try {
    const passed = test(args, file)
    const omissions = omissionsIn(file)
    const refused = omissions.length > 0 && (isSet("CI") || isSet("ROLLCALL_STRICT"))
    console.log(reportOf(omissions))
    if (refused) console.log("Nothing may be left out: CI or ROLLCALL_STRICT is set.")
    return passed && !refused
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Builds every package; one that has not changed is a cache hit. Silent unless it fails. */
const build = (): boolean => {
  const { status, stdout } = spawnSync("turbo", ["run", "build"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  if (status !== 0) console.error(`${stdout}\nThe build failed, so no test was run.`)
  return status === 0
}

/** Brings etcd, where apt can; it is quiet when it is there, and where it cannot it says how else to get it. */
const etcd = (): void => {
  spawnSync("sh", ["scripts/etcd.sh"], { stdio: "inherit" })
}

const test = (args: ReadonlyArray<string>, omissions: string): boolean => {
  const counting = args.length === 0 ? ["--reporter=./scripts/LeftOut.ts"] : []
  const { status } = spawnSync("vitest", ["run", "--reporter=default", ...counting, ...args], {
    stdio: "inherit",
    env: { ...found(), ...process.env, [OMISSIONS]: omissions }
  })
  return status === 0
}

/** What scripts/python-peers.sh, incus.sh and etcd.sh have put into the cache, by the variable that names it to tests. */
const found = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({
      ROLLCALL_PYTHON: ".cache/python-peers/ops3/bin/python",
      ROLLCALL_INCUS_ROOT: ".cache/incus/root",
      ROLLCALL_ETCD_ROOT: ".cache/etcd"
    })
      .map(([name, path]) => [name, resolve(path)] as const)
      .filter(([, path]) => existsSync(path))
  )

const reportOf = (omissions: ReadonlyArray<Omission>): string =>
  omissions.length === 0
    ? "Left out: nothing"
    : [
        `Left out: ${omissions.length}`,
        ...omissions.map(({ what, reason }) => `  ${what}: ${reason}`)
      ].join("\n")

const isSet = (name: string): boolean => !["", "0", "false"].includes(process.env[name] ?? "")

process.exitCode = main(process.argv.slice(2)) ? 0 : 1
