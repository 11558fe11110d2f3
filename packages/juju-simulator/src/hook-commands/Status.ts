/** status-set and status-get. A status is written at once and stays when the hook fails. */
import type { Execution } from "../Execution.ts"
import { holdsLease, type Status, unitsOf } from "../Model.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"

/** `status-set [--application] <status> [<message>]` */
export const statusSet: HookCommand = {
  name: "status-set",
  usage: "<status> [<message>]",
  purpose: "Set the workload's status at once.",
  flags: [{ names: ["application"], kind: "switch" }],
  run: (call) => {
    const { execution } = call
    const [word, message = ""] = call.args
    if (word === undefined) return usageFailure("invalid args, require <status> [message]")
    if (!SETTABLE.includes(word)) {
      usageFailure(`invalid status ${quote(word)}, expected one of [${SETTABLE.join(" ")}]`)
    }
    call.expectAtMost(2)
    const status: Status = { status: word, message, since: execution.model.now }
    if (call.flags.isOn("application")) setApplicationStatus(execution, status)
    else {
      execution.reachController()
      execution.unit.status = status
    }
    execution.model.revision += 1
    return ""
  }
}

/** `status-get [--include-data] [--application]` */
export const statusGet: HookCommand = {
  name: "status-get",
  purpose: "Read the workload's status.",
  flags: [
    ...outputFlags(ALL_FORMATS),
    { names: ["include-data"], kind: "switch" },
    { names: ["application"], kind: "switch" }
  ],
  run: (call) => {
    call.expectAtMost(0)
    const { execution } = call
    const full = call.flags.isOn("include-data")
    const bare = !full && (call.flags.value("format") ?? "smart") === "smart"
    if (!call.flags.isOn("application")) {
      return call.print(bare ? execution.status.status : details(execution.status, full))
    }
    if (!execution.isLeader())
      commandFailure("finding application status: this unit is not the leader")
    execution.reachController()
    const status = applicationStatus(execution)
    if (bare) return call.print(status.status)
    const units = unitsOf(execution.model, execution.application.name)
    const byUnit = new Map(units.map((unit) => [unit.name, details(unit.status, full)]))
    return call.print(
      new Map([["application-status", new Map([...details(status, full), ["units", byUnit]])]])
    )
  }
}

const SETTABLE: ReadonlyArray<string> = ["maintenance", "blocked", "waiting", "active"]

// The controller checks the lease again: a deposed leader's agent may still believe.
const setApplicationStatus = (execution: Execution, status: Status): void => {
  if (!execution.isLeader()) commandFailure("this unit is not the leader")
  execution.reachController()
  const { model, unit, application } = execution
  if (!holdsLease(model, unit.name)) {
    commandFailure(`${quote(unit.name)} is not leader of ${quote(application.name)}`)
  }
  application.status = status
}

const SEVERITY: ReadonlyArray<string> = ["blocked", "waiting", "maintenance", "active", "unknown"]

// An application without a status of its own shows the worst of its units'.
const applicationStatus = ({ model, application }: Execution): Status => {
  if (application.status.status !== "unset") return application.status
  const statuses = unitsOf(model, application.name).map((unit) => unit.status)
  const [worst] = statuses.sort((a, b) => SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status))
  return worst ?? application.status
}

const details = (status: Status, full: boolean): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ["status", status.status],
    ...(full ? [["message", status.message] as const, ["status-data", new Map()] as const] : [])
  ])
