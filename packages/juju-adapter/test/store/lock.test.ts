// The rolling lock keeps its guarantees over a peer relation.
import { rollingLockSuite } from "@rollcall/conformance"
import { jujuWorld } from "./JujuWorld.ts"

rollingLockSuite("a peer relation", jujuWorld({ mailboxes: false, remembers: false }), {
  "steps-overlap": "the simulator ends a hook before it runs the next one that a test asks for",
  "fences-terms": "Juju's flush asks who holds the lease now, not who held it when the hook began"
})
