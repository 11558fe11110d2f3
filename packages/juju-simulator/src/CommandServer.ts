/**
 * Answers the executables of `bin/` over TCP on the loopback address.
 *
 * Real Juju listens on one Unix socket per execution. Bash cannot open one, so a file with the same name stands in its
 * place and says where to dial; it is written when an execution starts and removed when it ends, so that a child left
 * behind by a hook gets Juju's own error. The nonce in the file keeps strangers out; it is no secret among units.
 */
import { randomBytes } from "node:crypto"
import { rmSync, writeFileSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { readFields, takeNetstring } from "./Netstring.ts"

/** What an executable prints, and the code it exits with. */
export interface CommandOutput {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Answers one call; `stdin` reads the caller's standard input, and only then does the caller read its own. */
export type AnswerCall = (
  fields: ReadonlyArray<string>,
  stdin: () => Promise<string>
) => Promise<CommandOutput>

/** A listening server; each opened address belongs to one handler. */
export class CommandServer {
  readonly #server: Server
  readonly #host: string
  readonly #port: number
  readonly #handlers: Map<string, AnswerCall>
  readonly #sockets: Set<Socket>

  private constructor(
    server: Server,
    host: string,
    port: number,
    handlers: Map<string, AnswerCall>,
    sockets: Set<Socket>
  ) {
    this.#server = server
    this.#host = host
    this.#port = port
    this.#handlers = handlers
    this.#sockets = sockets
  }

  /** Listens on a free port of `host`. */
  static listen(host = "127.0.0.1"): Promise<CommandServer> {
    const handlers = new Map<string, AnswerCall>()
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket))
      answer(socket, handlers)
    })
    return new Promise((resolve, reject) => {
      server.once("error", reject)
      server.listen(0, host, () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resolve(new CommandServer(server, host, port, handlers, sockets))
      })
    })
  }

  /** Serves `handler` at the file `address`; the returned function removes it again. */
  open(address: string, handler: AnswerCall): () => void {
    const nonce = randomBytes(8).toString("hex")
    this.#handlers.set(nonce, handler)
    writeFileSync(address, `${this.#host} ${this.#port} ${nonce}\n`, { mode: 0o600 })
    return () => {
      this.#handlers.delete(nonce)
      rmSync(address, { force: true })
    }
  }

  /** Stops listening and drops the connections that are still open. */
  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Makes calls wait for each other, as Juju's server of one execution does. */
export const oneAtATime = (handler: AnswerCall): AnswerCall => {
  let previous: Promise<unknown> = Promise.resolve()
  return (fields, stdin) => {
    const turn = previous.then(() => handler(fields, stdin))
    previous = turn.catch(() => undefined)
    return turn
  }
}

const answer = (socket: Socket, handlers: ReadonlyMap<string, AnswerCall>): void => {
  const read = netstringReader(socket)
  const stdin = async () => {
    socket.write("stdin 0 0\n")
    return (await read()).toString("utf8")
  }
  const serve = async () => {
    const [nonce = "", ...fields] = readFields(await read())
    const handler = handlers.get(nonce)
    if (handler === undefined) return socket.destroy()
    const { code, stdout, stderr } = await handler(fields, stdin)
    const [out, err] = [Buffer.from(stdout), Buffer.from(stderr)]
    return socket.end(
      Buffer.concat([Buffer.from(`${code} ${out.length} ${err.length}\n`), out, err])
    )
  }
  serve().catch(() => socket.destroy())
}

/** Reads one netstring after another; rejects when the caller goes away. */
const netstringReader = (socket: Socket): (() => Promise<Buffer>) => {
  let buffered = Buffer.alloc(0)
  let waiting: { resolve: (content: Buffer) => void; reject: (cause: Error) => void } | undefined
  let gone: Error | undefined
  const deliver = () => {
    if (waiting === undefined) return
    try {
      const taken = takeNetstring(buffered)
      if (taken !== undefined) {
        buffered = Buffer.from(taken.rest)
        waiting.resolve(taken.content)
      } else if (gone !== undefined) waiting.reject(gone)
      else return
    } catch (cause) {
      waiting.reject(cause instanceof Error ? cause : new Error(String(cause)))
    }
    waiting = undefined
  }
  const leave = (cause: Error) => {
    gone ??= cause
    deliver()
  }
  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    deliver()
  })
  socket.on("error", leave)
  socket.on("close", () => leave(new Error("the caller went away")))
  return () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      deliver()
    })
}
