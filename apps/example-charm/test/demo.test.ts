// The demonstration as its viewers run it: a process of its own, started by a plain node, writing to a pipe.
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import { fileURLToPath } from "node:url"
import { Simulation } from "@rollcall/juju-simulator"
import { afterAll, describe, expect, it } from "vitest"
import { sightings } from "../demo/Secrecy.ts"
import { paintFor, table } from "../demo/table.ts"

const main = fileURLToPath(new URL("../demo/main.ts", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "rollcall-demo-test-"))
const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder }
const LIMIT = 120_000

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Shown {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const show = (args: ReadonlyArray<string>, more: Record<string, string> = {}): Promise<Shown> =>
  new Promise((resolve) => {
    const options = { env: { ...env, ...more }, timeout: LIMIT }
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })

/** Processes that run in the test's own folder for temporary files, as every unit's hooks do. */
const leftBehind = (): ReadonlyArray<string> =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
    } catch {
      return false
    }
  })

describe("the demonstration", () => {
  it(
    "forms the cluster although the leader and a member are lost, and leaves nothing behind",
    async () => {
      const { code, stderr, stdout } = await show(["--seed", "3", "--trace"])
      expect(stderr).toBe("")
      expect(code).toBe(0)
      // in a pipe: no escape sequence
      expect(stdout).not.toContain("\u001b")
      const story = [
        /host-\w founds the cluster/,
        /host-\w mints for host-\w, host-\w, host-\w, host-\w, each sealed/,
        /distributor\/0 is lost/,
        /distributor\/1 now leads/,
        /(host-\w) joins\n/,
        /host-\w is lost with member\/\d/,
        /takes the member of the dead host-\w out of the cluster/,
        /host-\w mints for host-\w, sealed for it/,
        /host-\w joins again, as another machine/,
        /member\/\d, which leads the members, is asked to roll a restart/,
        /member\/\d fails with token \d+, gives its turn back and rests/,
        /member\/\d is lost while it holds the lock/,
        /member\/\d is removed; another one leads/
      ].map((pattern) => stdout.search(pattern))
      expect(story).not.toContain(-1)
      expect(story).toEqual(story.toSorted((left, right) => left - right))
      expect(stdout).toMatch(/^member\/\d {2} *x+ +x+ +=+$/m)
      expect(stdout).toMatch(/^member\/\d {2} *!+$/m)
      expect(stdout).toMatch(/^host +unit +status +hooks +writes +calls of the cluster's command$/m)
      expect(stdout).toMatch(
        /^host-\w +member\/5 +active: in the cluster +\d+ +\d+ +list 1, join 1$/m
      )
      expect(stdout).toMatch(
        /^ +together +\d+ +\d+ +bootstrap 1, list \d+, add 5, join 5, remove 1$/m
      )
      expect(stdout.match(/^yes /gm)).toHaveLength(8)
      expect(stdout).not.toMatch(/^NO /m)
      expect(stdout).toMatch(/^00001 {2}00:00:00\.000 {2}\S+ {2}install {2}-/m)
      const [, seconds = ""] = /^All of it holds, (\d+\.\d) s$/m.exec(stdout) ?? []
      expect(Number(seconds)).toBeGreaterThan(0)
      expect(Number(seconds)).toBeLessThan(60)
      expect(readdirSync(folder)).toEqual([])
      expect(leftBehind()).toEqual([])
    },
    LIMIT
  )

  it(
    "ends what it started when it is interrupted",
    async () => {
      const child: ChildProcess = spawn(process.execPath, [main], { env })
      await new Promise<void>((resolve) => {
        child.stdout?.on("data", (text) => {
          if (String(text).includes("announces itself")) resolve()
        })
      })
      expect(leftBehind()).not.toEqual([])
      child.kill("SIGTERM")
      expect((await once(child, "exit"))[0]).toBe(143)
      expect(readdirSync(folder)).toEqual([])
      expect(leftBehind()).toEqual([])
    },
    LIMIT
  )

  it("says what it can be told, and refuses everything else", async () => {
    expect(await show(["--help"])).toMatchObject({ code: 0, stderr: "" })
    for (const args of [["--bogus"], ["--cluster", "swarm"], ["--seed", "x"], ["more"]]) {
      const { code, stderr, stdout } = await show(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
      expect(stderr).toContain(args.at(-1))
      expect(stderr).toContain("--cluster stand-in|lxd")
    }
  })

  it("names the packages that LXD mode needs", async () => {
    const { code, stderr } = await show(["--cluster", "lxd"], { PATH: "/nonexistent" })
    expect(code).toBe(1)
    expect(stderr).toContain(
      "apt-get install --no-install-recommends lxd lxd-client iproute2 hostname util-linux rsync attr squashfs-tools"
    )
  })
})

describe("what the demonstration looks at and how it looks", () => {
  it("finds a token wherever Juju keeps text", async () => {
    const token = "a-token-in-clear"
    const sim = await Simulation.make({ seed: 1 })
    await sim.deploy("app", {
      charm: {
        metadata: { name: "app", peers: { peers: { interface: "x" } } },
        run: async ({ env: { JUJU_HOOK_NAME }, run }) => {
          if (JUJU_HOOK_NAME !== "start") return 0
          await run(["status-set", "active", `got ${token}`])
          await run(["juju-log", `got ${token}`])
          await run(["state-set", `key=${token}`])
          await run(["secret-add", "--label", "mine", `key=${token}`])
          const { code } = await run(["relation-set", "-r", "peers:0", `key=${token}`])
          expect(code).toBe(0)
          return 0
        }
      }
    })
    await sim.settle()
    const places = new Set(
      sightings(sim, [token]).map((place) => place.replace(/secret \S+:/, "secret:"))
    )
    expect([...places]).toEqual([
      "databag of app/0 in 0: key",
      "state of app/0: key",
      "status of app/0",
      "secret: key",
      "log of app/0"
    ])
    expect(sightings(sim, ["another"])).toEqual([])
    await sim.close()
  })

  it("paints on a terminal only, and columns do not move", () => {
    const terminal = Object.assign(new Writable(), { isTTY: true, getColorDepth: () => 4 })
    const rows = [["a", { text: "lost", format: "red" as const }, "7"]]
    const heading = ["host", "status", "hooks"]
    const coloured = table(paintFor(terminal), heading, rows)
    const plain = table(paintFor(new Writable()), heading, rows)
    expect(coloured[2]).toBe("a     \u001b[31mlost  \u001b[39m      7")
    expect(plain).toEqual(["host  status  hooks", "----  ------  -----", "a     lost        7"])
  })
})
