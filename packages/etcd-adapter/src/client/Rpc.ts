// The wire: etcd's services on one endpoint, spoken over HTTP/2. The only file that knows connect and its Node transport.
// It repeats nothing and waits for nothing, that is Calls.ts. A call is bounded by its signal.
import { type CallOptions, type Client, ConnectError, createClient } from "@connectrpc/connect"
import { createGrpcTransport } from "@connectrpc/connect-node"
import {
  Auth,
  KV,
  Lease,
  type LeaseKeepAliveResponse,
  Maintenance,
  Watch
} from "../proto/etcd_pb.ts"
import type { RpcFailure } from "./RpcFailure.ts"
import { makeSession } from "./Session.ts"

/** What ends a call, here and on the server, and the headers that it is sent with. */
export type RpcOptions = Pick<CallOptions, "signal" | "headers">

/** The services of one endpoint. */
export interface Rpc {
  readonly endpoint: string
  readonly kv: Client<typeof KV>
  readonly lease: Client<typeof Lease>
  readonly watch: Client<typeof Watch>
  readonly maintenance: Client<typeof Maintenance>
  readonly auth: Client<typeof Auth>
  /** One keep-alive, on a stream of its own: a stream that stays open would hide which of its messages was answered. */
  readonly keepAlive: (
    lease: bigint,
    options: RpcOptions
  ) => Promise<LeaseKeepAliveResponse | undefined>
  /** No answer came in time: the connection is looked at, and given up if nobody is at its other end. */
  readonly doubt: () => void
  /** Breaks the connection and everything on it. */
  readonly close: () => void
}

/** What the connections of TLS need; the texts are PEM. */
export interface RpcTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** The services at `endpoint`, a URL; nothing is sent yet. Each connection asks for the texts of TLS anew. */
export const rpcTo = (endpoint: string, tls: () => RpcTls): Rpc => {
  const session = makeSession(endpoint, tls)
  const transport = createGrpcTransport({
    baseUrl: endpoint,
    sessionManager: session,
    acceptCompression: []
  })
  const lease = createClient(Lease, transport)
  return {
    endpoint,
    kv: createClient(KV, transport),
    lease,
    watch: createClient(Watch, transport),
    maintenance: createClient(Maintenance, transport),
    auth: createClient(Auth, transport),
    keepAlive: async (id, options) => {
      for await (const answer of lease.leaseKeepAlive(once({ ID: id }), options)) return answer
      return undefined
    },
    doubt: session.doubt,
    close: session.close
  }
}

/** What a failed call tells: the status, etcd's words, and the code of the system's error below it. */
export const failureOf = (cause: unknown): RpcFailure => {
  const error = ConnectError.from(cause)
  return { code: error.code, text: error.rawMessage, systemCode: systemCodeOf(error) }
}

async function* once<A>(value: A): AsyncGenerator<A> {
  yield value
}

const systemCodeOf = (error: unknown): string | undefined => {
  for (
    let each = error, depth = 0;
    each instanceof Error && depth < 8;
    each = each.cause, depth++
  ) {
    if ("code" in each && typeof each.code === "string") return each.code
  }
  return undefined
}
