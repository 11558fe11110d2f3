// The `.charm` files carry all they need: unpacked on a machine that has a shell and nothing else, without a network,
// `install` runs.
import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { reportOmission } from "../../../test/peers/Omission.ts"
import { unzip } from "./Unzip.ts"

const run = promisify(execFile)
const build = new URL("../build.ts", import.meta.url).pathname
const CHARMS = ["token-distributor", "member"] as const
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-charm-"))
  await run(process.execPath, ["--conditions=@rollcall/source", build, "--out", folder])
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A PATH with a shell's few tools and one hook tool that notes its arguments: no node, no npm, no curl. */
const barePath = async (): Promise<string> => {
  const bin = join(folder, "bin")
  await mkdir(bin, { recursive: true })
  for (const tool of ["sh", "dirname", "cat"]) {
    const { stdout } = await run("sh", ["-c", `command -v ${tool}`])
    await symlink(stdout.trim(), join(bin, tool)).catch(() => undefined)
  }
  for (const tool of ["status-set", "juju-log"]) {
    const script = `#!${join(bin, "sh")}\necho "${tool} $*" >> "${folder}/calls"\n`
    await writeFile(join(bin, tool), script, { mode: 0o755 })
  }
  return bin
}

/** Whether this machine lets a process have a network of its own, in which there is nothing. */
const canUnshare = async (): Promise<boolean> => {
  const tried = await run("unshare", ["-rn", "true"]).then(
    () => true,
    () => false
  )
  return tried
}

describe.each(CHARMS)("%s", (name) => {
  it("is a zip with everything that its dispatch starts", { timeout: 60_000 }, async () => {
    const architecture = process.arch === "x64" ? "amd64" : process.arch
    const unpacked = join(folder, `unpacked-${name}`)
    await unzip(join(folder, `${name}_${architecture}.charm`), unpacked)
    for (const file of [
      "metadata.yaml",
      "config.yaml",
      "actions.yaml",
      "manifest.yaml",
      "LICENSE"
    ]) {
      expect((await readFile(join(unpacked, file), "utf8")).length, file).toBeGreaterThan(10)
    }
    await writeFile(join(folder, "calls"), "")
    const bin = await barePath()
    const isolated = await canUnshare()
    if (!isolated) reportOmission(`install of ${name} in a network of its own`, "unshare -rn fails")
    const command = [
      "env",
      "-i",
      `PATH=${bin}`,
      ...environment(unpacked),
      join(unpacked, "dispatch")
    ]
    const words = isolated ? ["unshare", "-rn", ...command] : command
    await run(words[0] as string, words.slice(1), { timeout: 30_000 })
    expect(await readFile(join(folder, "calls"), "utf8")).toMatch(
      /^status-set .*waiting to be related/m
    )
  })
})

const environment = (charm: string): ReadonlyArray<string> =>
  Object.entries({
    JUJU_CONTEXT_ID: "app/0-install-1",
    JUJU_UNIT_NAME: "app/0",
    JUJU_MODEL_UUID: "8419cd78-4993-4c3a-928e-c646226beeee",
    JUJU_MODEL_NAME: "model",
    JUJU_CHARM_DIR: charm,
    JUJU_VERSION: "3.6.0",
    JUJU_DISPATCH_PATH: "hooks/install"
  }).map(([key, value]) => `${key}=${value}`)
