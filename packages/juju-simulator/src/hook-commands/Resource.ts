/** resource-get, credential-get and the storage commands: only as much as a machine charm may trip over. */
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"

/** `resource-get <name>`: the only command that prints no newline. */
export const resourceGet: HookCommand = {
  name: "resource-get",
  usage: "<resource name>",
  purpose: "Get the path to the locally cached resource file.",
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
  purpose: "Access cloud credentials.",
  flags: outputFlags(ALL_FORMATS),
  run: (call) => {
    call.expectAtMost(0)
    return commandFailure("cannot access cloud credentials: permission denied")
  }
}

/** `storage-add <name>[=<count>] ...` */
export const storageAdd: HookCommand = {
  name: "storage-add",
  usage: "<charm storage name>[=count] ...",
  purpose: "Add storage instances.",
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
  usage: "[<storage-name>]",
  purpose: "List storage attached to the unit.",
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
  purpose: "Print information for the storage instance with the specified ID.",
  flags: [
    ...outputFlags(ALL_FORMATS),
    {
      names: ["s"],
      kind: "value",
      usage: "specify a storage instance by id",
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
