/** is-leader, and the leader settings of Juju 3: written at once, readable by every unit of the application. */
import { applyChanges } from "../Databag.ts"
import { holdsLease } from "../Model.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"
import { keyValuesOf } from "./KeyValues.ts"

/** `is-leader`: yes is good for 30 s. Arguments are ignored. */
export const isLeader: HookCommand = {
  name: "is-leader",
  purpose: "Tell whether this unit is leader for the next 30 s at least.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => call.print(call.execution.isLeader())
}

/** `leader-get [<key>|-]` */
export const leaderGet: HookCommand = {
  name: "leader-get",
  usage: "[<key>|-]",
  purpose: "Read the leader settings.",
  only: "3.6",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    const [key = "-"] = call.args
    if (key.includes("=")) usageFailure(`invalid key ${quote(key)}`)
    call.expectAtMost(1)
    const settings = call.execution.leaderSettings
    return call.print(key === "-" || key === "" ? settings : settings.get(key))
  }
}

/** `leader-set key=value ...`: immediate, never rolled back. */
export const leaderSet: HookCommand = {
  name: "leader-set",
  usage: "<key>=<value> ...",
  purpose: "Write leader settings at once.",
  only: "3.6",
  flags: [],
  run: (call) => {
    const changes = keyValuesOf(call.args)
    const { execution } = call
    const { model, application, unit } = execution
    if (!execution.isLeader()) cannotWrite("not the leader")
    execution.reachController()
    if (!holdsLease(model, unit.name))
      cannotWrite("failed to merge leadership settings: permission denied")
    application.leaderSettings = applyChanges(application.leaderSettings, changes, model.profile)
    execution.forgetLeaderSettings()
    model.revision += 1
    return ""
  }
}

const cannotWrite = (why: string): never =>
  commandFailure(`cannot write leadership settings: cannot write settings: ${why}`)
