// Who watches what, and the conversation about it on the stream that is open, if one is: asks for each watch, gives each
// answer to its watch, begins those anew that etcd ended. It opens nothing and waits for nothing, that is Watches.ts.
import { Cause, Latch, Queue } from "effect"
import type { WatchResponse } from "../proto/etcd_pb.ts"
import { errorOf, type Failed, failedBy } from "./Attempt.ts"
import type { Calls } from "./Calls.ts"
import type { Encoding, WatchMessage } from "./Encoding.ts"
import type { WatchBatch, WatchRequest } from "./Etcd.ts"
import type { EtcdError } from "./EtcdError.ts"
import { makeOutbox, type Outbox } from "./Outbox.ts"
import type { Rpc } from "./Rpc.ts"
import { newWatch, stepWatch, type WatchState } from "./WatchState.ts"

/** Where the changes of a watch go. */
export type WatchQueue = Queue.Queue<WatchBatch, EtcdError>

/** The watches of a client. */
export class WatchHub {
  /** Open while anybody watches. */
  readonly needed = Latch.makeUnsafe(false)
  readonly #calls: Calls
  readonly #encoding: Encoding
  readonly #watches = new Map<bigint, Watching>()
  // in the order in which etcd will answer: 3.5 does not say whom it refuses
  readonly #asked = new Set<bigint>()
  #outbox: Outbox<WatchMessage> | undefined
  #lastId = 0n
  #heard = true

  constructor(calls: Calls, encoding: Encoding) {
    this.#calls = calls
    this.#encoding = encoding
  }

  /** Begins a watch and returns how to end it. */
  add(request: WatchRequest, queue: WatchQueue): () => void {
    const watching: Watching = { id: 0n, request, queue, state: newWatch(request.after) }
    this.#ask(watching)
    this.needed.openUnsafe()
    return () => {
      const { id: watchId } = watching
      if (!this.#forget(watching)) return
      this.#put("WatchCancel", { requestUnion: { case: "cancelRequest", value: { watchId } } })
    }
  }

  /** Asks for all watches on a new stream, whose sending half it returns. */
  attach(): Outbox<WatchMessage> {
    const outbox = makeOutbox<WatchMessage>()
    this.#outbox = outbox
    this.#heard = true
    this.#asked.clear()
    for (const watching of [...this.#watches.values()]) this.#ask(watching)
    return outbox
  }

  /** The stream of `outbox` is over. */
  detach(outbox: Outbox<WatchMessage>): void {
    outbox.close()
    if (outbox === this.#outbox) this.#outbox = undefined
  }

  /** Takes an answer that came on the stream of `outbox`; what it returns means that the stream is of no more use. */
  receive(outbox: Outbox<WatchMessage>, rpc: Rpc, response: WatchResponse): Failed | undefined {
    if (outbox !== this.#outbox) return undefined
    this.#heard = true
    const id = idOf(response, this.#asked)
    if (response.created || response.canceled) this.#asked.delete(id)
    const watching = this.#watches.get(id)
    if (watching === undefined) return undefined
    if (response.canceled && response.compactRevision === 0n) {
      const failed = failedBy({ code: 0, text: response.cancelReason, systemCode: undefined })
      if (failed.stale) return failed
      this.#fail(watching, errorOf("watch", rpc, failed))
    } else this.#step(watching, response)
    return undefined
  }

  /** Asks etcd for a sign of life, by a message that etcd does not limit as it limits HTTP/2's pings. */
  probe(): void {
    this.#put("WatchProgress", { requestUnion: { case: "progressRequest", value: {} } })
  }

  /** Whether anybody watches, and nothing came since the last time this was asked. */
  isSilent(): boolean {
    const silent = !this.#heard && this.#watches.size > 0
    this.#heard = false
    return silent
  }

  /** Ends every watch with `error`. */
  fail(error: EtcdError): void {
    for (const watching of [...this.#watches.values()]) this.#fail(watching, error)
  }

  #step(watching: Watching, response: WatchResponse): void {
    const { state, batch, again } = stepWatch(watching.state, this.#encoding.watchAnswer(response))
    watching.state = state
    if (batch !== undefined) Queue.offerUnsafe(watching.queue, batch)
    if (again) this.#ask(watching)
  }

  /** An id is used once: on the same stream etcd still knows those that it ended. */
  #ask(watching: Watching): void {
    this.#watches.delete(watching.id)
    watching.id = ++this.#lastId
    this.#watches.set(watching.id, watching)
    this.#asked.add(watching.id)
    const { request, id, state } = watching
    this.#put("WatchCreate", this.#encoding.watch(request, id, state.next ?? 0))
  }

  #put(name: string, message: WatchMessage): void {
    if (this.#outbox === undefined) return
    this.#calls.count(name)
    this.#outbox.put(message)
  }

  #fail(watching: Watching, error: EtcdError): void {
    this.#forget(watching)
    Queue.failCauseUnsafe(watching.queue, Cause.fail(error))
  }

  #forget({ id }: Watching): boolean {
    this.#asked.delete(id)
    const known = this.#watches.delete(id)
    if (this.#watches.size === 0) this.needed.closeUnsafe()
    return known
  }
}

interface Watching {
  id: bigint
  readonly request: WatchRequest
  readonly queue: WatchQueue
  state: WatchState
}

/** The watch that an answer is for; a refusal without an id is for the one that waits longest. */
const idOf = ({ watchId, created, canceled }: WatchResponse, asked: ReadonlySet<bigint>): bigint =>
  watchId === -1n && created && canceled ? (asked.values().next().value ?? watchId) : watchId
