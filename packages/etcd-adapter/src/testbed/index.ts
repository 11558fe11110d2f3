// Real etcd clusters on one machine, to test and to demonstrate against.
export { type Cable, makeCable } from "./Cable.ts"
export { type EtcdCluster, type EtcdClusterOptions, makeEtcdCluster } from "./EtcdCluster.ts"
export type { EtcdMember } from "./EtcdMember.ts"
export { ETCD_VERSIONS, type EtcdPackage, findEtcdPackage } from "./EtcdPackage.ts"
export { TestbedError } from "./Machine.ts"
