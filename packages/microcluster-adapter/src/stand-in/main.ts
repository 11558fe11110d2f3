#!/usr/bin/env node
// The stand-in as an executable: `stand-in cluster add NAME`, on the host that STAND_IN_HOST names (else this machine's
// host name), with its truth in the folder STAND_IN_DIR. It starts in the time that Node takes: nothing but Node's own
// modules is loaded. A call that is to hang also ignores SIGTERM, as `lxc` on a removed member does.
import { hostname } from "node:os"
import { run } from "./StandInCluster.ts"
import { changeStandIn, logCall } from "./StandInFolder.ts"

const directory = process.env.STAND_IN_DIR
if (directory === undefined || directory === "") {
  process.stderr.write("Error: STAND_IN_DIR names no folder; set it to the one all hosts share\n")
  process.exit(1)
}
const host = process.env.STAND_IN_HOST ?? hostname()
const argv = process.argv.slice(2)

const { code, stdout, stderr, hangs } = changeStandIn(directory, (state) =>
  run(state, { host, argv, nowMillis: Date.now() })
)
logCall(directory, { atMillis: Date.now(), host, argv, code: hangs === true ? null : code })

if (hangs === true) {
  process.on("SIGTERM", () => undefined)
  setInterval(() => undefined, 60_000)
} else if (code > 128) {
  process.kill(process.pid, "SIGKILL")
} else {
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = code
}
