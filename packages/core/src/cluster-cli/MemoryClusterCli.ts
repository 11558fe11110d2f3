// A cluster product in memory, as strict as the real ones: tokens are bound to a name, used once, and expire; a name
// has one live token; a machine is in one cluster at most. One `MemoryCluster` is the product, each machine has its own
// command. Founding twice gives two clusters, as it would in the field: what must not happen can be seen to happen.
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
  readonly cluster: number
  readonly expiresAtMillis: number
}

interface Row {
  readonly machine: string
  readonly status: MemberStatus
}

/** The product's whole state: what any number of machines' commands act upon. */
export class MemoryCluster {
  readonly tokens = new Map<string, LiveToken>()
  readonly calls = new Map<ClusterCliOperation, number>()
  /** How often a token was used to join (T1). */
  readonly redeemed = new Map<string, number>()
  readonly tokenLifetimeMillis: number
  readonly #oneLiveToken: boolean
  readonly #refusedNames: ReadonlySet<string>
  readonly #clusters: Array<Map<HostName, Row>> = []
  #serial = 0

  /**
   * A product without members. Its tokens live for `tokenLifetimeMillis`, 10,800,000 unless set; `oneLiveToken: false`
   * makes one that mints as many tokens for a name as it is asked for; `refusedNames` are such as it does not take.
   */
  constructor(
    options: {
      readonly tokenLifetimeMillis?: number
      readonly oneLiveToken?: boolean
      readonly refusedNames?: ReadonlyArray<string>
    } = {}
  ) {
    this.#refusedNames = new Set(options.refusedNames)
    this.tokenLifetimeMillis = options.tokenLifetimeMillis ?? 10_800_000
    this.#oneLiveToken = options.oneLiveToken ?? true
  }

  /** How many clusters were founded: more than one is what must never happen (T3). */
  get founded(): number {
    return this.#clusters.length
  }

  /** The members of all clusters. */
  get members(): ReadonlyMap<HostName, MemberStatus> {
    const rows = this.#clusters.flatMap((cluster) => [...cluster])
    return new Map(rows.map(([host, { status }]) => [host, status]))
  }

  /** The command as it runs on `host`; a machine that succeeds another one of its name has a name of its own. */
  layer(host: HostName, machine: string = host): Layer.Layer<ClusterCli> {
    const own = { host, machine }
    return Layer.succeed(
      ClusterCli,
      ClusterCli.of({
        bootstrap: () => this.#call("bootstrap", () => this.#bootstrap(own)),
        add: (name) => this.#call("add", (now) => this.#add(own, name, now)),
        join: (token) => this.#call("join", (now) => this.#join(own, Redacted.value(token), now)),
        list: this.#call("list", () => this.#list(own)),
        remove: (name, { force }) => this.#call("remove", () => this.#remove(own, name, force))
      })
    )
  }

  /** The machine does not answer the others any more. */
  lose(machine: string): void {
    for (const cluster of this.#clusters) {
      for (const [host, row] of cluster) {
        if (row.machine === machine) cluster.set(host, { ...row, status: "offline" })
      }
    }
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

  #bootstrap({ host, machine }: Own): undefined | ClusterCliReason {
    if (this.#clusterOf(machine) !== undefined) return "already-initialised"
    if (this.#refusedNames.has(host)) return "bad-name"
    this.#clusters.push(new Map([[host, { machine, status: "online" }]]))
    return undefined
  }

  #add(
    { machine }: Own,
    host: HostName,
    nowMillis: number
  ): Redacted.Redacted<string> | ClusterCliReason {
    const cluster = this.#clusterOf(machine)
    if (cluster === undefined) return "not-initialised"
    if (this.#refusedNames.has(host)) return "bad-name"
    for (const [token, live] of this.tokens) {
      if (live.expiresAtMillis <= nowMillis) this.tokens.delete(token)
      else if (this.#oneLiveToken && live.host === host && live.cluster === cluster) {
        return "name-taken"
      }
    }
    const token = `token-${++this.#serial}-for-${host}`
    const expiresAtMillis = nowMillis + this.tokenLifetimeMillis
    this.tokens.set(token, { host, cluster, expiresAtMillis })
    return Redacted.make(token)
  }

  #join({ host, machine }: Own, token: string, nowMillis: number): undefined | ClusterCliReason {
    if (this.#clusterOf(machine) !== undefined) return "already-initialised"
    const live = this.tokens.get(token)
    if (live === undefined || live.host !== host) return "token-rejected"
    if (live.expiresAtMillis <= nowMillis) return "token-expired"
    const members = this.#clusters[live.cluster]
    if (members === undefined || members.has(host)) return "name-taken"
    this.tokens.delete(token)
    this.redeemed.set(token, (this.redeemed.get(token) ?? 0) + 1)
    members.set(host, { machine, status: "online" })
    return undefined
  }

  #list({ machine }: Own): ReadonlyArray<Member> | ClusterCliReason {
    const cluster = this.#clusterOf(machine)
    if (cluster === undefined) return "not-initialised"
    return [...(this.#clusters[cluster] ?? [])].map(([name, { status }], index) => ({
      name,
      address: `${name}:6443`,
      role: index < 3 ? "voter" : "spare",
      status
    }))
  }

  #remove({ machine }: Own, host: HostName, force: boolean): undefined | ClusterCliReason {
    const cluster = this.#clusterOf(machine)
    if (cluster === undefined) return "not-initialised"
    const members = this.#clusters[cluster]
    if (members?.has(host) === true && members.size === 1) return "last-member"
    if (!force && members?.get(host)?.status === "offline") return "busy"
    members?.delete(host)
    return undefined
  }

  /** The cluster that the machine is in. */
  #clusterOf(machine: string): number | undefined {
    const index = this.#clusters.findIndex((rows) =>
      [...rows.values()].some((row) => row.machine === machine)
    )
    return index < 0 ? undefined : index
  }
}

/** A machine, and the name it has in a cluster. */
interface Own {
  readonly host: HostName
  readonly machine: string
}
