/**
 * What a hook command is, and one call of it: flags and arguments already parsed, stdin read only when asked for, output
 * printed or written to the file that `--output` names.
 */
import { resolve } from "node:path"
import type { Execution } from "../Execution.ts"
import type { Profile } from "../Model.ts"
import type { RelationView } from "../RelationView.ts"
import { usageFailure } from "./CommandFailure.ts"
import type { Flag, ParsedFlags } from "./Flags.ts"
import { formatValue } from "./Format.ts"
import { quoteList } from "./GoText.ts"
import type { Printable } from "./Printable.ts"

/** One hook command. */
export interface HookCommand {
  readonly name: string
  /** How the arguments are shown by `--help`. */
  readonly usage?: string
  readonly purpose: string
  readonly flags: ReadonlyArray<Flag>
  /** The only profile that has the command. */
  readonly only?: Profile
  /** Only for actions, where Juju 4.0 keeps them apart. */
  readonly isActionCommand?: boolean
  /** Returns what goes to stdout. */
  readonly run: (call: CommandCall) => string
}

/** Files as a command reads and writes them. */
export interface CommandFiles {
  readonly read: (path: string) => string
  readonly write: (path: string, text: string) => void
}

/** One call of a hook command. */
export class CommandCall {
  readonly name: string
  readonly execution: Execution
  readonly args: ReadonlyArray<string>
  readonly files: CommandFiles
  readonly flags: ParsedFlags
  stderr = ""
  readonly #cwd: string
  readonly #stdin: () => string

  constructor(
    name: string,
    execution: Execution,
    flags: ParsedFlags,
    cwd: string,
    stdin: () => string,
    files: CommandFiles
  ) {
    this.name = name
    this.execution = execution
    this.flags = flags
    this.args = flags.args
    this.files = files
    this.#cwd = cwd
    this.#stdin = stdin
  }

  /** The text of a file, or of stdin for `-`. */
  read(path: string): string {
    return path === "-" ? this.#stdin() : this.files.read(resolve(this.#cwd, path))
  }

  /** The text of a file, where `-` is a file too. */
  readFile(path: string): string {
    return this.files.read(resolve(this.#cwd, path))
  }

  /** Prints a value in the asked format; nothing goes to stdout when a file was asked for. */
  print(value: Printable, defaultFormat = "smart"): string {
    const text = formatValue(value, this.flags.value("format") ?? defaultFormat)
    const file = this.flags.value("o")
    if (file === undefined || file === "") return text
    this.files.write(resolve(this.#cwd, file), text)
    return ""
  }

  /** Fails when there are more arguments than these many. */
  expectAtMost(count: number): void {
    if (this.args.length > count)
      usageFailure(`unrecognized args: ${quoteList(this.args.slice(count))}`)
  }

  /** The relation of `-r`, or of the hook. */
  relation(): RelationView {
    return this.optionalRelation() ?? usageFailure("no relation id specified")
  }

  /** The relation of `-r`, or of the hook, if any. */
  optionalRelation(): RelationView | undefined {
    const value = this.flags.value("r")
    if (value === undefined) return this.execution.hookRelation
    return this.execution.relation(Number(relationIdText(value)))
  }
}

/** The `-r`/`--relation` flag: only the number behind the last colon counts. */
export const RELATION_FLAG: Flag = {
  names: ["r", "relation"],
  kind: "value",
  check: (value, execution) => {
    const id = relationIdText(value)
    if (!/^[+-]?\d+$/.test(id)) return "invalid relation id"
    return execution.relation(Number(id)) === undefined ? "relation not found" : undefined
  }
}

/** The deprecated `--format` flag of commands that print nothing. */
export const DEPRECATED_FORMAT_FLAG: Flag = {
  names: ["format"],
  kind: "value"
}

/** Says, without a newline as Juju does, that `--format` means nothing to a command. */
export const warnOfFormat = (call: CommandCall): void => {
  if (call.flags.value("format")) {
    call.stderr += `--format flag deprecated for command "${call.name}"`
  }
}

const relationIdText = (value: string): string => value.slice(value.lastIndexOf(":") + 1)
