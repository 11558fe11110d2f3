/**
 * The exact environment of a hook's process: nothing is inherited but the path
 * (juju/juju internal/worker/uniter/runner/context/{context,env}.go; the Ubuntu variant).
 */
import type { Execution } from "./Execution.ts"
import type { HookPaths } from "./HookContext.ts"
import { parseSecretUri } from "./SecretUri.ts"

/** The variables that a process of this execution gets. */
export const hookEnvironment = (
  execution: Execution,
  paths: HookPaths
): Readonly<Record<string, string>> => ({
  ...baseVariables(execution, paths),
  ...relationVariables(execution),
  ...actionVariables(execution),
  ...secretVariables(execution),
  APT_LISTCHANGES_FRONTEND: "none",
  DEBIAN_FRONTEND: "noninteractive",
  LANG: "C.UTF-8",
  TERM: "tmux-256color",
  PATH: `${paths.toolsDir}:${UBUNTU_PATH}`
})

const UBUNTU_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"

const baseVariables = ({ model, unit, invocation }: Execution, paths: HookPaths) => ({
  CHARM_DIR: paths.charmDir,
  JUJU_CHARM_DIR: paths.charmDir,
  JUJU_CONTEXT_ID: invocation.contextId,
  JUJU_HOOK_NAME: invocation.kind === "hook" ? invocation.name : "",
  ...dispatchPath(invocation.kind, invocation.name),
  JUJU_AGENT_SOCKET_ADDRESS: paths.socketPath,
  JUJU_AGENT_SOCKET_NETWORK: "unix",
  JUJU_UNIT_NAME: unit.name,
  JUJU_MODEL_UUID: model.uuid,
  JUJU_MODEL_NAME: model.name,
  JUJU_API_ADDRESSES: "10.0.0.1:17070",
  ...(model.profile === "3.6" ? { JUJU_SLA: "unsupported" } : {}),
  JUJU_MACHINE_ID: unit.machine,
  JUJU_PRINCIPAL_UNIT: unit.principal ?? "",
  JUJU_AVAILABILITY_ZONE: "",
  JUJU_VERSION: model.version,
  CLOUD_API_VERSION: "",
  JUJU_CHARM_HTTP_PROXY: "",
  JUJU_CHARM_HTTPS_PROXY: "",
  JUJU_CHARM_FTP_PROXY: "",
  JUJU_CHARM_NO_PROXY: ""
})

const dispatchPath = (kind: string, name: string) => {
  if (kind === "juju-exec") return {}
  return { JUJU_DISPATCH_PATH: `${kind === "hook" ? "hooks" : "actions"}/${name}` }
}

// Set but empty means: this hook is about no unit in particular.
const relationVariables = ({ hookRelation, invocation }: Execution) => {
  if (hookRelation === undefined) return {}
  const { remoteUnit, remoteApp, departingUnit } = invocation
  return {
    JUJU_RELATION: hookRelation.endpoint,
    JUJU_RELATION_ID: hookRelation.name,
    JUJU_REMOTE_UNIT: remoteUnit ?? "",
    JUJU_REMOTE_APP: remoteApp ?? "",
    ...(departingUnit === undefined ? {} : { JUJU_DEPARTING_UNIT: departingUnit })
  }
}

const actionVariables = ({ invocation: { action } }: Execution) =>
  action === undefined
    ? {}
    : {
        JUJU_ACTION_NAME: action.name,
        JUJU_ACTION_UUID: action.id,
        JUJU_ACTION_TAG: `action-${action.id}`
      }

const secretVariables = ({ invocation: { secret, name } }: Execution) => {
  if (secret === undefined) return {}
  const revised = name === "secret-expired" || name === "secret-remove"
  return {
    JUJU_SECRET_ID: parseSecretUri(secret.id)?.text ?? secret.id,
    JUJU_SECRET_LABEL: secret.label ?? "",
    ...(revised && secret.revision !== undefined
      ? { JUJU_SECRET_REVISION: String(secret.revision) }
      : {})
  }
}
