// A real LXD or Incus on hosts of this machine: one daemon on each, its state in a folder that goes with the scope, its
// mounts in the host's own mount table (a killed daemon leaves them behind). No cluster is founded here.
// Daemons are killed, not stopped: stopping the last of a quorum takes them up to 18 s.
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ClusterCliShape } from "@rollcall/core"
import { Effect, type Scope } from "effect"
import { LxdCli, type LxdOptions } from "../LxdCli.ts"
import { BOUND, command, endProcess, type Host, makeHosts, type TestbedError } from "./Hosts.ts"
import type { LxdPackage } from "./LxdPackage.ts"

/** A host with a daemon. */
export interface LxdHost extends Host {
  /** What the client needs in its environment to speak to this host's daemon. */
  readonly env: Readonly<Record<string, string>>
  /** The words of the product's client on this host. */
  readonly client: ReadonlyArray<string>
  /** The adapter on this host; the options are the adapter's. */
  readonly cli: (options?: Pick<LxdOptions, "name" | "timeoutMillis">) => ClusterCliShape
  /** Kills the daemon; its state stays. */
  readonly kill: Effect.Effect<void>
  /** Starts the daemon again on its state; returns when it answers. */
  readonly start: Effect.Effect<void, TestbedError>
}

/** One host with a running daemon for each of `names`, for as long as the scope is open. */
export const makeLxdHosts = Effect.fn("makeLxdHosts")(function* (
  lxd: LxdPackage,
  names: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<LxdHost>, TestbedError, Scope.Scope> {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const hosts = yield* makeHosts(names)
  const lxdHosts = yield* Effect.forEach(hosts, (host) =>
    Effect.acquireRelease(
      Effect.sync(() => makeLxdHost(lxd, join(folder, host.name), host)),
      (lxdHost) => lxdHost.kill
    )
  )
  yield* Effect.forEach(lxdHosts, (host) => host.start, { concurrency: 4 })
  return lxdHosts
})

const PORT = 8443
const READY_SECONDS = 60

const makeLxdHost = (lxd: LxdPackage, folder: string, host: Host): LxdHost => {
  mkdirSync(folder, { recursive: true })
  const name = lxd.product.toUpperCase()
  const env = { [`${name}_DIR`]: folder, [`${name}_CONF`]: join(folder, ".client"), ...lxd.env }
  const client = [...host.prefix, lxd.client]
  let daemon: ChildProcess | undefined
  return {
    ...host,
    env,
    client,
    cli: (options = {}) =>
      LxdCli.make({
        name: host.name,
        ...options,
        product: lxd.product,
        address: `${host.address}:${PORT}`,
        client,
        init:
          lxd.product === "lxd"
            ? [...host.prefix, lxd.daemon, "init"]
            : [...client, "admin", "init"],
        env
      }),
    kill: Effect.suspend(() => {
      const running = daemon
      daemon = undefined
      return running === undefined ? Effect.void : endProcess(running)
    }),
    start: Effect.suspend(() => {
      daemon ??= startDaemon(lxd, folder, host, env)
      const waiting = [lxd.daemon, "waitready", `--timeout=${READY_SECONDS}`]
      return Effect.asVoid(command([...host.prefix, ...waiting], env, READY_SECONDS * 1000 + 5000))
    })
  }
}

const startDaemon = (
  lxd: LxdPackage,
  folder: string,
  host: Host,
  env: Readonly<Record<string, string>>
): ChildProcess => {
  const enter = ["nsenter", `--target=${host.pid}`, "--net", "--uts", "--mount", "--"]
  const daemon = [lxd.daemon, "--group", "root", "--logfile", `${folder}.log`]
  const [file = "", ...args] = [...enter, ...BOUND, ...daemon]
  const output = openSync(`${folder}.out`, "a")
  return spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", output, output] })
}
