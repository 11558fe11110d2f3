// The demonstration on real LXD daemons, where there are any; else this is reported as left out.
import { execFile } from "node:child_process"
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findLxdPackage } from "@rollcall/microcluster-adapter/testbed"
import { describe, expect, it } from "vitest"

const main = fileURLToPath(new URL("../demo/main.ts", import.meta.url))
const LIMIT = 180_000
const lxd = findLxdPackage("lxd")

const reportOmission = (what: string, reason: string): void => {
  console.warn(`omitted: ${what}: ${reason}`)
  const file = process.env.ROLLCALL_OMISSIONS
  if (file !== undefined && file !== "") appendFileSync(file, `${what}\t${reason}\n`)
}

describe("the demonstration on LXD", () => {
  if (typeof lxd === "string") {
    it("is left out on this machine", () => {
      reportOmission("demo on LXD", lxd)
      expect(lxd).not.toBe("")
    })
    return
  }
  it(
    "forms a cluster of three daemons, each on a host of its own, and leaves nothing behind",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "rollcall-demo-lxd-"))
      const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder }
      const shown = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) =>
        execFile(
          process.execPath,
          [main, "--cluster", "lxd"],
          { env, timeout: LIMIT },
          (error, stdout, stderr) =>
            resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        )
      )
      expect(shown.stderr).toBe("")
      expect(shown.code).toBe(0)
      expect(shown.stdout).toMatch(/^One cluster of 3 hosts on LXD \d/)
      expect(shown.stdout).toContain("distributor/0 is lost")
      expect(shown.stdout.match(/host-\w joins/g)).toHaveLength(2)
      expect(shown.stdout).toMatch(/^ +together +\d+ +\d+ +bootstrap 1, list \d+, add 2, join 2$/m)
      expect(shown.stdout.match(/^yes /gm)).toHaveLength(8)
      expect(readdirSync(folder)).toEqual([])
      rmSync(folder, { recursive: true })
    },
    LIMIT
  )
})
