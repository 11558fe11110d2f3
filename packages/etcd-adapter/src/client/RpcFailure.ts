// From what a failed call to etcd said to the reason that decides what is done about it. Pure.
// Texts are those of etcd's api/v3rpc/rpctypes/error.go (3.4 and 3.5); codes are gRPC's.
import type { EtcdReason } from "./EtcdError.ts"

/** What a failed call told: gRPC's status, the text, and the code of the system's error below it, if there is one. */
export interface RpcFailure {
  readonly code: number
  readonly text: string
  readonly systemCode: string | undefined
}

/** What a failure means. */
export interface Verdict {
  readonly reason: EtcdReason
  /** Whether it is certain that the call had no effect. */
  readonly refused: boolean
  /** Whether the token of this client is no longer known; a new one may help. */
  readonly stale: boolean
}

/** What `failure` means. */
export const verdictOf = ({ code, text, systemCode }: RpcFailure): Verdict => {
  const verdict = (reason: EtcdReason, refused: boolean, stale = false) => ({
    reason,
    refused,
    stale
  })
  if (systemCode !== undefined && TLS.test(systemCode)) return verdict("tls", true)
  if (systemCode !== undefined && NOT_CONNECTED.has(systemCode)) return verdict("unreachable", true)
  if (STALE.test(text)) return verdict("unauthenticated", true, true)
  const rule = RULES.find(([words]) => words.test(text))
  if (rule !== undefined) return verdict(rule[1], REFUSED.has(rule[1]) || rule[2] === true)
  return verdict(BY_CODE[code] ?? "unknown", REFUSED.has(BY_CODE[code] ?? "unknown"))
}

const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH"
])

// Node's codes for certificates, OpenSSL's for handshakes and alerts
const TLS =
  /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$|EPROTO$)/

const STALE = /invalid auth token|revision of auth store is old|revision in header is old/

type Rule = readonly [words: RegExp, reason: EtcdReason, refused?: true]

const RULES: ReadonlyArray<Rule> = [
  [/database space exceeded/, "no-space"],
  [/too many requests/, "deadline", true],
  // asked for by `hasleader`, and looked at before anything else
  [/no leader/, "no-leader", true],
  [/leader changed|leader transferee|not (the )?leader/, "no-leader"],
  [/request timed out|took too long/, "deadline"],
  [/required revision has been compacted/, "compacted"],
  [/requested lease not found/, "lease-not-found"],
  [/request is too large|larger than max|grpc: received message/, "too-large"],
  [/permission denied/, "permission-denied"],
  [
    /invalid user ID or password|user name (is empty|not found)|user name is empty/,
    "unauthenticated"
  ],
  [/server stopped|not capable|raft: stopped|server shutdown/, "unreachable"],
  [/handshake|certificate|alert number/, "tls"]
]

const BY_CODE: Readonly<Record<number, EtcdReason>> = {
  1: "unreachable", // cancelled: the connection was closed under the call
  3: "invalid",
  4: "deadline",
  7: "permission-denied",
  8: "deadline",
  10: "unreachable", // aborted: the stream was torn down
  11: "invalid",
  13: "unreachable", // internal: broken framing, as when the other side is no etcd
  14: "unreachable",
  16: "unauthenticated"
}

/** Answers of a server that looked at the call and did not do it. */
const REFUSED: ReadonlySet<EtcdReason> = new Set([
  "no-space",
  "compacted",
  "lease-not-found",
  "too-large",
  "permission-denied",
  "unauthenticated",
  "tls",
  "invalid"
])
