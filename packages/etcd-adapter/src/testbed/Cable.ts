// A cable to a member that can be cut: while it is, nothing that is sent arrives, connections stay open and new ones come
// to nothing, and nobody is told. What was sent meanwhile arrives when it is healed, as after a partition of a network.
// Members say in the headers of their requests to each other who they are, so the cable between two can be cut alone.
import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { Effect, type Scope } from "effect"

/** A cable, and the port on the loopback at which it begins. */
export interface Cable {
  readonly port: number
  /** How many connections lead through it now. */
  readonly connections: () => number
  /** From now on nothing passes: of any connection, or of those of the member with the id `from` (in hexadecimal). */
  readonly cut: (from?: string) => Effect.Effect<void>
  /** Everything passes again. */
  readonly heal: Effect.Effect<void>
}

/** A cable to `target`, a port of the loopback, while the scope is open. */
export const makeCable = Effect.fnUntraced(function* (
  target: number
): Effect.fn.Return<Cable, never, Scope.Scope> {
  const links = new Set<Link>()
  const cuts = new Set<string>()
  const isCut = (from: string) => cuts.has(EVERYBODY) || cuts.has(from)
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => listen((near) => void link(near, target, links, isCut))),
    (running) =>
      Effect.sync(() => {
        running.close()
        for (const { near, far } of links) for (const end of [near, far]) end.destroy()
      })
  )
  const address = server.address()
  const change = (how: () => void) =>
    Effect.sync(() => {
      how()
      for (const { look } of links) look()
    })
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: () => links.size,
    cut: (from = EVERYBODY) => change(() => cuts.add(from)),
    heal: change(() => cuts.clear())
  }
})

const EVERYBODY = "everybody"
/** What etcd's members put into each request to another. */
const SENDER = /X-Server-From: (\w+)/i

interface Link {
  readonly near: Socket
  readonly far: Socket
  /** Halts or lets go. */
  readonly look: () => void
}

const listen = async (onLink: (near: Socket) => void): Promise<Server> => {
  const server = createServer(onLink).listen(0, "127.0.0.1")
  await once(server, "listening")
  return server
}

const link = (
  near: Socket,
  target: number,
  links: Set<Link>,
  isCut: (from: string) => boolean
): void => {
  const far = connect(target, "127.0.0.1")
  let from = ""
  // read, and not passed on because it showed whose connection it is
  let held: Array<Buffer> = []
  const look = () => {
    const halted = isCut(from)
    if (!halted) for (const bytes of held.splice(0)) far.write(bytes)
    for (const end of [near, far]) halted ? end.pause() : end.resume()
  }
  const all: Link = { near, far, look }
  links.add(all)
  near.on("data", (bytes: Buffer) => {
    const sender = SENDER.exec(bytes.toString("latin1"))?.[1] ?? from
    if (sender !== from) {
      from = sender
      held = [...held, bytes]
      look()
    } else far.write(bytes)
  })
  far.on("data", (bytes) => near.write(bytes))
  for (const [one, other] of [
    [near, far],
    [far, near]
  ] as const) {
    one.on("error", () => undefined)
    one.on("close", () => {
      links.delete(all)
      other.destroy()
    })
  }
  look()
}
