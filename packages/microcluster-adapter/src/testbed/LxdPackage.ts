// Where LXD or Incus is on this machine, or why a real cluster of it cannot be had here.
// Incus may also lie in a folder into which its packages were only unpacked, named by ROLLCALL_INCUS_ROOT.
import { spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

/** The product's two programs, and what the daemon needs in its environment. */
export interface LxdPackage {
  readonly product: "lxd" | "incus"
  readonly client: string
  readonly daemon: string
  readonly env: Readonly<Record<string, string>>
}

/** The package of `product`, or what is missing for a real cluster, in words for the one who reads a test's report. */
export const findLxdPackage = (product: "lxd" | "incus"): LxdPackage | string => {
  if (process.getuid?.() !== 0) return `${product} and network namespaces need root`
  const missing = TOOLS.filter((tool) => onPath(tool) === undefined)
  if (missing.length > 0) return `not installed: ${missing.join(", ")}; ${INSTALL}`
  if (spawnSync("unshare", ["--net", "--uts", "--mount", "true"]).status !== 0) {
    return "this machine does not let root make namespaces"
  }
  return product === "lxd" ? findLxd() : findIncus()
}

/** Programs of Debian's iproute2, util-linux, rsync, attr and squashfs-tools: hosts need the first, the daemons the last. */
const TOOLS = ["ip", "hostname", "nsenter", "unshare", "setpriv", "rsync", "setfattr", "unsquashfs"]

const INSTALL =
  "on Debian 12: apt-get install --no-install-recommends lxd lxd-client iproute2 rsync attr squashfs-tools"

const findLxd = (): LxdPackage | string => {
  const [client, daemon] = [onPath("lxc"), onPath("lxd")]
  return client === undefined || daemon === undefined
    ? `lxd is not installed; ${INSTALL}`
    : { product: "lxd", client, daemon, env: {} }
}

const findIncus = (): LxdPackage | string => {
  const root = process.env.ROLLCALL_INCUS_ROOT ?? "/"
  const client = executable(join(root, "usr/bin/incus"))
  const daemon = executable(join(root, "usr/libexec/incus/incusd"))
  if (client === undefined || daemon === undefined) {
    return "incus is not installed; see this package's README for unpacking it from bookworm-backports"
  }
  const libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((triplet) =>
    join(root, "usr/lib", triplet)
  )
  return {
    product: "incus",
    client,
    daemon,
    env: root === "/" ? {} : { LD_LIBRARY_PATH: libraries.join(":") }
  }
}

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => executable(join(folder, name)))
    .find((path) => path !== undefined)

const executable = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}
