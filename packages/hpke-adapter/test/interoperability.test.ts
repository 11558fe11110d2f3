// Tokens are sealed as RFC 9180 says, and not merely as @hpke/core does: an implementation over node:crypto
// gives the RFC's own vector, opens what the adapter seals, and seals what the adapter opens.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { hpkeSealer } from "../src/index.ts"
import { aes128Gcm, aes256Gcm, openBase, publicOf, sealBase, type Terms } from "./Rfc9180.ts"

const hex = (text: string) => Buffer.from(text, "hex")
const bytes = (text: string) => Buffer.from(text, "base64url")

// RFC 9180 A.1.1, sequence number 0. The RFC has no X25519 vector for AES-256-GCM, which differs in an id and a length.
const vector = {
  terms: {
    aead: aes128Gcm,
    info: hex("4f6465206f6e2061204772656369616e2055726e"),
    aad: hex("436f756e742d30")
  },
  skE: hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"),
  skR: hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"),
  pkR: hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
  enc: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
  plain: hex("4265617574792069732074727574682c20747275746820626561757479"),
  ct: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
}

const context = "rollcall-token-v1/node-1/0123abcd/7"
const token = "eyJuYW1lIjoibm9kZS0xIn0="
const terms: Terms = { aead: aes256Gcm, info: Buffer.from(context), aad: Buffer.from(context) }
const key = {
  publicKey: vector.pkR.toString("base64url"),
  privateKey: Redacted.make(vector.skR.toString("base64url"))
}

// The wire format, frozen: `token` for `key` in `context`, with the vector's ephemeral key.
const SEALED =
  "ATf9o1Z729Yo6IZow8jX6X0dElO21OptRMFQ90Hxv0QxFASbZy3Qshz2OdkWDahrzsfPrFWlHTJUO2ngeGtNCXdvpNe0n7MQig"

describe("RFC 9180", () => {
  it("the second opinion gives vector A.1.1", () => {
    const sealed = sealBase(vector.terms, vector.pkR, vector.skE, vector.plain)
    assert.strictEqual(sealed.toString("hex"), vector.enc + vector.ct)
    assert.deepStrictEqual(openBase(vector.terms, vector.skR, sealed), vector.plain)
  })

  it.effect("what the adapter seals, the second opinion opens", () =>
    Effect.gen(function* () {
      const made = yield* hpkeSealer.generate
      const sealed = yield* hpkeSealer.seal(made.publicKey, Redacted.make(token), context)
      const [version, ...rest] = bytes(sealed)
      assert.strictEqual(version, 1)
      const skR = bytes(Redacted.value(made.privateKey))
      assert.strictEqual(openBase(terms, skR, Buffer.from(rest)).toString(), token)
      assert.strictEqual(publicOf(skR).toString("base64url"), made.publicKey)
    })
  )

  it.effect("what the second opinion seals, the adapter opens; the wire format is frozen", () =>
    Effect.gen(function* () {
      const rest = sealBase(terms, vector.pkR, vector.skE, Buffer.from(token))
      assert.strictEqual(Buffer.concat([Buffer.of(1), rest]).toString("base64url"), SEALED)
      assert.strictEqual(Redacted.value(yield* hpkeSealer.open(key, SEALED, context)), token)
    })
  )

  it.effect("what no adapter would seal is refused, though its tag fits", () =>
    Effect.gen(function* () {
      const detailFor = (version: number, plain: Buffer) => {
        const rest = sealBase(terms, vector.pkR, vector.skE, plain)
        const sealed = Buffer.concat([Buffer.of(version), rest]).toString("base64url")
        return Effect.map(
          Effect.flip(hpkeSealer.open(key, sealed, context)),
          (error) => error.detail
        )
      }
      assert.strictEqual(yield* detailFor(1, Buffer.of(0xff)), "what was sealed is not text")
      const malformed = "the sealed text is malformed"
      assert.strictEqual(yield* detailFor(1, Buffer.alloc(64 * 1024 + 1, "t")), malformed)
      assert.strictEqual(yield* detailFor(2, Buffer.from(token)), malformed)
    })
  )
})
