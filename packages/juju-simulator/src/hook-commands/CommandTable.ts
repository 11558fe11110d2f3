/** The one table of hook commands, and which of them a profile has. */
import type { Profile } from "../Model.ts"
import { actionFail, actionGet, actionLog, actionSet } from "./Action.ts"
import { configGet } from "./ConfigGet.ts"
import { goalState } from "./GoalState.ts"
import type { HookCommand } from "./HookCommand.ts"
import { isLeader, leaderGet, leaderSet } from "./Leadership.ts"
import { applicationVersionSet, jujuLog, jujuReboot } from "./Log.ts"
import { networkGet, unitGet } from "./Network.ts"
import { closePort, openedPorts, openPort } from "./Ports.ts"
import { relationGet } from "./RelationGet.ts"
import { relationIds, relationList, relationModelGet } from "./RelationList.ts"
import { relationSet } from "./RelationSet.ts"
import { credentialGet, resourceGet, storageAdd, storageGet, storageList } from "./Resource.ts"
import { secretGrant, secretRevoke } from "./SecretGrant.ts"
import { secretGet, secretIds, secretInfoGet } from "./SecretRead.ts"
import { secretAdd, secretRemove, secretSet } from "./SecretWrite.ts"
import { stateDelete, stateGet, stateSet } from "./State.ts"
import { statusGet, statusSet } from "./Status.ts"

/** The command called so in a profile. */
export const findCommand = (profile: Profile, name: string): HookCommand | undefined => {
  const command = BY_NAME.get(name)
  return command?.only === undefined || command.only === profile ? command : undefined
}

/** The names of all hook commands of a profile, sorted, for the links on a hook's PATH. */
export const commandNames = (profile: Profile): ReadonlyArray<string> =>
  [...BY_NAME.keys()].filter((name) => findCommand(profile, name) !== undefined).sort()

const COMMANDS: ReadonlyArray<HookCommand> = [
  actionFail,
  actionGet,
  actionLog,
  actionSet,
  applicationVersionSet,
  closePort,
  configGet,
  credentialGet,
  goalState,
  isLeader,
  jujuLog,
  jujuReboot,
  leaderGet,
  leaderSet,
  networkGet,
  openPort,
  openedPorts,
  relationGet,
  relationIds,
  relationList,
  relationModelGet,
  relationSet,
  resourceGet,
  secretAdd,
  secretGet,
  secretGrant,
  secretIds,
  secretInfoGet,
  secretRemove,
  secretRevoke,
  secretSet,
  stateDelete,
  stateGet,
  stateSet,
  statusGet,
  statusSet,
  storageAdd,
  storageGet,
  storageList,
  unitGet
]

const BY_NAME = new Map(COMMANDS.map((command) => [command.name, command]))

/** The names of all hook commands of the default profile. */
export const COMMAND_NAMES: ReadonlyArray<string> = commandNames("3.6")
