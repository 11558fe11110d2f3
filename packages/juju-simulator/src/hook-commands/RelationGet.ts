/**
 * relation-get: a unit's or an application's settings in a relation. What is the unit's own, and for a leader its
 * application's, comes from the execution with its uncommitted writes; everything else through the cache.
 */
import type { Execution } from "../Execution.ts"
import { applicationNameOf } from "../Model.ts"
import { usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import { type CommandCall, type HookCommand, RELATION_FLAG } from "./HookCommand.ts"

/** `relation-get [-r ID] [--app] [<key>|-] [<unit or application>]` */
export const relationGet: HookCommand = {
  name: "relation-get",
  usage: "[<key>|-] [<unit or application>]",
  purpose: "Read settings of a unit or an application in a relation.",
  flags: [...outputFlags(ALL_FORMATS), RELATION_FLAG, { names: ["app"], kind: "switch" }],
  run: (call) => {
    const relation = call.relation()
    const [key = "-"] = call.args
    const target = targetOf(call)
    call.expectAtMost(2)
    const settings = settingsOf(call.execution, relation, target)
    return call.print(key === "-" || key === "" ? settings : settings.get(key))
  }
}

/** Whose settings are asked for. */
interface Target {
  readonly name: string
  readonly isApplication: boolean
}

const targetOf = (call: CommandCall): Target => {
  const { remoteUnit, remoteApp } = call.execution.invocation
  const ofApplication = call.flags.isOn("app")
  const given = call.args[1]
  if (given !== undefined) return ofApplication ? applicationTarget(given) : unitTarget(given)
  if (!ofApplication && remoteUnit) return { name: remoteUnit, isApplication: false }
  if (remoteApp) return { name: remoteApp, isApplication: true }
  return usageFailure("no unit or application specified")
}

// With --app a unit stands for its application, and nonsense for none at all, which the controller refuses.
const applicationTarget = (given: string): Target => {
  const name = UNIT.test(given) ? applicationNameOf(given) : APPLICATION.test(given) ? given : ""
  return { name, isApplication: true }
}

const unitTarget = (name: string): Target => {
  if (UNIT.test(name)) return { name, isApplication: false }
  return usageFailure(
    APPLICATION.test(name)
      ? `expected unit name, got application name ${quote(name)}`
      : `invalid unit name ${quote(name)}`
  )
}

const settingsOf = (
  execution: Execution,
  relation: ReturnType<CommandCall["relation"]>,
  { name, isApplication }: Target
): ReadonlyMap<string, string> => {
  if (!isApplication) {
    return name === execution.unit.name ? relation.unitDraft.settings : relation.readUnit(name)
  }
  const own = name === execution.application.name && execution.isLeader()
  return own ? relation.applicationDraft.settings : relation.readApplication(name)
}

const APPLICATION = /^[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*$/
const UNIT = /^[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*\/(?:0|[1-9]\d*)$/
