// The store over a peer relation keeps the contract of a store.
import { storeSuite } from "@rollcall/conformance"
import { jujuWorld } from "./JujuWorld.ts"

storeSuite("a peer relation", jujuWorld({ mailboxes: false, remembers: false }), {
  "two-sided": "a peer relation has one application",
  "fences-terms": "Juju's flush asks who holds the lease now, not who held it when the hook began",
  "hides-addressed": "a databag is read by every unit of the application",
  "wakes-addressed-only": "a databag wakes every unit of the application",
  "streams-changes": "Juju wakes a unit by running a hook"
})
