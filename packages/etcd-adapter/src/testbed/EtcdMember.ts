// One member of a test cluster: a real etcd on ports of the loopback, its state in a folder that goes with the scope.
// Members are killed, not asked to end: etcd takes seconds to hand its leadership over.
import type { ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { EtcdPackage } from "./EtcdPackage.ts"
import { haltOf, killDaemon, startDaemon, TestbedError } from "./Machine.ts"
import type { CertificateFiles } from "./TestCertificates.ts"

/** A member of a cluster. */
export interface EtcdMember {
  readonly name: string
  /** Where clients reach it, such as `http://127.0.0.1:40001`. */
  readonly endpoint: string
  /** Ends it as a power cut does; its state stays. */
  readonly kill: Effect.Effect<void>
  /** Halts it (SIGSTOP): it keeps its connections and answers nothing; returns when no thread of it runs any more. */
  readonly stop: Effect.Effect<void>
  /** Lets a halted member go on (SIGCONT). */
  readonly resume: Effect.Effect<void>
  /** Starts it, on its state if it has any; returns at once. */
  readonly start: Effect.Effect<void>
  /** Waits until it takes part in the cluster; **Fails with** `TestbedError` and the end of its log. */
  readonly healthy: Effect.Effect<void, TestbedError>
  /** Its process id while it runs. */
  readonly pid: () => number | undefined
}

/** What a member is started with. */
export interface MemberOptions {
  readonly etcd: EtcdPackage
  readonly folder: string
  readonly name: string
  readonly ports: { readonly client: number; readonly peer: number; readonly health: number }
  /** The cluster as etcd wants it: `name=http://host:port,…`. */
  readonly cluster: string
  /** Where the others reach it, if not directly. */
  readonly peerUrl: string
  readonly heartbeatMillis: number
  readonly electionMillis: number
  readonly tls: CertificateFiles | undefined
  readonly flags: ReadonlyArray<string>
}

/** A member that is not yet started. */
export const makeMember = (options: MemberOptions): EtcdMember => {
  const { name, ports, folder, tls } = options
  const endpoint = `${tls === undefined ? "http" : "https"}://127.0.0.1:${ports.client}`
  const log = join(folder, `${name}.log`)
  let running: ChildProcess | undefined
  const signal = (word: NodeJS.Signals) => Effect.sync(() => void running?.kill(word))
  return {
    name,
    endpoint,
    pid: () => running?.pid,
    kill: Effect.suspend(() => {
      const child = running
      running = undefined
      return child === undefined ? Effect.void : killDaemon(child)
    }),
    stop: Effect.andThen(
      signal("SIGSTOP"),
      Effect.suspend(() => haltOf(running?.pid))
    ),
    resume: signal("SIGCONT"),
    start: Effect.sync(() => {
      running ??= startDaemon([options.etcd.etcd, ...flagsOf(options, endpoint)], log, {
        // Debian's builds for some architectures ask for it, others ignore it
        ETCD_UNSUPPORTED_ARCH: process.arch
      })
    }),
    healthy: Effect.suspend(() => waitUntilHealthy(`http://127.0.0.1:${ports.health}/health`)).pipe(
      Effect.timeoutOrElse({
        duration: READY_MILLIS,
        orElse: () =>
          Effect.fail(
            new TestbedError({
              doing: `start the member ${name}`,
              detail: readFileSync(log, "utf8").slice(-2_000)
            })
          )
      })
    )
  }
}

const READY_MILLIS = 30_000

const flagsOf = (options: MemberOptions, endpoint: string): ReadonlyArray<string> => {
  const { name, ports, folder, tls } = options
  const peer = `http://127.0.0.1:${ports.peer}`
  return [
    ["--name", name],
    ["--data-dir", join(folder, name)],
    ["--listen-client-urls", endpoint],
    ["--advertise-client-urls", endpoint],
    ["--listen-peer-urls", peer],
    ["--initial-advertise-peer-urls", options.peerUrl],
    ["--initial-cluster", options.cluster],
    ["--listen-metrics-urls", `http://127.0.0.1:${ports.health}`],
    ["--heartbeat-interval", String(options.heartbeatMillis)],
    ["--election-timeout", String(options.electionMillis)],
    ["--logger", "zap"],
    ["--log-level", "warn"],
    // a test's cluster does not outlive the machine it runs on
    ["--unsafe-no-fsync"],
    tls === undefined
      ? []
      : [
          ["--cert-file", tls.cert],
          ["--key-file", tls.key],
          ["--trusted-ca-file", tls.ca],
          ["--client-cert-auth"]
        ].flat(),
    options.flags
  ].flat()
}

/** Etcd has no event for it, so it is asked until it says yes. */
const waitUntilHealthy = (url: string): Effect.Effect<void> =>
  Effect.tryPromise(async (signal) => {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(500)]) })
    if (!(await answer.text()).includes('"true"')) throw new Error("not healthy")
  }).pipe(Effect.catch(() => Effect.andThen(Effect.sleep(20), waitUntilHealthy(url))))
