// Real LXD: a daemon on each of three hosts of this machine, with a host name and a network of its own. A unit's hooks
// run on its host. Juju's hook commands speak through a Unix socket, which networks do not separate; the simulator's
// speak TCP, so here they step back into this process's network. The client and the daemon's `init` go through a
// recorder, which notes the call and, for the final check only, the token that it printed.
import { execFileSync } from "node:child_process"
import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import {
  findLxdPackage,
  type LxdHost,
  type LxdPackage,
  makeLxdHosts
} from "@rollcall/microcluster-adapter/testbed"
import { Effect } from "effect"
import { CannotShow, callOf, type Product } from "./Product.ts"

/** LXD on three hosts, for as long as the scope is open. */
export const openLxd = Effect.fn("openLxd")(function* (names: ReadonlyArray<string>) {
  const lxd = yield* found
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-hosts-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const hosts = yield* Effect.mapError(
    makeLxdHosts(lxd, names),
    ({ message }) => new CannotShow({ reason: message })
  )
  writeRecorders(folder, lxd)
  return productOn(folder, lxd, hosts)
})

/** Debian's package of each program that is needed. */
const PACKAGES: Readonly<Record<string, string>> = {
  lxd: "lxd",
  lxc: "lxd-client",
  ip: "iproute2",
  hostname: "hostname",
  nsenter: "util-linux",
  unshare: "util-linux",
  setpriv: "util-linux",
  rsync: "rsync",
  setfattr: "attr",
  unsquashfs: "squashfs-tools"
}

const found = Effect.suspend(() => {
  const missing = Object.keys(PACKAGES).filter((program) => !isOnPath(program))
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => PACKAGES[program]))].join(" ")
    const reason = `not installed: ${missing.join(", ")}; on Debian: apt-get install --no-install-recommends ${packages}`
    return Effect.fail(new CannotShow({ reason }))
  }
  const lxd = findLxdPackage("lxd")
  if (typeof lxd !== "string") return Effect.succeed(lxd)
  const remedy = process.getuid?.() === 0 ? "" : ": sudo npm run demo -- --cluster lxd"
  return Effect.fail(new CannotShow({ reason: `${lxd}${remedy}` }))
})

const isOnPath = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

const productOn = (folder: string, lxd: LxdPackage, hosts: ReadonlyArray<LxdHost>): Product => {
  const on = (name: string) => hosts.find((host) => host.name === name)
  const lines = (file: string) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .filter((each) => each !== "")
  return {
    title: `LXD ${execFileSync(lxd.daemon, ["--version"], { encoding: "utf8" }).trim()}`,
    hosts: hosts.map(({ name }) => name),
    config: { "cluster-command": "lxc cluster" },
    env: (host) => on(host)?.env ?? {},
    prefix: (host) => [
      ...(on(host)?.prefix ?? []),
      "sh",
      "-c",
      'PATH="$0:$PATH" exec "$@"',
      folder
    ],
    commandsAt: (place) => {
      for (const name of readdirSync(place)) symlinkSync("hook-command", join(folder, name))
    },
    calls: () =>
      lines("calls").map((line) => {
        const [host = "", code = "", ...words] = line.split(" ")
        return callOf(host, words, Number(code))
      }),
    secrets: () => lines("tokens"),
    clusters: Effect.map(
      Effect.forEach(hosts, (host) =>
        host.cli().list.pipe(
          Effect.map((members) =>
            members
              .map(({ name }) => name)
              .toSorted()
              .join(" ")
          ),
          Effect.mapError(({ message }) => new CannotShow({ reason: message }))
        )
      ),
      (lists) => [...new Set(lists)].map((list) => list.split(" "))
    )
  }
}

const writeRecorders = (folder: string, { client, daemon }: LxdPackage): void => {
  const executable = { mode: 0o755 }
  for (const file of ["calls", "tokens"]) writeFileSync(join(folder, file), "", { mode: 0o600 })
  writeFileSync(join(folder, "hook-command"), hookCommand, executable)
  writeFileSync(join(folder, "lxc"), recorder(client), executable)
  writeFileSync(join(folder, "lxd"), recorder(daemon), executable)
}

/** Runs the simulator's hook command of the same name, the next on the path, in this process's network. */
const hookCommand = `#!/bin/bash
PATH=\${PATH#*:} exec nsenter --net=/proc/${process.pid}/ns/net -- "\${0##*/}" "$@"
`

const recorder = (program: string): string => `#!/bin/bash
here=\${0%/*}
case "$1 $2" in
  "init "*)
    input=$(cat)
    [[ $input == *cluster_token* ]] && words=join || words=bootstrap
    output=$(${program} "$@" <<<"$input")
    ;;
  *)
    words="\${*:2}"
    output=$(${program} "$@")
    ;;
esac
code=$?
echo "$HOSTNAME $code $words" >>"$here/calls"
[[ $words == add* && $code == 0 ]] && echo "$output" >>"$here/tokens"
printf '%s\\n' "$output"
exit $code
`
