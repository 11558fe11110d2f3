// RFC 9180 base mode for DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-GCM, over node:crypto and nothing else:
// the second opinion that @hpke/core is measured against. Names are those of the RFC's §4, §4.1, §5.1 and §5.2.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman
} from "node:crypto"

/** An AEAD of RFC 9180 §7.3: its id and its key's length in bytes (Nk). */
export interface Aead {
  readonly id: number
  readonly keyBytes: 16 | 32
}

/** AES-128-GCM: the AEAD of the RFC's vector A.1.1. */
export const aes128Gcm: Aead = { id: 1, keyBytes: 16 }
/** AES-256-GCM: the AEAD that tokens are sealed with. */
export const aes256Gcm: Aead = { id: 2, keyBytes: 32 }

/** What sender and recipient agree on beforehand. */
export interface Terms {
  readonly aead: Aead
  readonly info: Buffer
  readonly aad: Buffer
}

/** SealBase with a chosen ephemeral key: enc and ciphertext in one. */
export const sealBase = (terms: Terms, pkR: Buffer, skE: Buffer, plain: Buffer): Buffer => {
  const enc = publicOf(skE)
  const { key, nonce } = keySchedule(terms, dh(skE, pkR), enc, pkR)
  const cipher = createCipheriv(`aes-${terms.aead.keyBytes === 16 ? 128 : 256}-gcm`, key, nonce)
  cipher.setAAD(terms.aad)
  return Buffer.concat([enc, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** OpenBase: throws when the tag does not fit. */
export const openBase = (terms: Terms, skR: Buffer, sealed: Buffer): Buffer => {
  const enc = sealed.subarray(0, 32)
  const { key, nonce } = keySchedule(terms, dh(skR, enc), enc, publicOf(skR))
  const cipher = createDecipheriv(`aes-${terms.aead.keyBytes === 16 ? 128 : 256}-gcm`, key, nonce)
  cipher.setAAD(terms.aad)
  cipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([cipher.update(sealed.subarray(32, -16)), cipher.final()])
}

/** The public half of a raw X25519 private key. */
export const publicOf = (sk: Buffer): Buffer =>
  createPublicKey(privateKey(sk)).export({ format: "der", type: "spki" }).subarray(-32)

const keySchedule = ({ aead, info }: Terms, shared: Buffer, enc: Buffer, pkR: Buffer) => {
  const kem = Buffer.concat([Buffer.from("KEM"), i2osp(0x20)])
  const prk = labeledExtract(kem, none, "eae_prk", shared)
  const secretIn = labeledExpand(kem, prk, "shared_secret", Buffer.concat([enc, pkR]), 32)
  const suite = Buffer.concat([Buffer.from("HPKE"), i2osp(0x20), i2osp(0x01), i2osp(aead.id)])
  const context = Buffer.concat([
    Buffer.of(0),
    labeledExtract(suite, none, "psk_id_hash", none),
    labeledExtract(suite, none, "info_hash", info)
  ])
  const secret = labeledExtract(suite, secretIn, "secret", none)
  return {
    key: labeledExpand(suite, secret, "key", context, aead.keyBytes),
    nonce: labeledExpand(suite, secret, "base_nonce", context, 12)
  }
}

const none = Buffer.alloc(0)
const i2osp = (n: number) => Buffer.of(n >> 8, n & 0xff)
const hmac = (key: Buffer, ...parts: ReadonlyArray<Buffer>) =>
  createHmac("sha256", key).update(Buffer.concat(parts)).digest()

const labeledExtract = (suite: Buffer, salt: Buffer, label: string, ikm: Buffer) =>
  hmac(salt, Buffer.from("HPKE-v1"), suite, Buffer.from(label), ikm)

// One block of HKDF-Expand (RFC 5869): nothing here is longer than a hash.
const labeledExpand = (suite: Buffer, prk: Buffer, label: string, info: Buffer, bytes: number) =>
  hmac(
    prk,
    ...[i2osp(bytes), Buffer.from("HPKE-v1"), suite, Buffer.from(label), info, Buffer.of(1)]
  ).subarray(0, bytes)

// The DER that precedes a raw X25519 key (RFC 8410 §4 and §7).
const pkcs8 = Buffer.from("302e020100300506032b656e04220420", "hex")
const spki = Buffer.from("302a300506032b656e032100", "hex")
const privateKey = (sk: Buffer) =>
  createPrivateKey({ key: Buffer.concat([pkcs8, sk]), format: "der", type: "pkcs8" })

const dh = (sk: Buffer, pk: Buffer) =>
  diffieHellman({
    privateKey: privateKey(sk),
    publicKey: createPublicKey({ key: Buffer.concat([spki, pk]), format: "der", type: "spki" })
  })
