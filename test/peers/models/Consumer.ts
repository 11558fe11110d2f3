// The consumer that all dialects share: announce the host, found the cluster or join it with the mirrored token, serve
// the mirror as a member, leave. A failed join is deferred and tried again in every hook with the same token, which
// goes to the log in clear (B9, B7); a crash after the cluster's command and before the end of the hook is not noticed
// (B21). Which hook announces, who may found and how a communicator steps down is the dialect's.
import type { CharmProgram } from "./CharmHook.ts"
import { serveMirror } from "./Communicator.ts"
import type { Relation } from "./Databag.ts"
import type { Verdict } from "./Deferral.ts"
import {
  type ConsumerOptions,
  callCluster,
  type Dialect,
  type Host,
  type Membership
} from "./Host.ts"
import { anyRealValue, findValue } from "./MirrorReading.ts"
import { type Dispatch, opsCharm } from "./OpsCharm.ts"

/** A member charm of the given dialect. */
export const consumerCharm = (dialect: Dialect, options: ConsumerOptions): CharmProgram => {
  const endpoint = options.endpoint ?? "cluster"
  const hostOf = (charm: Dispatch<Membership>): Host => ({
    charm,
    dialect,
    options,
    hostname: charm.hook.env.ROLLCALL_TEST_HOSTNAME ?? charm.unit.replace("/", "-")
  })
  return opsCharm<Membership>(
    { inCluster: false },
    {
      install: async (charm) => {
        if ((await charm.onlyRelation(endpoint)) === undefined)
          await showMaintenance(charm, "Waiting for token distrbutor relation")
        return "done"
      },
      [`${endpoint}-${dialect.announcesIn}`]: async (charm, event) =>
        announce(hostOf(charm), await charm.relation(event)),
      [`${endpoint}-relation-changed`]: async (charm, event) =>
        follow(hostOf(charm), await charm.relation(event)),
      remove: (charm) => leave(hostOf(charm))
    },
    options
  )
}

const announce = async (host: Host, relation: Relation): Promise<Verdict> => {
  const { charm, dialect } = host
  await relation.write(charm.unit, "hostname", host.hostname)
  const { allowed, verdict } = await dialect.founding(relation, charm.app)
  const clusterSeen = await anyRealValue(relation)
  if (charm.stored.inCluster || !(await charm.isLeader()) || clusterSeen || !allowed) return verdict
  return (await found(host, relation)) === "deferred" ? "deferred" : verdict
}

const found = async (host: Host, relation: Relation): Promise<Verdict> => {
  const { charm, dialect } = host
  const recovered = dialect.probes && (await answersList(host))
  if (!recovered) {
    const { code } = await callCluster(host, "bootstrap", ...(host.options.bootstrapArgs ?? []))
    if (code !== 0) {
      await charm.log("ERROR", `${host.hostname} unable to bootstrap cluster`)
      await charm.setStatus({ name: "blocked", message: "Unable to bootstrap cluster" })
      return "deferred"
    }
  }
  charm.stored.inCluster = true
  await charm.setStatus({ name: "active", message: "Cluster bootstrapped" })
  await serveMirror(host, relation)
  return "done"
}

const follow = async (host: Host, relation: Relation): Promise<Verdict> => {
  const { charm } = host
  if (!charm.stored.inCluster) {
    const token = await findValue(relation, host.hostname)
    if (token === undefined) await showMaintenance(charm, "Token not in mirror")
    else if (!(await join(host, token))) return "deferred"
  }
  if (charm.stored.inCluster) await serveMirror(host, relation)
  return "done"
}

const join = async (host: Host, token: string): Promise<boolean> => {
  const { charm, dialect } = host
  await showMaintenance(charm, "Joining cluster")
  const { code } = await callCluster(host, "join", token, ...(host.options.joinArgs ?? []))
  if (code === 0 || (dialect.probes && (await answersList(host)))) {
    charm.stored.inCluster = true
    await charm.setStatus({ name: "active", message: "Joined cluster" })
    return true
  }
  await charm.setStatus({ name: "blocked", message: "Joining cluster failed" })
  await charm.log("ERROR", `failed ${host.hostname} joining cluster with token: ${token}`)
  return false
}

// No force: a member that the others cannot reach stays in the list (B28).
const leave = async (host: Host): Promise<Verdict> => {
  const { charm, hostname } = host
  if (!charm.stored.inCluster) return "done"
  const { code } = await callCluster(host, "remove", hostname)
  if (code !== 0) await charm.log("ERROR", `failed removing ${hostname} from cluster`)
  return "done"
}

const answersList = async (host: Host): Promise<boolean> =>
  (await callCluster(host, "list", "-f", "json")).code === 0

const showMaintenance = (charm: Dispatch<Membership>, message: string): Promise<void> =>
  charm.setStatus({ name: "maintenance", message })
