// Core's token issuer keeps its guarantees over etcd.
import { tokenIssuerSuite } from "@rollcall/conformance"
import { onEtcd } from "../store/OnEtcd.ts"

onEtcd("3.4", 1, tokenIssuerSuite)
onEtcd("3.5", 3, tokenIssuerSuite)
