// The examples in docs/protocol/rolling-lock.md are what the code reads and writes.
import { readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { nativeLockDialect, ParticipantId } from "../../src/index.ts"

const page = readFileSync(
  new URL("../../../../docs/protocol/rolling-lock.md", import.meta.url),
  "utf8"
)
const [own = "", shared = ""] = [...page.matchAll(/^rolling-lock\.restart +(\S.*)$/gm)].map(
  ([, text]) => text
)
const dialect = nativeLockDialect("restart")
const entries = (text: string) => new Map([["rolling-lock.restart", text]])
const scene = {
  self: ParticipantId.make("app/1"),
  nowMillis: 0,
  registers: new Map(),
  shared: new Map()
}

describe("docs/protocol/rolling-lock.md", () => {
  it("shows what a participant writes", () => {
    const read = dialect.decodeRequests(entries(own), new Map())
    assert.strictEqual(read._tag, "Readable")
    if (read._tag !== "Readable") return
    assert.deepStrictEqual([...dialect.encodeRequests(read.record, scene)], [...entries(own)])
  })

  it("shows what a leader writes", () => {
    const read = dialect.decodeGrants(entries(shared))
    assert.strictEqual(read._tag, "Readable")
    if (read._tag !== "Readable") return
    assert.deepStrictEqual([...dialect.encodeGrants(read.record, scene)], [...entries(shared)])
  })
})
