// A lock somewhere else, as an adapter of a store with leases gives it: who does not reach it loses its grant when its lease
// has passed, and what runs under it is cut before that, unless its machine stands still. Requests have no lease.
import type { ParticipantId } from "../../src/index.ts"

/** How long a lease lasts without a sign of life. */
export const LEASE_MILLIS = 10_000

/** What one request looks like on the server. */
export interface ServerRequest {
  readonly ticket: number
  readonly operation: string
  readonly arguments: string
  readonly context?: string
  readonly maxRetries?: number
  readonly attempt?: number
  readonly retry?: "release" | "hold"
}

/** One process's session: it lives while it is reachable and its process lives. */
export interface Session {
  readonly who: ParticipantId
  alive: boolean
  stalled: boolean
  untilMillis: number
  /** Called when its lease can no longer be counted on. */
  lost: () => void
}

/** The server: one holder at a time, by the order of arrival. */
export class LeasedServer {
  nowMillis = 1_800_000_000_000
  revision = 0
  granted = 0
  pause: { reason: string; atMillis: number } | undefined
  holder: { session: Session; readonly ticket: number; readonly token: number } | undefined
  readonly requests = new Map<ParticipantId, ReadonlyArray<ServerRequest>>()
  readonly away = new Set<string>()
  readonly #sessions = new Set<Session>()

  /** Whether `who` gets an answer; "*" away is away for all. */
  answers(who: string): boolean {
    return !this.away.has(who) && !this.away.has("*")
  }

  open(who: ParticipantId): Session {
    const untilMillis = this.nowMillis + LEASE_MILLIS
    const session = { who, alive: true, stalled: false, untilMillis, lost: () => {} }
    this.#sessions.add(session)
    return session
  }

  /** Ends a session by its own word, where it gets through. */
  close(session: Session): void {
    session.alive = false
    if (this.answers(session.who)) session.untilMillis = 0
    this.settle()
  }

  /** Time passes: living sessions that get through stay, the others lapse; what they run is cut just before. */
  advance(millis: number): void {
    this.nowMillis += millis
    for (const session of this.#sessions) {
      const kept = session.alive && !session.stalled && this.answers(session.who)
      if (kept && session.untilMillis >= this.nowMillis - millis) {
        session.untilMillis = this.nowMillis + LEASE_MILLIS
      } else if (session.untilMillis < this.nowMillis) {
        this.#sessions.delete(session)
        session.lost()
      }
    }
    this.settle()
  }

  isLapsed({ untilMillis }: Session): boolean {
    return untilMillis < this.nowMillis
  }

  queueOf(who: ParticipantId): ReadonlyArray<ServerRequest> {
    return this.requests.get(who) ?? []
  }

  /** Takes a lapsed holder's grant away. */
  settle(): void {
    if (this.holder !== undefined && this.isLapsed(this.holder.session)) this.holder = undefined
  }

  /** Grants to the first that waits and whose session lives; `sessions` are those that wait. */
  grant(session: Session): void {
    this.settle()
    if (this.holder !== undefined || this.pause !== undefined) return
    const waiting = [...this.#sessions].filter(
      (each) => each.alive && !this.isLapsed(each) && this.queueOf(each.who).length > 0
    )
    const first = waiting.sort((a, b) => headOf(this, a) - headOf(this, b))[0]
    if (first === undefined || first !== session) return
    this.granted = ++this.revision
    const ticket = this.queueOf(first.who)[0]?.ticket as number
    this.holder = { session: first, ticket, token: this.granted }
  }
}

const headOf = (server: LeasedServer, { who }: Session): number =>
  server.queueOf(who)[0]?.ticket ?? Number.POSITIVE_INFINITY
