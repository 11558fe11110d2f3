/** action-get, action-set, action-fail and action-log: only while an action runs. */
import type { Action } from "../Model.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { CommandCall, HookCommand } from "./HookCommand.ts"
import { AnyList, type Printable } from "./Printable.ts"

/** `action-get [<key>[.<key>...]]`: the parameters, or one of them. */
export const actionGet: HookCommand = {
  name: "action-get",
  usage: "[<key>[.<key> ...]]",
  purpose: "Read the parameters of the action.",
  flags: outputFlags(ALL_FORMATS),
  isActionCommand: true,
  run: (call) => {
    call.expectAtMost(1)
    const { params } = runningAction(call)
    const [path] = call.args
    return call.print(toGo(path === undefined ? params : dig(params, path.split("."))))
  }
}

/** `action-set <key>=<value> ...`: dots in the key nest. */
export const actionSet: HookCommand = {
  name: "action-set",
  usage: "<key>[.<key> ...]=<value> ...",
  purpose: "Add to the results of the action.",
  flags: [],
  isActionCommand: true,
  run: (call) => {
    const pairs = call.args.map(parseResult)
    if (pairs.length > 0) runningAction(call)
    const { action } = call.execution
    for (const { path, value } of pairs) action.results = nest(action.results, path, value)
    return ""
  }
}

/** `action-fail [<message>]`: the process goes on, and its databag writes are kept if it exits with 0. */
export const actionFail: HookCommand = {
  name: "action-fail",
  usage: "[<message>]",
  purpose: "Mark the action as failed.",
  flags: [],
  isActionCommand: true,
  run: (call) => {
    const [message = "action failed without reason given, check action for errors"] = call.args
    call.expectAtMost(1)
    runningAction(call)
    call.execution.action.message = message
    call.execution.action.failed = true
    return ""
  }
}

/** `action-log <message>`: immediate. */
export const actionLog: HookCommand = {
  name: "action-log",
  usage: "<message>",
  purpose: "Report the progress of the action.",
  flags: [],
  isActionCommand: true,
  run: (call) => {
    if (call.args.length === 0) usageFailure("no message specified")
    const { id } = runningAction(call)
    call.execution.model.actions.get(id)?.log.push(call.args.join(" "))
    return ""
  }
}

type Tree = Readonly<Record<string, unknown>>

const runningAction = (call: CommandCall): Pick<Action, "id" | "params"> =>
  call.execution.invocation.action ?? commandFailure("not running an action")

const dig = (tree: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (isTree(value) ? value[key] : undefined), tree)

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const toGo = (value: unknown): Printable => {
  if (Array.isArray(value)) return new AnyList(value.map(toGo))
  if (isTree(value)) return new Map(Object.entries(value).map(([key, item]) => [key, toGo(item)]))
  return value as Printable
}

const RESERVED: ReadonlyArray<string> = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"]

const parseResult = (arg: string) => {
  const equals = arg.indexOf("=")
  if (equals < 0) usageFailure(`argument ${quote(arg)} must be of the form key...=value`)
  const path = arg.slice(0, equals).split(".")
  for (const key of path) {
    if (!/^[a-z0-9](?:[a-z0-9-.]*[a-z0-9])?$/.test(key)) {
      usageFailure(
        `key ${quote(key)} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric, hyphens and periods`
      )
    }
    if (RESERVED.includes(key)) usageFailure(`cannot set reserved action key "${key}"`)
  }
  return { path, value: arg.slice(equals + 1) }
}

// A key that held a value and now gets children loses the value, and the other way round.
const nest = (tree: Tree, [key = "", ...rest]: ReadonlyArray<string>, value: string): Tree => {
  const child = tree[key]
  return {
    ...tree,
    [key]: rest.length === 0 ? value : nest(isTree(child) ? child : {}, rest, value)
  }
}
