// The Juju store keeps the contract of a store, by databags alone and with mailboxes, whether it
// remembers others' databags or not; and so do the services over it.
import { type Lacks, mirrorSuite, storeSuite, tokenIssuerSuite } from "@rollcall/conformance"
import { jujuWorld } from "./JujuWorld.ts"

const lacks: Lacks = {
  "one-sided": "a relation that carries groups has two applications; peers are a council",
  "hides-addressed": "a databag is read by every unit of the other side",
  "wakes-addressed-only": "a databag wakes every unit of the other side",
  "fences-terms": "Juju's flush asks who holds the lease now, not who held it when the hook began",
  "streams-changes": "Juju wakes a unit by running a hook"
}

const worlds = {
  databags: jujuWorld({ mailboxes: false, remembers: false }),
  "databags, remembered": jujuWorld({ mailboxes: false, remembers: true }),
  mailboxes: jujuWorld({ mailboxes: true, remembers: false }),
  "mailboxes, remembered": jujuWorld({ mailboxes: true, remembers: true })
}

for (const [name, world] of Object.entries(worlds)) {
  storeSuite(name, world, lacks)
  mirrorSuite(name, world, lacks)
  tokenIssuerSuite(name, world, lacks)
}
