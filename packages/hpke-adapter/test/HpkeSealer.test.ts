// What a sealed token opens with, what it does not open with, and what a refusal says.
import { assert, describe, it } from "@effect/vitest"
import { Sealer, type SealerError, type SealerKey } from "@rollcall/core"
import { Effect, Redacted, Result, Schema } from "effect"
import { hpkeSealer, layerHpkeSealer } from "../src/index.ts"

const { generate, open, seal } = hpkeSealer
const TOKEN = "join-token-that-nobody-else-may-read"
const CONTEXT = "rollcall-token-v1/node-1/0123abcd/7"
const MAX_TOKEN_BYTES = 64 * 1024
const token = Redacted.make(TOKEN)

const sealedFor = Effect.fnUntraced(function* (key: SealerKey) {
  const bytes = Buffer.from(yield* seal(key.publicKey, token, CONTEXT), "base64url")
  return { bytes, text: bytes.toString("base64url") }
})

/** Fails the test unless `effect` ends in a SealerError of `operation` that tells no secret. */
const refused = Effect.fnUntraced(function* (
  operation: SealerError["operation"],
  effect: Effect.Effect<unknown, SealerError>,
  ...secrets: ReadonlyArray<string>
) {
  const error = yield* Effect.flip(effect)
  assert.strictEqual(error._tag, "SealerError")
  assert.strictEqual(error.operation, operation)
  const told = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join("\n")
  for (const secret of [TOKEN, ...secrets]) assert.notInclude(told, secret)
  return error.detail
})

describe("HpkeSealer", () => {
  it.effect("a token sealed to a key opens with it, once provided as a layer", () =>
    Effect.gen(function* () {
      const sealer = yield* Sealer
      assert.strictEqual(sealer, hpkeSealer)
      const key = yield* generate
      assert.match(key.publicKey, /^[\w-]{43}$/)
      assert.match(Redacted.value(key.privateKey), /^[\w-]{43}$/)
      const { text } = yield* sealedFor(key)
      assert.match(text, /^[\w-]+$/)
      const opened = yield* open(key, text, CONTEXT)
      assert.strictEqual(Redacted.value(opened), TOKEN)
      assert.notInclude(String(opened), TOKEN)
    }).pipe(Effect.provide(layerHpkeSealer))
  )

  it.effect("two keys differ, and so do two seals of one token", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* generate, yield* generate]
      assert.notStrictEqual(one.publicKey, other.publicKey)
      assert.notStrictEqual((yield* sealedFor(one)).text, (yield* sealedFor(one)).text)
    })
  )

  it.effect("another key or another context opens nothing", () =>
    Effect.gen(function* () {
      const [key, other] = [yield* generate, yield* generate]
      const { text } = yield* sealedFor(key)
      const secret = Redacted.value(other.privateKey)
      const altered = "the sealed text was altered, or is for another key or context"
      assert.strictEqual(yield* refused("open", open(other, text, CONTEXT), secret), altered)
      for (const context of ["", "rollcall-token-v1/node-1/0123abcd/8", `${CONTEXT} `, "\ud800"]) {
        assert.strictEqual(yield* refused("open", open(key, text, context)), altered)
      }
    })
  )

  it.effect("a private key that is none is refused, and not told", () =>
    Effect.gen(function* () {
      const key = yield* generate
      const { text } = yield* sealedFor(key)
      const whole = Redacted.value(key.privateKey)
      for (const secret of [
        whole.slice(1),
        `${whole}AAAA`,
        `${whole.slice(0, -1)}=`,
        "not a key"
      ]) {
        const bad = { ...key, privateKey: Redacted.make(secret) }
        const detail = yield* refused("open", open(bad, text, CONTEXT), secret)
        assert.strictEqual(detail, "the private key is not usable")
      }
    })
  )

  it.effect("a public key that is none is refused, points of small order included", () =>
    Effect.gen(function* () {
      const { publicKey } = yield* generate
      const order = (first: number) => Buffer.concat([Buffer.of(first), Buffer.alloc(31)])
      const small = [order(0), order(1)].map((point) => point.toString("base64url"))
      const bad = ["", "?", publicKey.slice(1), `${publicKey}AAAA`, `${publicKey}=`, ...small]
      for (const text of bad) {
        const detail = yield* refused("seal", seal(text, token, CONTEXT))
        assert.strictEqual(detail, "the public key or the context is not usable")
      }
    })
  )

  it.effect("a token is text of at most 64 KiB", () =>
    Effect.gen(function* () {
      const key = yield* generate
      const longest = `\ufeff!${"é".repeat(MAX_TOKEN_BYTES / 2 - 2)}`
      const sealed = yield* seal(key.publicKey, Redacted.make(longest), CONTEXT)
      assert.strictEqual(Redacted.value(yield* open(key, sealed, CONTEXT)), longest)
      for (const bad of [`${longest}!`, `${TOKEN}\ud800`]) {
        yield* refused("seal", seal(key.publicKey, Redacted.make(bad), CONTEXT), bad)
      }
      yield* refused("seal", seal(key.publicKey, token, "\udfff"))
    })
  )
})

describe("a sealed text that was tampered with", () => {
  it.effect("cut anywhere, or longer, opens nothing", () =>
    Effect.gen(function* () {
      const key = yield* generate
      const { text } = yield* sealedFor(key)
      const tooLong = "A".repeat(text.length + MAX_TOKEN_BYTES * 2)
      const cuts = Array.from(text, (_, length) => text.slice(0, length))
      for (const bad of [...cuts, `${text}A`, `${text}AAAA`, `${text}=`, ` ${text}`, tooLong]) {
        yield* refused("open", open(key, bad, CONTEXT))
      }
    })
  )

  it.effect("changed in one bit, or in one character, opens nothing", () =>
    Effect.gen(function* () {
      const key = yield* generate
      const { bytes, text } = yield* sealedFor(key)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        yield* refused("open", open(key, flipped.toString("base64url"), CONTEXT))
      }
      for (const end of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
        if (text.endsWith(end)) continue
        yield* refused("open", open(key, text.slice(0, -1) + end, CONTEXT))
      }
    })
  )
})

describe("whatever comes in", () => {
  // Around 48 bytes, the least that enc and tag take: shorter, nothing reaches the cipher.
  const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
  const bytes = Schema.Array(Byte).check(Schema.isMinLength(44))

  it.effect.prop("bytes behind the version open nothing", { bytes }, (random) =>
    Effect.gen(function* () {
      const key = yield* generate
      const text = Buffer.from([1, ...random.bytes]).toString("base64url")
      yield* refused("open", open(key, text, CONTEXT), Redacted.value(key.privateKey))
    })
  )

  it.effect.prop("text is no key and opens nothing", { text: Schema.String }, ({ text }) =>
    Effect.gen(function* () {
      const key = yield* generate
      yield* refused("open", open(key, text, CONTEXT))
      yield* refused("seal", seal(text, token, CONTEXT))
    })
  )

  const pair = { text: Schema.String, context: Schema.String }
  it.effect.prop("a token comes back as it was or is refused", pair, ({ text, context }) =>
    Effect.gen(function* () {
      const key = yield* generate
      const sealed = yield* Effect.result(seal(key.publicKey, Redacted.make(text), context))
      assert.strictEqual(Result.isSuccess(sealed), text.isWellFormed() && context.isWellFormed())
      if (Result.isFailure(sealed)) return
      assert.strictEqual(Redacted.value(yield* open(key, sealed.success, context)), text)
    })
  )
})
