/**
 * The flag grammar of Juju's hook commands (juju/gnuflag): flags and arguments mix, `--` ends the flags, a lone `-` is an
 * argument, `--x=v` and `--x v` are the same, `-r v` and `-rv` too, but `-r=v` is the value `=v`. Juju calls a flag an
 * option in its messages; every failure here is exit code 2.
 */

import type { Execution } from "../Execution.ts"
import { HelpNeeded, usageFailure } from "./CommandFailure.ts"
import { quote } from "./GoText.ts"

/** One flag of a command; the first name is the key of its value. */
export interface Flag {
  readonly names: ReadonlyArray<string>
  readonly kind: "switch" | "value"
  /** Returns what is wrong with a value. */
  readonly check?: (value: string, execution: Execution) => string | undefined
}

/** The flags and arguments of one call. */
export interface ParsedFlags {
  /** A value flag, or undefined when it was not given. */
  readonly value: (name: string) => string | undefined
  /** A switch. */
  readonly isOn: (name: string) => boolean
  readonly args: ReadonlyArray<string>
}

/** Parses a call against its flags. */
export const parseFlags = (
  flags: ReadonlyArray<Flag>,
  argv: ReadonlyArray<string>,
  execution: Execution
): ParsedFlags => {
  const values = new Map<string, string>()
  const store: Store = (flag, name, value) => {
    const error = checkValue(flag, value, execution)
    if (error !== undefined) {
      usageFailure(`invalid value ${quote(value)} for option ${dashed(name)}: ${error}`)
    }
    values.set(flag.names[0] ?? name, value)
  }
  const args: Array<string> = []
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      args.push(...rest)
      break
    }
    if (word === "-" || !word.startsWith("-")) args.push(word)
    else if (word.startsWith("--")) parseLong(flags, word, rest, store)
    else parseShort(flags, word, rest, store)
  }
  return {
    value: (name) => values.get(name),
    isOn: (name) => TRUE.has(values.get(name) ?? ""),
    args
  }
}

type Store = (flag: Flag, name: string, value: string) => void

const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"])
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"])

const parseLong = (
  flags: ReadonlyArray<Flag>,
  word: string,
  rest: Array<string>,
  store: Store
): void => {
  const equals = word.indexOf("=")
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
  if (name === "") usageFailure(`empty option in argument ${quote(word)}`)
  const flag = find(flags, name)
  const attached = equals < 0 ? undefined : word.slice(equals + 1)
  if (flag.kind === "switch") store(flag, name, attached ?? "true")
  else store(flag, name, attached ?? next(rest, name))
}

// One dash: switches may be strung together, and the first value flag takes what follows it, `=` included.
const parseShort = (
  flags: ReadonlyArray<Flag>,
  word: string,
  rest: Array<string>,
  store: Store
): void => {
  const letters = [...word.slice(1)]
  while (letters.length > 0) {
    const name = letters.shift() ?? ""
    const flag = find(flags, name)
    if (flag.kind === "switch" && letters[0] !== "=") {
      store(flag, name, "true")
      continue
    }
    store(flag, name, letters.length > 0 ? letters.join("") : next(rest, name))
    return
  }
}

const find = (flags: ReadonlyArray<Flag>, name: string): Flag => {
  const flag = flags.find((one) => one.names.includes(name))
  if (flag !== undefined) return flag
  if (name === "help" || name === "h") throw new HelpNeeded()
  return usageFailure(`option provided but not defined: ${dashed(name)}`)
}

const next = (rest: Array<string>, name: string): string =>
  rest.shift() ?? usageFailure(`option needs an argument: ${dashed(name)}`)

const checkValue = (flag: Flag, value: string, execution: Execution): string | undefined =>
  flag.kind === "switch" && !TRUE.has(value) && !FALSE.has(value)
    ? `strconv.ParseBool: parsing ${quote(value)}: invalid syntax`
    : flag.check?.(value, execution)

const dashed = (name: string): string => (name.length > 1 ? `--${name}` : `-${name}`)
