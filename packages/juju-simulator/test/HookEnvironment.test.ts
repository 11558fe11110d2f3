import { describe, expect, it } from "vitest"
import { addUnit } from "../src/ModelChange.ts"
import { dbHook, makeCluster, open } from "./Cluster.ts"

const PATHS = { charmDir: "/c", socketPath: "/s", toolsDir: "/t" }

describe("the environment of a process (M9)", () => {
  const BASE = {
    CHARM_DIR: "/c",
    JUJU_CHARM_DIR: "/c",
    JUJU_CONTEXT_ID: "app/0-test",
    JUJU_HOOK_NAME: "",
    JUJU_AGENT_SOCKET_ADDRESS: "/s",
    JUJU_AGENT_SOCKET_NETWORK: "unix",
    JUJU_UNIT_NAME: "app/0",
    JUJU_MODEL_UUID: "00000000-0000-4000-8000-000000000000",
    JUJU_MODEL_NAME: "simulated",
    JUJU_API_ADDRESSES: "10.0.0.1:17070",
    JUJU_SLA: "unsupported",
    JUJU_MACHINE_ID: "0",
    JUJU_PRINCIPAL_UNIT: "",
    JUJU_AVAILABILITY_ZONE: "",
    JUJU_VERSION: "3.6.8",
    CLOUD_API_VERSION: "",
    JUJU_CHARM_HTTP_PROXY: "",
    JUJU_CHARM_HTTPS_PROXY: "",
    JUJU_CHARM_FTP_PROXY: "",
    JUJU_CHARM_NO_PROXY: "",
    APT_LISTCHANGES_FRONTEND: "none",
    DEBIAN_FRONTEND: "noninteractive",
    LANG: "C.UTF-8",
    TERM: "tmux-256color",
    PATH: "/t:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
  }
  const environment = (invocation: Parameters<typeof open>[2]) =>
    open(makeCluster(), "app/0", invocation).environment(PATHS)

  it("of a juju-exec has no hook and no dispatch path", () => {
    expect(environment({ kind: "juju-exec", name: "" })).toEqual(BASE)
  })

  it("of a relation hook names the relation and the remote side", () => {
    const hook = {
      ...BASE,
      JUJU_HOOK_NAME: "db-relation-changed",
      JUJU_DISPATCH_PATH: "hooks/db-relation-changed",
      JUJU_RELATION: "db",
      JUJU_RELATION_ID: "db:1",
      JUJU_REMOTE_UNIT: "mysql/0",
      JUJU_REMOTE_APP: "mysql"
    }
    expect(environment(dbHook("changed"))).toEqual(hook)
    const { remoteUnit: _, ...applicationHook } = dbHook("changed")
    expect(environment(applicationHook)).toEqual({ ...hook, JUJU_REMOTE_UNIT: "" })
  })

  it("of a departed hook names who leaves", () => {
    expect(environment({ ...dbHook("departed"), departingUnit: "mysql/0" })).toMatchObject({
      JUJU_DISPATCH_PATH: "hooks/db-relation-departed",
      JUJU_DEPARTING_UNIT: "mysql/0"
    })
  })

  it("of an action names the action and no hook", () => {
    const action = { name: "backup", id: "3", params: {} }
    expect(environment({ kind: "action", name: "backup", action })).toEqual({
      ...BASE,
      JUJU_DISPATCH_PATH: "actions/backup",
      JUJU_ACTION_NAME: "backup",
      JUJU_ACTION_UUID: "3",
      JUJU_ACTION_TAG: "action-3"
    })
  })

  it("of a secret hook names the secret, and the revision only where it matters", () => {
    const secret = { id: "c0000000000000000001", label: "join", revision: 2 }
    const uri = "secret:c0000000000000000001"
    const changed = environment({ name: "secret-changed", secret })
    expect(changed).toMatchObject({ JUJU_SECRET_ID: uri, JUJU_SECRET_LABEL: "join" })
    expect(changed).not.toHaveProperty("JUJU_SECRET_REVISION")
    expect(environment({ name: "secret-remove", secret })).toMatchObject({
      JUJU_SECRET_REVISION: "2"
    })
  })

  it("differs in 4.0, and by machine and principal", () => {
    const model = makeCluster(1, { profile: "4.0" })
    addUnit(model, "app", { principal: "mysql/0", hostname: "db-host" })
    const environment = open(model, "app/1").environment(PATHS)
    expect(environment).not.toHaveProperty("JUJU_SLA")
    expect(environment).toMatchObject({
      JUJU_PRINCIPAL_UNIT: "mysql/0",
      JUJU_MACHINE_ID: model.units.get("mysql/0")?.machine,
      JUJU_VERSION: "4.0.0"
    })
  })
})
