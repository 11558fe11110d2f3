import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { HostName, ParticipantId } from "../../src/index.ts"
import {
  LEDGER_KEY,
  MEMORY_KEY,
  readLedger,
  readMemory,
  writeLedger,
  writeMemory
} from "../../src/mirror/Ledger.ts"
import { blankLedger, type Ledger } from "../../src/mirror/MirrorPolicy.ts"

const app = ParticipantId.make("app/0")
const full: Ledger = {
  leader: ParticipantId.make("distributor/1"),
  epoch: 4,
  bootstrap: app,
  bootstrapSide: "app",
  issuer: app,
  formed: true,
  burned: ["abc"]
}

describe("the ledger", () => {
  it("is read as it was written", () => {
    for (const ledger of [blankLedger, full, { ...full, burned: [], issuer: undefined }]) {
      assert.deepStrictEqual(readLedger(new Map([[LEDGER_KEY, writeLedger(ledger)]])), ledger)
    }
  })

  it.prop("counts as blank where it cannot be read", [Schema.String], ([text]) => {
    assert.deepStrictEqual(readLedger(new Map([[LEDGER_KEY, text]])), blankLedger)
  })

  it("is read without what a newer version adds, and not at all in another version", () => {
    const newer = JSON.stringify({ ...JSON.parse(writeLedger(full)), more: [1] })
    assert.deepStrictEqual(readLedger(new Map([[LEDGER_KEY, newer]])), full)
    const other = JSON.stringify({ ...JSON.parse(writeLedger(full)), v: 2 })
    assert.deepStrictEqual(readLedger(new Map([[LEDGER_KEY, other]])), blankLedger)
  })
})

describe("the mirror's memory", () => {
  const blank = {
    heldSinceMillis: undefined,
    bereftSinceMillis: undefined,
    handedAtMillis: new Map()
  }

  it("is read as it was written, and nothing is written where nothing is remembered", () => {
    const handedAtMillis = new Map([[HostName.make("host-1"), 12]])
    for (const memory of [
      { ...blank, heldSinceMillis: 5 },
      { ...blank, bereftSinceMillis: 6 },
      { heldSinceMillis: 0, bereftSinceMillis: 7, handedAtMillis }
    ]) {
      const entry = writeMemory(memory)
      assert.deepStrictEqual(readMemory(new Map([[MEMORY_KEY, entry ?? ""]])), memory)
    }
    assert.isUndefined(writeMemory(blank))
  })

  it.prop("counts as empty where it cannot be read", [Schema.String], ([text]) => {
    assert.deepStrictEqual(readMemory(new Map([[MEMORY_KEY, text]])), blank)
  })
})
