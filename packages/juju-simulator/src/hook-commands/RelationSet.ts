/** relation-set: stages writes to the unit's own databag, or as leader to its application's. */
import { commandFailure } from "./CommandFailure.ts"
import {
  DEPRECATED_FORMAT_FLAG,
  type HookCommand,
  RELATION_FLAG,
  warnOfFormat
} from "./HookCommand.ts"
import { FILE_FLAG, fileAndKeyValuesOf } from "./KeyValues.ts"

/** `relation-set [-r ID] [--app] [--file F|-] [key=value ...]`; an empty value deletes the key. */
export const relationSet: HookCommand = {
  name: "relation-set",
  usage: "[<key>=<value> ...]",
  purpose: "Stage settings of this unit or its application in a relation.",
  flags: [RELATION_FLAG, FILE_FLAG, { names: ["app"], kind: "switch" }, DEPRECATED_FORMAT_FLAG],
  run: (call) => {
    const relation = call.relation()
    warnOfFormat(call)
    const settings = fileAndKeyValuesOf(call)
    const ofApplication = call.flags.isOn("app")
    if (ofApplication && !call.execution.isLeader()) {
      commandFailure("cannot write relation settings")
    }
    const draft = ofApplication ? relation.applicationDraft : relation.unitDraft
    for (const [key, value] of settings) draft.set(key, value)
    return ""
  }
}
