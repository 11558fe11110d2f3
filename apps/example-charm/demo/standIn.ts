// The product that needs nothing installed: the stand-in's executable, its truth in a folder that all hosts share.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  changeStandIn,
  createStandIn,
  readCalls,
  readStandIn,
  type StandInMember,
  standInCommand,
  withDaemon
} from "@rollcall/microcluster-adapter/stand-in"
import { Effect } from "effect"
import { callOf, type Product } from "./Product.ts"

/** The stand-in on `hosts`, for as long as the scope is open. */
export const openStandIn = (hosts: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rollcall-product-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  ).pipe(Effect.map((folder) => standInAt(folder, hosts)))

const standInAt = (folder: string, hosts: ReadonlyArray<string>): Product => {
  // without a wait for heartbeats: members vote at once, as they would after some seconds
  createStandIn(folder, { heartbeatMillis: 0 })
  const secrets = new Set<string>()
  const become = (host: string, daemon: StandInMember["daemon"]) => {
    changeStandIn(folder, (state) => ({ state: withDaemon(state, host, daemon) }))
  }
  return {
    title: "a stand-in product",
    hosts,
    config: { "cluster-command": standInCommand.join(" ") },
    env: (host) => ({ STAND_IN_DIR: folder, STAND_IN_HOST: host, ROLLCALL_HOST: host }),
    prefix: () => [],
    commandsAt: () => undefined,
    calls: () =>
      readCalls(folder).map(({ argv, code, host }) =>
        callOf(host, argv.slice(argv.indexOf("cluster") + 1), code)
      ),
    secrets: () => {
      for (const { secret } of readStandIn(folder).clusters.flatMap(({ tokens }) => tokens)) {
        secrets.add(secret).add(tokenBeginning(secret))
      }
      return [...secrets]
    },
    clusters: Effect.sync(() =>
      readStandIn(folder).clusters.map(({ members }) => members.map(({ name }) => name))
    ),
    machines: {
      lose: (host) => become(host, "down"),
      replace: (host) => become(host, "gone")
    }
  }
}

/** The base64 of a token's beginning, up to the end of its secret: 75 bytes, so that no bit of what follows is in it. */
const tokenBeginning = (secret: string): string =>
  Buffer.from(`{"secret":"${secret}`).toString("base64")
