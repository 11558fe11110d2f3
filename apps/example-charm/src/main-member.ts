// The member's entry point: this machine's host name, journal and cluster command.
import { hostname } from "node:os"
import { join } from "node:path"
import { HostName } from "@rollcall/core"
import { fileJournal, HookCommand } from "@rollcall/juju-adapter"
import { clusterCliFor } from "@rollcall/microcluster-adapter"
import { Effect } from "effect"
import { exitWith } from "./exit.ts"
import { member } from "./member.ts"
import { words } from "./member-config.ts"

exitWith(
  Effect.runPromise(
    member(process.env, {
      host: HostName.make(hostname()),
      commands: HookCommand.layer,
      journal: fileJournal(join(process.env.JUJU_CHARM_DIR ?? ".", ".rollcall-journal.json")),
      cluster: (config) =>
        clusterCliFor(words(config["cluster-command"]), {
          timeoutMillis: config["command-timeout-seconds"] * 1000,
          ...(config.address === "" ? {} : { address: config.address })
        })
    })
  )
)
