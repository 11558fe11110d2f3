// One HTTP/2 connection to one endpoint, opened with the first request and again after it broke.
// In place of connect's own: that one, told to break a connection that is failing, no longer listens for its error, and
// Node ends the process. Nor can it give up an attempt to connect without breaking everything else.
// A connection without a request does not keep the process alive. It is never destroyed at once: Node can spin for ever
// when that happens while one of the connection's streams is being closed.
import http2 from "node:http2"

/** The connection to one endpoint, in the words of connect's Node transport. */
export interface Session {
  readonly authority: string
  readonly request: (
    method: string,
    path: string,
    headers: http2.OutgoingHttpHeaders,
    options: Omit<http2.ClientSessionRequestOptions, "signal">
  ) => Promise<http2.ClientHttp2Stream>
  readonly notifyResponseByteRead: () => void
  /** No answer came in time: breaks the connection unless the other side gives a sign of life. */
  readonly doubt: () => void
  /** Breaks the connection for good, and everything on it. */
  readonly close: () => void
}

/** A session with `origin`, the beginning of a URL; nothing is sent yet. Each connection asks for its options anew. */
export const makeSession = (
  origin: string,
  options: () => http2.SecureClientSessionOptions
): Session => {
  let current: Connection | undefined
  let closed = false
  return {
    authority: origin,
    request: async (method, path, headers, requestOptions) => {
      for (let tries = 1; ; tries++) {
        if (closed) throw new Error("the client was closed")
        const connection = current?.isUsable() ? current : connect(origin, options())
        current = connection
        await connection.ready
        try {
          return connection.request(
            { ...headers, ":method": method, ":path": path },
            requestOptions
          )
        } catch (cause) {
          // it broke between being ready and being asked
          if (connection.isUsable() || tries > 2) throw cause
        }
      }
    },
    notifyResponseByteRead: () => current?.hear(),
    doubt: () => current?.doubt(),
    close: () => {
      closed = true
      current?.destroy()
    }
  }
}

interface Connection {
  /** Settles when the connection is there, or has failed. */
  readonly ready: Promise<void>
  readonly isUsable: () => boolean
  readonly request: (
    headers: http2.OutgoingHttpHeaders,
    options: http2.ClientSessionRequestOptions
  ) => http2.ClientHttp2Stream
  readonly hear: () => void
  readonly doubt: () => void
  readonly destroy: () => void
}

// room for many answers at once: Node's own windows are one answer wide
const STREAM_WINDOW = 2 ** 20
const CONNECTION_WINDOW = 2 ** 23
/** A connection with open streams is pinged after that long a silence; etcd refuses pings that come every 5 s. */
const PING_MILLIS = 8_000
const PONG_MILLIS = 1_500

const connect = (origin: string, options: http2.SecureClientSessionOptions): Connection => {
  const session = http2.connect(origin, {
    ...options,
    maxSessionMemory: 1_024,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW }
  })
  let streams = 0
  let heard = true
  let pinged = -Infinity
  const ready = new Promise<void>((resolve, reject) => {
    session.once("connect", () => {
      session.setLocalWindowSize(CONNECTION_WINDOW)
      if (streams === 0) session.unref()
      resolve()
    })
    // for as long as it lives: an error that nobody listens for ends the process
    session.on("error", reject)
    session.once("close", () => reject(new Error("the connection was closed")))
  })
  ready.catch(() => undefined)

  const destroy = () => void setImmediate(() => session.destroy())
  const doubt = () => {
    if (session.connecting) return destroy()
    const now = performance.now()
    if (session.destroyed || now - pinged < PING_MILLIS) return
    pinged = now
    heard = false
    session.ping(() => (heard = true))
    // a process that was busy looks again after it has read what came meanwhile
    setTimeout(() => setImmediate(() => heard || destroy()), PONG_MILLIS).unref()
  }
  const looking = setInterval(() => {
    if (streams > 0 && !heard) doubt()
    heard = false
  }, PING_MILLIS).unref()
  session.once("close", () => clearInterval(looking))

  return {
    ready,
    isUsable: () => !session.closed && !session.destroyed,
    request: (headers, requestOptions) => {
      const stream = session.request(headers, requestOptions)
      if (++streams === 1) session.ref()
      stream.once("close", () => {
        if (--streams === 0 && !session.destroyed) session.unref()
      })
      return stream
    },
    hear: () => {
      heard = true
    },
    doubt,
    destroy
  }
}
