// The fixtures against which our dialects are written, made again by running the libraries themselves.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { reportOmission } from "../Omission.ts"
import { assembleLockPeers, LOCK_LIBRARIES } from "./LockPeers.ts"
import { v1Module } from "./V1Module.ts"

const FIXTURE = join(
  import.meta.dirname,
  "../../../packages/juju-adapter/test/lock-dialect/fixtures/queues.json"
)

type Case = Readonly<Record<string, unknown>>

const peers = await assembleLockPeers()
afterAll(peers.remove)

const fixture = JSON.parse(readFileSync(FIXTURE, "utf8")) as ReadonlyArray<Case>

for (const library of LOCK_LIBRARIES) {
  const charm = peers.charms[library]
  if ("missing" in charm) {
    reportOmission(`queues as ${library} itself writes them`, charm.missing)
    it(`says why ${library} is not asked`, () => expect(charm.missing).not.toBe(""))
    continue
  }
  it(`${library} itself writes the fixtures' queues`, () => {
    const script = join(import.meta.dirname, "python/queues.py")
    const args = library === "v1" ? [script, peers.lib] : [script]
    const printed = execFileSync(charm.python, args, { encoding: "utf8", timeout: 60_000 })
    const written = JSON.parse(printed) as ReadonlyArray<Case>
    expect(written.map((each) => each[library])).toEqual(fixture.map((each) => each[library]))
    expect(written.length).toBe(7)
  })
}

it("a text that is indented is taken as it is, and one of other lines is refused", () => {
  const text = "page\n# Copyright 2026\nclass A:\n    def a(self):\n        pass\n"
  expect(v1Module(text)).toEqual({ module: text.slice(5) })
  expect(v1Module(text.replaceAll(/^ +/gm, ""))).toMatchObject({
    why: expect.stringContaining("LIBPATCH 0")
  })
})
