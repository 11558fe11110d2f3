/**
 * `key=value` arguments (juju/utils keyvalues): split at the first `=`, both sides trimmed, the value may be empty. A
 * `--file` gives more of them, untrimmed; the arguments win.
 */
import { parseStringMap } from "../Yaml.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import type { Flag } from "./Flags.ts"
import { quote } from "./GoText.ts"
import type { CommandCall } from "./HookCommand.ts"

/** The `--file` flag of commands that take key-value pairs. */
export const FILE_FLAG: Flag = {
  names: ["file"],
  kind: "value"
}

/** The pairs among the arguments. */
export const keyValuesOf = (args: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const pairs = new Map<string, string>()
  for (const arg of args.filter((one) => one !== "")) {
    const equals = arg.indexOf("=")
    if (equals < 0) usageFailure(`expected "key=value", got ${quote(arg)}`)
    const [key, value] = [arg.slice(0, equals).trim(), arg.slice(equals + 1).trim()]
    if (key === "") usageFailure(`expected "key=value", got "${key}=${value}"`)
    if (pairs.has(key)) usageFailure(`key ${quote(key)} specified more than once`)
    pairs.set(key, value)
  }
  return pairs
}

/** The pairs of `--file` and of the arguments. */
export const fileAndKeyValuesOf = (call: CommandCall): ReadonlyMap<string, string> => {
  const pairs = keyValuesOf(call.args)
  const file = call.flags.value("file")
  if (!file) return pairs
  const decoded = parseStringMap(call.read(file))
  return decoded.ok ? new Map([...decoded.map, ...pairs]) : commandFailure(decoded.error)
}
