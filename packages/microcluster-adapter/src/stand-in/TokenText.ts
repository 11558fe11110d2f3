// Join tokens as canonical/microcluster writes them: base64 of a JSON object with the secret, the fingerprint of the
// cluster's certificate and the addresses to try. The host's name is not in it. Pure.
import { createHash } from "node:crypto"

/** What a token says. */
export interface TokenContent {
  readonly secret: string
  readonly fingerprint: string
  readonly join_addresses: ReadonlyArray<string>
}

/** 64 hex digits, other ones for every `seed`; the same ones for the same, so that a simulation can be repeated. */
export const digestOf = (seed: string): string => createHash("sha256").update(seed).digest("hex")

/** The token with this content. */
export const encodeToken = (content: TokenContent): string =>
  Buffer.from(JSON.stringify(content)).toString("base64")

/** What `token` says, or the text of the product's complaint about it. */
export const decodeToken = (token: string): TokenContent | string => {
  const stray = token.search(/[^A-Za-z0-9+/=]/)
  if (stray >= 0) return `illegal base64 data at input byte ${stray}`
  try {
    const said: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"))
    const { secret = "", fingerprint = "", join_addresses = [] } = said as Partial<TokenContent>
    return { secret, fingerprint, join_addresses }
  } catch {
    return "unexpected end of JSON input"
  }
}
