/** Runs one call of a hook command: finds it, parses it, and turns how it ended into text and an exit code. */
import { readFileSync, writeFileSync } from "node:fs"
import type { Execution } from "../Execution.ts"
import type { CommandAnswer, CommandRequest } from "../HookContext.ts"
import { CommandFailure, commandFailure, HelpNeeded, StdinNeeded } from "./CommandFailure.ts"
import { findCommand } from "./CommandTable.ts"
import { parseFlags } from "./Flags.ts"
import { helpText } from "./Help.ts"
import { CommandCall, type CommandFiles, type HookCommand } from "./HookCommand.ts"

/** Runs a call within an execution. */
export const runCommand = (execution: Execution, request: CommandRequest): CommandAnswer => {
  const command = findCommand(execution.model.profile, request.command)
  const isHidden = command?.isActionCommand && !mayRunActionCommands(execution)
  if (command === undefined || isHidden) {
    const kind = execution.model.profile === "4.0" ? "hook command" : "command"
    return failed(1, `bad request: unknown ${kind}: ${request.command}`)
  }
  let call: CommandCall | undefined
  try {
    const flags = parseFlags(command.flags, request.args, execution)
    call = new CommandCall(
      command.name,
      execution,
      flags,
      request.cwd,
      () => stdinOf(request),
      FILES
    )
    return { code: 0, stdout: command.run(call), stderr: call.stderr }
  } catch (cause) {
    return answerFor(cause, command, call?.stderr ?? "")
  }
}

const mayRunActionCommands = ({ model, invocation }: Execution): boolean =>
  model.profile === "3.6" || invocation.kind === "action"

const stdinOf = ({ stdin }: CommandRequest): string => {
  if (stdin === undefined) throw new StdinNeeded()
  return stdin
}

const failed = (code: number, message: string, warning = ""): CommandAnswer => ({
  code,
  stdout: "",
  stderr: `${warning}ERROR ${message}\n`
})

const answerFor = (cause: unknown, command: HookCommand, warning: string): CommandAnswer => {
  if (cause instanceof StdinNeeded) return { needStdin: true }
  if (cause instanceof HelpNeeded) return { code: 0, stdout: helpText(command), stderr: "" }
  if (cause instanceof CommandFailure) return failed(cause.code, cause.message, warning)
  throw cause
}

// What goes wrong with a file reads as Go's os package says it.
const FILES: CommandFiles = {
  read: (path) => attempt(path, () => readFileSync(path, "utf8")),
  write: (path, text) => attempt(path, () => writeFileSync(path, text))
}

const attempt = <A>(path: string, action: () => A): A => {
  try {
    return action()
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
    return commandFailure(`open ${path}: ${REASONS[code] ?? code}`)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory"
}
