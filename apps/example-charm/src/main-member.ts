// The member's entry point: this machine's host name, journal and cluster command.
// ROLLCALL_HOST says another name than the machine's, for several units that share one.
import { hostname } from "node:os"
import { join } from "node:path"
import { fileJournal, HookCommand, jujuExecWakeUp } from "@rollcall/juju-adapter"
import { clusterCliFor } from "@rollcall/microcluster-adapter"
import { Effect } from "effect"
import { exitWith } from "./exit.ts"
import { member } from "./member.ts"
import { words } from "./member-config.ts"

const journal = (file: string) => fileJournal(join(process.env.JUJU_CHARM_DIR ?? ".", file))

exitWith(
  Effect.runPromise(
    member(process.env, {
      host: process.env.ROLLCALL_HOST ?? hostname(),
      commands: HookCommand.layer,
      journal: journal(".rollcall-journal.json"),
      lockJournal: journal(".rollcall-lock.json"),
      wakeUp: jujuExecWakeUp,
      cluster: (config) =>
        clusterCliFor(words(config["cluster-command"]), {
          timeoutMillis: config["command-timeout-seconds"] * 1000,
          ...(config.address === "" ? {} : { address: config.address })
        })
    })
  )
)
