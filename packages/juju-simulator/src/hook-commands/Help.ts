/** The text of `--help`, which goes to stdout with exit code 0. */
import type { Flag } from "./Flags.ts"
import type { HookCommand } from "./HookCommand.ts"

/** How a command is used, in the layout of juju/cmd. */
export const helpText = (command: HookCommand): string => {
  const options = command.flags.length > 0 ? " [options]" : ""
  const usage = command.usage === undefined ? "" : ` ${command.usage}`
  const flags = [...command.flags].sort((a, b) => (key(a) < key(b) ? -1 : 1)).map(flagText)
  return [
    `Usage: ${command.name}${options}${usage}\n`,
    `\nSummary:\n${command.purpose}\n`,
    flags.length === 0 ? "" : `\nOptions:\n${flags.join("")}`
  ].join("")
}

const key = (flag: Flag): string => flag.names[0] ?? ""

const flagText = ({ names, kind }: Flag): string => {
  const dashed = names.map((name) => (name.length > 1 ? `--${name}` : `-${name}`)).join(", ")
  return `${dashed}  (= ${kind === "switch" ? "false" : '""'})\n`
}
