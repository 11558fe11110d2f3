// Where etcd is on this machine, or why a real cluster of it cannot be had here.
// It may be installed, or lie in a folder into which scripts/etcd.sh only unpacked it, one folder for each version; that
// is .cache/etcd of the repository, or the one that ROLLCALL_ETCD_ROOT names.
import { spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Etcd's two programs and their version, such as `3.4.23`. */
export interface EtcdPackage {
  readonly version: string
  readonly etcd: string
  readonly etcdctl: string
}

/** The versions that scripts/etcd.sh unpacks; tests run on each of them. */
export const ETCD_VERSIONS = ["3.4", "3.5"] as const

/**
 * Etcd of `version` (`3.4`, `3.5`), or the newest there is where none is named; else what is missing and how to get it, in
 * words for the one who reads a test's report.
 */
export const findEtcdPackage = (version?: string): EtcdPackage | string => {
  const unpacked = (version === undefined ? [...ETCD_VERSIONS].reverse() : [version]).map((each) =>
    join(ROOT, each, "usr/bin")
  )
  const folders = [...unpacked, ...(process.env.PATH ?? "").split(delimiter)]
  for (const folder of folders) {
    const [etcd, etcdctl] = [executable(join(folder, "etcd")), executable(join(folder, "etcdctl"))]
    if (etcd === undefined || etcdctl === undefined) continue
    const found = versionOf(etcd)
    if (found === undefined || (version !== undefined && !found.startsWith(`${version}.`))) continue
    return { version: found, etcd, etcdctl }
  }
  return `etcd${version === undefined ? "" : ` ${version}`} is not here; ${INSTALL}`
}

const INSTALL =
  "run scripts/etcd.sh on a Debian machine, or: apt-get install --no-install-recommends etcd-server etcd-client"

const ROOT =
  process.env.ROLLCALL_ETCD_ROOT ??
  fileURLToPath(new URL("../../../../.cache/etcd", import.meta.url))

const versionOf = (etcd: string): string | undefined =>
  /etcd Version: (\S+)/.exec(spawnSync(etcd, ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1]

const executable = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}
