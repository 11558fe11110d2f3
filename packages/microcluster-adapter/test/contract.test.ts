// The adapter over the stand-in product keeps the contract of a cluster's command, as core's memory does.
import { clusterCliSuite, type Product } from "@rollcall/conformance"
import { HostName } from "@rollcall/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { MicroclusterCli } from "../src/MicroclusterCli.ts"
import { executeOn, makeStandIn, withDaemon } from "../src/stand-in/index.ts"

const REFUSED = HostName.make("host-refused")
const TOKEN_MILLIS = 1000

const product = Effect.sync((): Product => {
  const settings = { heartbeatMillis: 0, tokenMillis: TOKEN_MILLIS, refusedNames: [REFUSED] }
  const standIn = makeStandIn(settings)
  return {
    // a machine of the same name as one before it knows nothing of the cluster: here its predecessor's row is gone
    command: (host) =>
      MicroclusterCli.layer({ command: ["cluster"], execute: executeOn(standIn, host) }),
    lose: (machine) =>
      Effect.sync(() => standIn.change((state) => withDaemon(state, machine, "down"))),
    outliveTokens: TestClock.adjust(TOKEN_MILLIS + 1),
    refusedName: REFUSED
  }
})

clusterCliSuite("microcluster over the stand-in", product)
