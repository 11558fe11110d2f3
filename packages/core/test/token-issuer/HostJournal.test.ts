import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { HostName } from "../../src/index.ts"
import {
  type HostMemory,
  newHostMemory,
  readHostMemory,
  writeHostMemory
} from "../../src/token-issuer/HostJournal.ts"

const full: HostMemory = {
  ...newHostMemory("5a0c"),
  publicKey: "public",
  privateKey: Redacted.make("private"),
  attempt: { _tag: "Join", generation: 2 },
  failure: { generation: 1, reason: "token-expired" },
  refused: ["abc", "1"],
  delivered: ["PreJoin/2"],
  minted: [{ host: HostName.make("host-2"), generation: 1, token: Redacted.make("a-token") }],
  failures: 3,
  retryAtMillis: 99
}

describe("the host's journal", () => {
  it("is read as it was written, secrets included, and keeps the entries of others", () => {
    const entries = writeHostMemory(new Map([["x", "y"]]), full)
    const read = readHostMemory(entries)
    assert.deepStrictEqual(read, full)
    assert.strictEqual(read?.privateKey && Redacted.value(read.privateKey), "private")
    assert.strictEqual(entries.get("x"), "y")
  })

  it("belongs to a new machine where there is none", () => {
    assert.isUndefined(readHostMemory(new Map()))
  })

  it.prop("belongs to a new machine where it cannot be read", [Schema.String], ([text]) => {
    assert.isUndefined(readHostMemory(new Map([["host", text]])))
  })
})
