/** resource-get, credential-get and the storage commands: only as much as a machine charm may trip over. */
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"

/** `resource-get <name>`: the only command that prints no newline. */
export const resourceGet: HookCommand = {
  name: "resource-get",
  usage: "<name>",
  purpose: "Tell where a resource's file is.",
  flags: [],
  run: (call) => {
    const name = call.args[0] ?? usageFailure("missing required resource name")
    call.expectAtMost(1)
    call.execution.reachController()
    const path = call.execution.application.resources.get(name)
    return path ?? commandFailure(`could not download resource: resource ${quote(name)} not found`)
  }
}

/** `credential-get`: no application of a simulated model is trusted. */
export const credentialGet: HookCommand = {
  name: "credential-get",
  purpose: "Read the cloud's credentials.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    call.expectAtMost(0)
    return commandFailure("cannot access cloud credentials: permission denied")
  }
}

/** `storage-add <name>[=<count>] ...` */
export const storageAdd: HookCommand = {
  name: "storage-add",
  usage: "<name>[=<count>] ...",
  purpose: "Stage more storage.",
  flags: [],
  run: (call) => {
    if (call.args.length === 0) usageFailure("storage add requires a storage directive")
    const { storageAdded, application } = call.execution
    for (const arg of call.args) {
      const [name = "", count = "1"] = arg.split("=")
      if (!/^[1-9]\d*$/.test(count)) usageFailure(`only count can be specified for ${quote(name)}`)
      if (!application.metadata.storage.includes(name)) {
        commandFailure(`storage ${quote(name)} not found`)
      }
      storageAdded.set(name, (storageAdded.get(name) ?? 0) + Number(count))
    }
    return ""
  }
}

/** `storage-list [<name>]` */
export const storageList: HookCommand = {
  name: "storage-list",
  usage: "[<name>]",
  purpose: "List the storage of this unit.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    call.expectAtMost(1)
    const [name] = call.args
    const ids = [...call.execution.unit.storage.keys()]
    return call.print(ids.filter((id) => name === undefined || id.startsWith(`${name}/`)))
  }
}

/** `storage-get -s ID [<key>]` */
export const storageGet: HookCommand = {
  name: "storage-get",
  usage: "[<key>]",
  purpose: "Describe one storage.",
  flags: [
    ...outputFlags(ALL_FORMATS),
    {
      names: ["s"],
      kind: "value",
      check: (value, { unit }) => (unit.storage.has(value) ? undefined : "storage not found")
    }
  ],
  run: (call) => {
    const id = call.flags.value("s") ?? usageFailure("no storage instance specified")
    call.expectAtMost(1)
    const storage = call.execution.unit.storage.get(id)
    const values = new Map(Object.entries(storage ?? {}))
    const [key] = call.args
    if (key === undefined || key === "") return call.print(values)
    return call.print(values.get(key) ?? commandFailure(`invalid storage attribute ${quote(key)}`))
  }
}
