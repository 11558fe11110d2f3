import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { redact } from "../src/Redaction.ts"

const hex = "69b146d192ff4bfb5b99e73dacffef4cda8902f78b39185c409902b8a518d4af"
const token = Buffer.from(
  JSON.stringify({ secret: hex, join_addresses: ["10.0.0.1:6443"] })
).toString("base64")

describe("redact", () => {
  it("takes out tokens, their secrets, and what it was told to", () => {
    assert.strictEqual(redact(`join ${token} failed`), "join <redacted> failed")
    assert.strictEqual(redact(`secret=${hex}.`), "secret=<redacted>.")
    assert.strictEqual(redact(`DELETE /1.0/tokens/${hex}`), "DELETE /1.<redacted>")
    const separated = `${"aB3x".repeat(6)}/${"aB3x".repeat(6)}`
    assert.strictEqual(redact(`a ${separated} b`), "a <redacted> b")
    assert.strictEqual(redact("pass swordfish now", ["swordfish"]), "pass <redacted> now")
  })

  it("leaves what an operator needs", () => {
    for (const text of [
      'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: connection refused',
      "open /var/snap/microovn/common/state/database/some/rather/deep/folder: no such file",
      "cluster member juju-4b2a1c-very-long-model-name-0-lxd-17-of-the-lab not found",
      'Remote with address "10.0.0.1:6443" exists'
    ]) {
      assert.strictEqual(redact(text), text)
    }
  })

  it("an empty secret takes nothing out", () => {
    assert.strictEqual(redact("a b", ["", " "]), "a b")
  })

  it.effect.prop(
    "no token of any content survives, wherever it stands",
    { secret: Schema.String, before: Schema.String, after: Schema.String },
    ({ secret, before, after }) =>
      Effect.sync(() => {
        const minted = Buffer.from(JSON.stringify({ secret, fingerprint: hex })).toString("base64")
        assert.notInclude(redact(`${before} ${minted} ${after}`), minted)
      })
  )
})
