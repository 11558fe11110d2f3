// Core's mirror keeps its guarantees over etcd.
import { mirrorSuite } from "@rollcall/conformance"
import { onEtcd } from "../store/OnEtcd.ts"

onEtcd("3.4", 1, mirrorSuite)
onEtcd("3.5", 3, mirrorSuite)
