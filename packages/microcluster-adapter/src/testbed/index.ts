// Real clusters on one machine, to test and to demonstrate against.
export { type Host, makeHosts, TestbedError } from "./Hosts.ts"
export { type LxdHost, makeLxdHosts } from "./LxdHosts.ts"
export { findLxdPackage, type LxdPackage } from "./LxdPackage.ts"
