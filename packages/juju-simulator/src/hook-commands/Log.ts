/** juju-log, application-version-set and juju-reboot: immediate, whatever becomes of the hook. */
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { quote } from "./GoText.ts"
import { DEPRECATED_FORMAT_FLAG, type HookCommand, warnOfFormat } from "./HookCommand.ts"

/** `juju-log [--debug] [-l LEVEL] <message>`: in a relation hook the line begins with the relation. */
export const jujuLog: HookCommand = {
  name: "juju-log",
  usage: "<message>",
  purpose: "Write a line to the log.",
  flags: [
    { names: ["debug"], kind: "switch" },
    { names: ["l", "log-level"], kind: "value" },
    DEPRECATED_FORMAT_FLAG
  ],
  run: (call) => {
    if (call.args.length === 0) usageFailure("no message specified")
    warnOfFormat(call)
    const { model, unit, hookRelation } = call.execution
    const log = (level: string, message: string) =>
      model.logs.push({ time: model.now, unit: unit.name, level, message })
    const asked = call.flags.isOn("debug") ? "DEBUG" : call.flags.value("l") || "INFO"
    const level = LEVELS.get(asked.toUpperCase())
    if (level === undefined) log("WARNING", `Specified log level of ${quote(asked)} is not valid`)
    const prefix = hookRelation === undefined ? "" : `${hookRelation.name}: `
    log(level ?? "INFO", prefix + call.args.join(" "))
    return ""
  }
}

/** `application-version-set <version>` */
export const applicationVersionSet: HookCommand = {
  name: "application-version-set",
  usage: "<version>",
  purpose: "Say which version of the workload runs.",
  flags: [],
  run: (call) => {
    const version = call.args[0] ?? usageFailure("no version specified")
    call.expectAtMost(1)
    call.execution.reachController()
    call.execution.application.workloadVersion = version
    call.execution.model.revision += 1
    return ""
  }
}

/** `juju-reboot [--now]`: whoever runs the hook answers the request, and kills the hook for `--now`. */
export const jujuReboot: HookCommand = {
  name: "juju-reboot",
  purpose: "Ask for a reboot of the machine.",
  flags: [{ names: ["now"], kind: "switch" }],
  run: (call) => {
    call.expectAtMost(0)
    const { invocation, unit } = call.execution
    if (invocation.kind === "action") {
      commandFailure("juju-reboot is not supported when running an action.")
    }
    unit.reboot = call.flags.isOn("now") ? "now" : "after"
    return ""
  }
}

const LEVELS = new Map([
  ["UNSPECIFIED", "UNSPECIFIED"],
  ["TRACE", "TRACE"],
  ["DEBUG", "DEBUG"],
  ["INFO", "INFO"],
  ["WARN", "WARNING"],
  ["WARNING", "WARNING"],
  ["ERROR", "ERROR"],
  ["CRITICAL", "CRITICAL"]
])
