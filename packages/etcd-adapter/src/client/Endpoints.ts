// The endpoints of one cluster, of which one is in use. Whoever gets no answer leaves it, and so it is left for all.
// A connection is opened with the first call and closed with the scope.
import { X509Certificate } from "node:crypto"
import { createSecureContext } from "node:tls"
import { Effect, Redacted, type Scope } from "effect"
import { EtcdError } from "./EtcdError.ts"
import { type Rpc, type RpcTls, rpcTo } from "./Rpc.ts"

/** Texts in PEM; `cert` and `key` are this client's own, `ca` is whom it believes (the system's where none is given). */
export interface EtcdTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: Redacted.Redacted<string>
}

/** The cluster's endpoints. */
export interface Endpoints {
  readonly size: number
  readonly current: () => Rpc
  /** Turns to the next endpoint, unless somebody has already left this one. */
  readonly leave: (rpc: Rpc) => void
}

/** The endpoints named by `urls`, `host:port` or with http:// or https:// before it; connected while the scope is open. */
export const makeEndpoints = Effect.fnUntraced(function* (
  urls: ReadonlyArray<string>,
  tls: EtcdTls | (() => EtcdTls) | undefined
): Effect.fn.Return<Endpoints, EtcdError, Scope.Scope> {
  const texts = () => textsOf(typeof tls === "function" ? tls() : tls)
  const rpcs: Array<Rpc> = []
  yield* Effect.addFinalizer(() => Effect.sync(() => rpcs.forEach((rpc) => void rpc.close())))
  yield* checkTls(urls[0] ?? "none", texts)
  for (const url of urls) rpcs.push(rpcTo(yield* originOf(url, tls !== undefined), texts))
  let [current] = rpcs
  if (current === undefined) return yield* unusable("none", "no endpoint was given")
  const first = current
  return {
    size: rpcs.length,
    current: () => current ?? first,
    leave: (rpc) => {
      if (rpc === current) current = rpcs[(rpcs.indexOf(rpc) + 1) % rpcs.length]
    }
  }
})

const textsOf = (tls: EtcdTls | undefined): RpcTls => ({
  ca: tls?.ca,
  cert: tls?.cert,
  key: tls?.key === undefined ? undefined : Redacted.value(tls.key)
})

/** Node takes an authority that is none without a word, and says of a wrong key only with the first connection. */
const checkTls = (endpoint: string, texts: () => RpcTls): Effect.Effect<void, EtcdError> =>
  Effect.try({
    try: () => {
      const tls = texts()
      if (tls.ca !== undefined) new X509Certificate(tls.ca)
      createSecureContext(tls)
    },
    catch: (cause) =>
      new EtcdError({
        operation: "connect",
        endpoint,
        reason: "tls",
        detail: cause instanceof Error ? cause.message : "the certificates cannot be read"
      })
  })

const originOf = (url: string, secure: boolean): Effect.Effect<string, EtcdError> => {
  const text = url.includes("://") ? url : `${secure ? "https" : "http"}://${url}`
  if (!URL.canParse(text)) return unusable(url, "this is no address such as https://10.0.0.1:2379")
  const { protocol, origin, pathname } = new URL(text)
  return /^https?:$/.test(protocol) && pathname === "/"
    ? Effect.succeed(origin)
    : unusable(url, "an endpoint is a host and a port, by http or https")
}

const unusable = (endpoint: string, detail: string): Effect.Effect<never, EtcdError> =>
  Effect.fail(new EtcdError({ operation: "connect", endpoint, reason: "invalid", detail }))
