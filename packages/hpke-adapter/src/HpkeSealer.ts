// Sealing with HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
// Keys are raw 32 bytes in base64url. A sealed text is base64url of: version (1 byte), enc (32), ciphertext and tag.
// Guarantees (T5): without the private key nothing is read; another key or context, or one changed character, opens
// nothing; no error carries a key, a token, or words of the library about either.
// Does not: say who sealed (a public key is public), hide how long a token is, or stop a replay: the context names the try.
// The library is loaded by the first operation, so that a process which neither seals nor opens does not pay for it.
import { Sealer, SealerError, type SealerShape } from "@rollcall/core"
import { Effect, Layer, Redacted } from "effect"

/**
 * Seals by HPKE; a token is well-formed text of at most 64 KiB in UTF-8.
 * **Guarantee** T5. **Fails with** SealerError when the library cannot be loaded, or a key, token, context or sealed
 * text is not what it should be.
 */
export const hpkeSealer: SealerShape = {
  generate: Effect.gen(function* () {
    const { kem } = yield* loadSuite("generate")
    return yield* attempt("generate", "no key pair could be made", async () => {
      const pair = await kem.generateKeyPair()
      const publicKey = encode(new Uint8Array(await kem.serializePublicKey(pair.publicKey)))
      const privateKey = encode(new Uint8Array(await kem.serializePrivateKey(pair.privateKey)))
      return { publicKey, privateKey: Redacted.make(privateKey) }
    })
  }),

  seal: Effect.fn("Sealer.seal")(function* (publicKey, token, context) {
    const suite = yield* loadSuite("seal")
    const notToken = `the token is not text of at most ${MAX_TOKEN_BYTES} bytes`
    const plain = yield* attempt("seal", notToken, async () => toToken(Redacted.value(token)))
    return yield* attempt("seal", "the public key or the context is not usable", async () => {
      const recipientPublicKey = await suite.kem.deserializePublicKey(decode(publicKey))
      const bound = toUtf8(context)
      const { enc, ct } = await suite.seal({ recipientPublicKey, info: bound }, plain, bound)
      return encode(Uint8Array.of(VERSION), new Uint8Array(enc), new Uint8Array(ct))
    })
  }),

  open: Effect.fn("Sealer.open")(function* ({ privateKey }, sealed, context) {
    const suite = yield* loadSuite("open")
    const recipientKey = yield* attempt("open", "the private key is not usable", async () =>
      suite.kem.deserializePrivateKey(decode(Redacted.value(privateKey)))
    )
    const { enc, ct } = yield* attempt("open", "the sealed text is malformed", async () =>
      parse(sealed)
    )
    const mismatch = "the sealed text was altered, or is for another key or context"
    const plain = yield* attempt("open", mismatch, async () => {
      const bound = toUtf8(context)
      return suite.open({ recipientKey, enc, info: bound }, ct, bound)
    })
    return yield* attempt("open", "what was sealed is not text", async () =>
      Redacted.make(utf8.decode(plain))
    )
  })
}

/** Provides `hpkeSealer` to everything that seals or opens tokens. */
export const layerHpkeSealer = Layer.succeed(Sealer, hpkeSealer)

const VERSION = 1
const ENC_BYTES = 32
const TAG_BYTES = 16
const MAX_TOKEN_BYTES = 64 * 1024
const MAX_SEALED_CHARS = Math.ceil(((1 + ENC_BYTES + MAX_TOKEN_BYTES + TAG_BYTES) * 4) / 3)

type Operation = SealerError["operation"]

// What was thrown is dropped: the words of a library about a key are nothing to put into a log.
const attempt = <A>(operation: Operation, detail: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: () => new SealerError({ operation, detail }) })

const loadSuite = (operation: Operation) =>
  attempt(operation, "@hpke/core cannot be loaded", async () => {
    const { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } = await import("@hpke/core")
    return new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes256Gcm()
    })
  })

const toToken = (text: string) => {
  const bytes = toUtf8(text)
  if (bytes.length > MAX_TOKEN_BYTES) throw new RangeError("too long")
  return bytes
}

const parse = (sealed: string) => {
  if (sealed.length > MAX_SEALED_CHARS) throw new RangeError("too long")
  const bytes = decode(sealed)
  if (bytes[0] !== VERSION) throw new RangeError("another version")
  return { enc: bytes.subarray(1, 1 + ENC_BYTES), ct: bytes.subarray(1 + ENC_BYTES) }
}

const encode = (...parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts).toString("base64url")

// Node skips what is not base64url; here each byte string has one spelling, so that no changed character opens.
const decode = (text: string) => {
  const bytes = Buffer.from(text, "base64url")
  if (bytes.toString("base64url") !== text) throw new RangeError("not base64url")
  return new Uint8Array(bytes)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

// A lone surrogate would become U+FFFD: another token, or a context that is equal to another one's.
const toUtf8 = (text: string) => {
  if (!text.isWellFormed()) throw new RangeError("lone surrogate")
  return new TextEncoder().encode(text)
}
