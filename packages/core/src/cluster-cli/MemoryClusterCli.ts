// A cluster product in memory, as strict as the real ones: tokens are bound to a name, used once, and expire; a name
// has one live token; a member cannot join twice. One `MemoryCluster` is the product, each host has its own command.
import { Clock, Effect, Layer, Redacted } from "effect"
import type { HostName } from "../Participant.ts"
import { ClusterCli } from "./ClusterCli.ts"
import {
  ClusterCliError,
  type ClusterCliOperation,
  type ClusterCliReason
} from "./ClusterCliError.ts"
import type { Member, MemberStatus } from "./MemberRecord.ts"

interface LiveToken {
  readonly host: HostName
  readonly expiresAtMillis: number
}

/** The product's whole state: what any number of hosts' commands act upon. */
export class MemoryCluster {
  readonly members = new Map<HostName, MemberStatus>()
  readonly tokens = new Map<string, LiveToken>()
  readonly calls = new Map<ClusterCliOperation, number>()
  /** How many clusters were founded: more than one is what must never happen (T3). */
  founded = 0
  /** How often a token was used to join (T1). */
  readonly redeemed = new Map<string, number>()
  readonly tokenLifetimeMillis: number
  #serial = 0

  /** A product without members, whose tokens live for `tokenLifetimeMillis`. */
  constructor(options: { readonly tokenLifetimeMillis?: number } = {}) {
    this.tokenLifetimeMillis = options.tokenLifetimeMillis ?? 10_800_000
  }

  /** The command as it runs on `host`. */
  layer(host: HostName): Layer.Layer<ClusterCli> {
    return Layer.succeed(
      ClusterCli,
      ClusterCli.of({
        bootstrap: () => this.#call("bootstrap", () => this.#bootstrap(host)),
        add: (name) => this.#call("add", (now) => this.#add(host, name, now)),
        join: (token) => this.#call("join", (now) => this.#join(host, Redacted.value(token), now)),
        list: this.#call("list", () => this.#list(host)),
        remove: (name) => this.#call("remove", () => this.#remove(host, name))
      })
    )
  }

  #call<A>(operation: ClusterCliOperation, body: (nowMillis: number) => A | ClusterCliReason) {
    return Effect.gen({ self: this }, function* () {
      this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
      const outcome = body(yield* Clock.currentTimeMillis)
      if (typeof outcome !== "string") return outcome as Exclude<A, string>
      return yield* new ClusterCliError({
        operation,
        reason: outcome as ClusterCliReason,
        detail: ""
      })
    })
  }

  #bootstrap(host: HostName): undefined | ClusterCliReason {
    if (this.members.has(host)) return "already-initialised"
    this.founded++
    this.members.set(host, "online")
    return undefined
  }

  #add(
    caller: HostName,
    host: HostName,
    nowMillis: number
  ): Redacted.Redacted<string> | ClusterCliReason {
    if (!this.members.has(caller)) return "not-initialised"
    for (const [token, live] of this.tokens) {
      if (live.expiresAtMillis <= nowMillis) this.tokens.delete(token)
      else if (live.host === host) return "name-taken"
    }
    const token = `token-${++this.#serial}-for-${host}`
    this.tokens.set(token, { host, expiresAtMillis: nowMillis + this.tokenLifetimeMillis })
    return Redacted.make(token)
  }

  #join(host: HostName, token: string, nowMillis: number): undefined | ClusterCliReason {
    if (this.members.has(host)) return "name-taken"
    const live = this.tokens.get(token)
    if (live === undefined || live.host !== host) return "token-rejected"
    if (live.expiresAtMillis <= nowMillis) return "token-expired"
    this.tokens.delete(token)
    this.redeemed.set(token, (this.redeemed.get(token) ?? 0) + 1)
    this.members.set(host, "online")
    return undefined
  }

  #list(caller: HostName): ReadonlyArray<Member> | ClusterCliReason {
    if (!this.members.has(caller)) return "not-initialised"
    return [...this.members].map(([name, status], index) => ({
      name,
      address: `${name}:6443`,
      role: index < 3 ? "voter" : "spare",
      status
    }))
  }

  #remove(caller: HostName, host: HostName): undefined | ClusterCliReason {
    if (!this.members.has(caller)) return "not-initialised"
    this.members.delete(host)
    return undefined
  }
}
