// A cluster product to test against, as an executable with its truth on disk and as a function over memory.
import { fileURLToPath } from "node:url"

export { executeOn, makeStandIn, type StandIn } from "./InProcess.ts"
export { run, type StandInCall, type StandInOutcome } from "./StandInCluster.ts"
export { type Fault, type FaultKind, type StandInOperation, withFault } from "./StandInFault.ts"
export {
  changeStandIn,
  createStandIn,
  type LoggedCall,
  readCalls,
  readStandIn
} from "./StandInFolder.ts"
export {
  initialState,
  type StandInCluster,
  type StandInMember,
  type StandInSettings,
  type StandInState,
  type StandInToken,
  withDaemon
} from "./StandInState.ts"

/** The words that run the stand-in as a child process; its folder is in the environment, `STAND_IN_DIR`. */
export const standInCommand: ReadonlyArray<string> = [
  process.execPath,
  fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./main.ts" : "./main.js", import.meta.url)
  ),
  "cluster"
]
