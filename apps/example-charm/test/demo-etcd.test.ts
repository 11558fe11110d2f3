// The demonstration without Juju, as its viewers run it: a process of its own, on a real etcd that it starts and ends.
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findEtcdPackage } from "@rollcall/etcd-adapter/testbed"
import { describe, expect, it } from "vitest"

const main = fileURLToPath(new URL("../demo/main.ts", import.meta.url))
const LIMIT = 120_000

const show = (env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      const options = { env, timeout: LIMIT }
      execFile(process.execPath, [main, "--store", "etcd"], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
    }
  )

/** Processes of this machine whose command line has `text` in it. */
const running = async (text: string): Promise<ReadonlyArray<string>> => {
  const { stdout } = await new Promise<{ readonly stdout: string }>((resolve) => {
    execFile("ps", ["-eo", "args"], (_, stdout) => resolve({ stdout }))
  })
  return stdout.split("\n").filter((line) => line.includes(text))
}

describe("the demonstration over etcd", () => {
  it("forms the cluster although the leading mirror ends, rolls it, and leaves nothing behind", async (context) => {
    const found = findEtcdPackage()
    if (typeof found === "string") return context.skip(found)
    const folder = mkdtempSync(join(tmpdir(), "rollcall-demo-etcd-"))
    const { code, stderr, stdout } = await show({
      ...(process.env as Record<string, string>),
      HOME: folder,
      TMPDIR: folder
    })
    expect(stderr).toBe("")
    expect(code).toBe(0)
    const story = [
      /mirror\/0 leads the mirrors/,
      /host-\w founds the cluster/,
      /mirror\/0 ends, which leads/,
      /mirror\/1 leads the mirrors/,
      /host-\w joins\n/,
      /host-\w restarts alone, its fencing token is \d+/
    ].map((pattern) => stdout.search(pattern))
    expect(story).not.toContain(-1)
    expect(story).toEqual(story.toSorted((left, right) => left - right))
    expect(stdout).toMatch(/host-\w mints \d, each sealed for its host/)
    expect(stdout.match(/restarts alone/g)).toHaveLength(5)
    expect(stdout.match(/^yes /gm)).toHaveLength(5)
    expect(stdout).not.toMatch(/^NO /m)
    expect(await running(folder)).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    rmSync(folder, { recursive: true, force: true })
  }, 120_000)

  it("names the packages that it needs where there is no etcd", async () => {
    const { code, stderr } = await show({
      PATH: "/nonexistent",
      ROLLCALL_ETCD_ROOT: "/nonexistent"
    })
    expect(code).toBe(1)
    expect(stderr).toContain("apt-get install --no-install-recommends etcd-server etcd-client")
  })
})
