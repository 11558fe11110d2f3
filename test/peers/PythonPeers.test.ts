// The deployed library itself, unmodified, against the suites that its models pass; and what is said when it is missing.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { consumerSuite, consumerV2Suite } from "./models/ConsumerSuite.ts"
import { providerSuite, providerV2Suite } from "./models/ProviderSuite.ts"
import { reportOmission } from "./Omission.ts"
import { startPythonBridge } from "./PythonBridge.ts"
import { assemblePythonPeers } from "./PythonPeers.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollcall-peers-test-"))
})
afterEach(() => rm(folder, { recursive: true }))

const MODULE = `"""Microcluster token distributor library.

Not the library.
"""

LIBID = "ec674038842544928b4e21ee6e199666"
`

it("says why there is no environment", async () => {
  await writeFile(join(folder, "unavailable"), "python3 is missing\n")
  expect(await assemblePythonPeers({ cache: folder })).toMatchObject({
    part: "environment",
    reason: expect.stringMatching(/ops3: python3 is missing$/)
  })
  await rm(join(folder, "unavailable"))
  expect(await assemblePythonPeers({ cache: folder, ops: 2 })).toMatchObject({
    part: "environment",
    reason: expect.stringMatching(/ops2: run scripts\/python-peers.sh$/)
  })
})

it("appends an omission to the file that is asked for", async () => {
  vi.stubEnv("ROLLCALL_OMISSIONS", join(folder, "omissions"))
  reportOmission("a suite", "its\nreason")
  vi.unstubAllEnvs()
  expect(await readFile(join(folder, "omissions"), "utf8")).toBe("a suite\tits reason\n")
})

const withoutLibrary = await assemblePythonPeers({ folder: join(import.meta.dirname, "python") })

if (withoutLibrary.kind === "missing" && withoutLibrary.part === "environment")
  reportOmission("finding and compiling the library's text", withoutLibrary.reason)
else
  describe("the folder of texts", () => {
    it("may be missing", async () => {
      const found = await assemblePythonPeers({ folder: join(folder, "none") })
      expect(found).toMatchObject({ kind: "missing", part: "folder" })
    })

    it("may hold no library", async () => {
      await writeFile(join(folder, "other.txt"), "LIBID = 1")
      expect(await assemblePythonPeers({ folder })).toMatchObject({ part: "library" })
    })

    it("may hold one that does not compile", async () => {
      await writeFile(join(folder, "broken.txt"), `${MODULE}def f(:\n`)
      expect(await assemblePythonPeers({ folder })).toMatchObject({
        part: "broken",
        reason: expect.stringContaining("SyntaxError")
      })
    })

    it("may hold it amid a page", async () => {
      const heading = "charms.microcluster_token_distributor.v0.token_distributor"
      const page = `Ubuntu\n24.04\n\n${MODULE}\n${heading}\n\nNot Python at all.\n`
      await writeFile(join(folder, "page.txt"), page)
      const found = await assemblePythonPeers({ folder })
      if (found.kind === "missing") throw new Error(found.reason)
      const library = "lib/charms/microcluster_token_distributor/v0/token_distributor.py"
      expect(await readFile(join(found.member, library), "utf8")).toBe(MODULE)
      await found.remove()
    })
  })

const peers = await assemblePythonPeers()

if (peers.kind === "missing") {
  reportOmission("the deployed Python library against its models' suites", peers.reason)
  it("is not there, rather than broken", () => expect(peers.part).not.toBe("broken"))
} else {
  const bridge = await startPythonBridge(peers)
  afterAll(async () => {
    await bridge.close()
    await peers.remove()
  })

  describe("the deployed library, LIBPATCH 2", { timeout: 60_000 }, () => {
    providerSuite(() => bridge.newDistributor())
    providerV2Suite(() => bridge.newDistributor())
    consumerSuite(({ clusterCommand }) => bridge.newMember(clusterCommand))
    consumerV2Suite(({ clusterCommand }) => bridge.newMember(clusterCommand))
  })
}
