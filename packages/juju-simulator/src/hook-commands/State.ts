/** state-get, state-set and state-delete: the unit's own store on the controller, written when the hook succeeds. */
import type { Execution } from "../Execution.ts"
import { commandFailure } from "./CommandFailure.ts"
import { ALL_FORMATS, outputFlags } from "./Format.ts"
import { quote } from "./GoText.ts"
import type { HookCommand } from "./HookCommand.ts"
import { FILE_FLAG, fileAndKeyValuesOf } from "./KeyValues.ts"

/** `state-get [--strict] [<key>|-]`: a missing key is the empty string, not nil. */
export const stateGet: HookCommand = {
  name: "state-get",
  usage: "[<key>|-]",
  purpose: "Read from this unit's store.",
  flags: [...outputFlags(ALL_FORMATS), { names: ["strict"], kind: "switch" }],
  run: (call) => {
    const [key = "-"] = call.args
    call.expectAtMost(1)
    const { state, model } = call.execution
    if (key === "-" || key === "") {
      const isNil =
        state.size === 0 && model.profile === "4.0" && call.flags.value("format") === "json"
      return call.print(isNil ? null : state)
    }
    const value = state.get(key)
    if (value === undefined && call.flags.isOn("strict")) commandFailure(`${quote(key)} not found`)
    return call.print(value ?? "")
  }
}

/** `state-set [--file F|-] key=value ...`: an empty value is stored. */
export const stateSet: HookCommand = {
  name: "state-set",
  usage: "[<key>=<value> ...]",
  purpose: "Stage writes to this unit's store.",
  flags: [FILE_FLAG],
  run: (call) => {
    const changes = fileAndKeyValuesOf(call)
    for (const [key, value] of changes) {
      const error = quotaError(call.execution, key, value)
      if (error !== undefined) commandFailure(error)
    }
    if (changes.size > 0) call.execution.state = new Map([...call.execution.state, ...changes])
    return ""
  }
}

/** `state-delete <key>` */
export const stateDelete: HookCommand = {
  name: "state-delete",
  usage: "<key>",
  purpose: "Stage the removal of a key from this unit's store.",
  flags: [],
  run: (call) => {
    const [key = ""] = call.args
    call.expectAtMost(1)
    const { state } = call.execution
    if (state.has(key)) call.execution.state = new Map([...state].filter(([name]) => name !== key))
    return ""
  }
}

const MAX_KEY_BYTES = 256
const MAX_VALUE_BYTES = 64 * 1024

// Juju 4.0 says the kind of the error again at the end (core/quota/kv.go).
const quotaError = ({ model }: Execution, key: string, value: string): string | undefined => {
  const suffix = model.profile === "4.0" ? " quota limit exceeded" : ""
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return `max allowed key length (${MAX_KEY_BYTES}) exceeded${suffix}`
  }
  return Buffer.byteLength(value) > MAX_VALUE_BYTES
    ? `max allowed value length (${MAX_VALUE_BYTES}) exceeded${suffix}`
    : undefined
}
