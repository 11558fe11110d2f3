// A real etcd cluster on one machine, of one member or more, for as long as the scope is open.
import { Effect, type Scope } from "effect"
import type { EtcdTls } from "../client/Endpoints.ts"
import { type Cable, makeCable } from "./Cable.ts"
import { type EtcdMember, makeMember } from "./EtcdMember.ts"
import { type EtcdPackage, findEtcdPackage } from "./EtcdPackage.ts"
import { command, freePorts, makeFolder, TestbedError } from "./Machine.ts"
import {
  type CertificateFiles,
  makeAuthority,
  type TestAuthority,
  tlsOf
} from "./TestCertificates.ts"

/** How the cluster is to be. */
export interface EtcdClusterOptions {
  /** Which etcd; the newest that is found where none is named. */
  readonly etcd?: EtcdPackage
  /** How many members; one where it is not said. */
  readonly members?: number
  /** Whether clients have to use TLS and show a certificate. */
  readonly tls?: boolean
  /** How soon a dead leader is replaced, in milliseconds; leases cannot be shorter than 1.5 times that. */
  readonly electionMillis?: number
  /** Whether members are to be cut off from each other: their words to each other then go through this process. */
  readonly cables?: boolean
  /** Further flags of etcd. */
  readonly flags?: ReadonlyArray<string>
}

/** A running cluster. */
export interface EtcdCluster {
  readonly members: ReadonlyArray<EtcdMember>
  readonly endpoints: ReadonlyArray<string>
  /** Runs etcdctl against all members (as the user root of TLS, where there is TLS) and returns what it prints. */
  readonly etcdctl: (...args: ReadonlyArray<string>) => Effect.Effect<string, TestbedError>
  /** What etcdctl needs in its environment to reach the cluster. */
  readonly env: Readonly<Record<string, string>>
  readonly etcd: EtcdPackage
  /** Which member leads now; **Fails with** `TestbedError` when none does. */
  readonly leader: Effect.Effect<EtcdMember, TestbedError>
  /** Cuts a member off from the others, not from its clients; **Fails with** `TestbedError` without `cables`. */
  readonly isolate: (member: EtcdMember) => Effect.Effect<void, TestbedError>
  /** Joins all members again. */
  readonly heal: Effect.Effect<void>
  /** The TLS options of a client whose certificate is for `name`; empty without TLS. */
  readonly tlsFor: (name: string, days?: number) => Effect.Effect<EtcdTls, TestbedError>
}

/** A cluster that is up and has a leader. */
export const makeEtcdCluster = Effect.fn("makeEtcdCluster")(function* (
  options: EtcdClusterOptions = {}
): Effect.fn.Return<EtcdCluster, TestbedError, Scope.Scope> {
  const etcd = options.etcd ?? findEtcdPackage()
  if (typeof etcd === "string") {
    return yield* new TestbedError({ doing: "find etcd", detail: etcd })
  }
  const folder = yield* makeFolder
  const authority = options.tls === true ? yield* makeAuthority(folder) : undefined
  const ports = yield* freePorts(3 * (options.members ?? 1))
  const cables = options.cables === true ? yield* Effect.forEach(peersOf(ports), makeCable) : []
  const server = authority === undefined ? undefined : yield* authority.server
  const members = yield* startMembers(etcd, folder, options, ports, cables, server)
  const env = {
    ETCDCTL_API: "3",
    ETCDCTL_ENDPOINTS: members.map(({ endpoint }) => endpoint).join(","),
    ...(yield* clientEnv(authority))
  }
  const etcdctl = (...args: ReadonlyArray<string>) => command([etcd.etcdctl, ...args], { env })
  return {
    members,
    endpoints: members.map(({ endpoint }) => endpoint),
    etcd,
    etcdctl,
    env,
    leader: Effect.flatMap(
      etcdctl("endpoint", "status", "--write-out=json", "--command-timeout=2s"),
      (status) => leaderIn(status, members)
    ),
    isolate: (member) =>
      Effect.flatMap(etcdctl("member", "list"), (list) => isolate(list, members, cables, member)),
    heal: Effect.asVoid(Effect.forEach(cables, ({ heal }) => heal)),
    tlsFor: (name, days) =>
      authority === undefined ? Effect.succeed({}) : Effect.map(authority.client(name, days), tlsOf)
  }
})

/** Every member has three: for clients, for the other members, and for those who ask how it is. */
const peersOf = (ports: ReadonlyArray<number>) => ports.filter((_, index) => index % 3 === 1)

const startMembers = Effect.fnUntraced(function* (
  etcd: EtcdPackage,
  folder: string,
  options: EtcdClusterOptions,
  ports: ReadonlyArray<number>,
  cables: ReadonlyArray<Cable>,
  tls: CertificateFiles | undefined
): Effect.fn.Return<ReadonlyArray<EtcdMember>, TestbedError, Scope.Scope> {
  const peers = peersOf(ports)
  const electionMillis = options.electionMillis ?? (peers.length === 1 ? 100 : 500)
  const peerUrls = peers.map((port, index) => `http://127.0.0.1:${cables[index]?.port ?? port}`)
  const cluster = peerUrls.map((url, index) => `m${index + 1}=${url}`).join(",")
  const members = yield* Effect.forEach(peerUrls, (peerUrl, index) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const [client = 0, peer = 0, health = 0] = ports.slice(3 * index)
        return makeMember({
          etcd,
          folder,
          name: `m${index + 1}`,
          cluster,
          peerUrl,
          ports: { client, peer, health },
          electionMillis,
          heartbeatMillis: Math.max(10, Math.floor(electionMillis / 10)),
          tls,
          flags: options.flags ?? []
        })
      }),
      ({ kill }) => kill
    )
  )
  yield* Effect.forEach(members, ({ start }) => start)
  yield* Effect.forEach(members, ({ healthy }) => healthy, { concurrency: "unbounded" })
  return members
})

/** Cuts what the others send to it and, by the id that `list` has for it, what it sends to the others. */
const isolate = Effect.fnUntraced(function* (
  list: string,
  members: ReadonlyArray<EtcdMember>,
  cables: ReadonlyArray<Cable>,
  member: EtcdMember
): Effect.fn.Return<void, TestbedError> {
  const id = new RegExp(`^(\\w+), \\w+, ${member.name},`, "m").exec(list)?.[1]
  if (id === undefined || cables.length === 0) {
    return yield* new TestbedError({
      doing: `isolate ${member.name}`,
      detail: "no cable leads to it"
    })
  }
  yield* Effect.forEach(cables, ({ cut }, index) => cut(members[index] === member ? undefined : id))
})

const clientEnv = (
  authority: TestAuthority | undefined
): Effect.Effect<Readonly<Record<string, string>>, TestbedError> =>
  authority === undefined
    ? Effect.succeed({})
    : Effect.map(authority.client("root"), ({ ca, cert, key }) => ({
        ETCDCTL_CACERT: ca,
        ETCDCTL_CERT: cert,
        ETCDCTL_KEY: key
      }))

interface Status {
  readonly Endpoint: string
  readonly Status: { readonly leader?: number; readonly header: { readonly member_id: number } }
}

const leaderIn = (
  json: string,
  members: ReadonlyArray<EtcdMember>
): Effect.Effect<EtcdMember, TestbedError> => {
  const leading = (JSON.parse(json) as ReadonlyArray<Status>).find(
    ({ Status }) => Status.leader === Status.header.member_id
  )
  const leader = members.find(({ endpoint }) => endpoint === leading?.Endpoint)
  return leader === undefined
    ? Effect.fail(new TestbedError({ doing: "find the leader", detail: json }))
    : Effect.succeed(leader)
}
