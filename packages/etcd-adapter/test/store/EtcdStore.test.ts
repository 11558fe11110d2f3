// The etcd store keeps the contract of a store.
import { storeSuite } from "@rollcall/conformance"
import { onEtcd } from "./OnEtcd.ts"

for (const members of [1, 3]) {
  onEtcd("3.4", members, storeSuite)
  onEtcd("3.5", members, storeSuite)
}
