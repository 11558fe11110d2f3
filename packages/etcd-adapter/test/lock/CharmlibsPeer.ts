// The real Python library as units of a cluster, where this machine has it; scripts/python-peers.sh installs it.
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"
import type { EtcdCluster } from "../../src/testbed/index.ts"

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url))
const PROGRAM = fileURLToPath(new URL("charmlibs_unit.py", import.meta.url))

/** Python with the library, or undefined where it was not installed. */
export const python = [
  process.env.ROLLCALL_PYTHON,
  join(ROOT, ".cache/python-peers/ops3/bin/python")
].find((each): each is string => each !== undefined && existsSync(each))

/** Why there is none. */
export const NO_PYTHON = "no Python with charmlibs-rollingops: run scripts/python-peers.sh"

/** A charm's folder as the library wants it, within `folder`. */
export const charmFolder = (folder: string, cluster: EtcdCluster): string => {
  mkdirSync(join(folder, "usr/bin"), { recursive: true })
  mkdirSync(join(folder, "etcd"), { recursive: true })
  symlinkSync(cluster.etcd.etcdctl, join(folder, "usr/bin/etcdctl"))
  writeFileSync(join(folder, "etcd/server-ca.pem"), "")
  const endpoints = cluster.endpoints.join(",")
  const config = { endpoints, cacert_path: "", cert_path: "", key_path: "" }
  writeFileSync(join(folder, "etcd/etcdctl.json"), JSON.stringify(config))
  return folder
}

/** Runs one of the program's commands to its end; what it printed. */
export const unit = (...args: ReadonlyArray<string>): Effect.Effect<string> =>
  Effect.promise(async () => {
    const run = promisify(execFile)
    const { stdout } = await run(python ?? "", [PROGRAM, ...args], { timeout: 50_000 })
    return stdout.trim()
  })
