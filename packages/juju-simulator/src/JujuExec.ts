/**
 * juju-exec: a command that runs in a unit's context between two hooks.
 *
 * Parses the arguments of the executable, refuses what Juju refuses (juju/juju cmd/jujud/run/run.go), and lets the
 * caller wait until the unit's agent gets to it. What the command staged is flushed whatever its exit code is, and a
 * failure puts no unit in error.
 */

import type { Program } from "./Agent.ts"
import type { CommandOutput } from "./CommandServer.ts"
import type { HookInvocation } from "./HookContext.ts"
import { applicationNameOf, endpointOf, type Model, type UnitName } from "./Model.ts"

/** The relation that a command runs in, if any. */
export type ExecRelation = Pick<
  HookInvocation,
  "relationId" | "endpoint" | "remoteUnit" | "remoteApp"
>

/** A command that waits for its unit. */
export interface QueuedCommand {
  readonly unit: UnitName
  readonly program: Program
  readonly relation: ExecRelation
  readonly finish: (output: CommandOutput) => void
}

/** The commands that wait, by number. */
export class ExecQueue {
  readonly #waiting = new Map<number, QueuedCommand>()
  #next = 0

  /** Keeps a command until its agent takes it; returns its number. */
  add(command: QueuedCommand): number {
    this.#next += 1
    this.#waiting.set(this.#next, command)
    return this.#next
  }

  /** Takes a command out of the queue. */
  take(id: number): QueuedCommand | undefined {
    const command = this.#waiting.get(id)
    this.#waiting.delete(id)
    return command
  }
}

/** What the arguments of the executable ask for; an error is what it prints, with its exit code. */
export type ExecRequest =
  | { readonly unit: UnitName; readonly script: string; readonly relation: ExecRelation }
  | { readonly error: string; readonly code: number }

/** Reads the arguments of `juju-exec`. */
export const parseExecRequest = (model: Model, args: ReadonlyArray<string>): ExecRequest => {
  const flags: Record<string, string> = {}
  const rest = [...args]
  while (rest[0]?.startsWith("-")) {
    const [name = "", inline] = splitFlag(rest.shift() ?? "")
    if (name === "--") break
    if (SWITCHES.has(name)) continue
    const flag = VALUE_FLAGS[name]
    if (flag === undefined) return refuse(`option provided but not defined: ${name}`, 2)
    const value = inline ?? rest.shift()
    if (value === undefined) return refuse(`option needs an argument: ${name}`, 2)
    flags[flag] = value
  }
  const unit = flags.unit ?? rest.shift()
  if (unit === undefined || unit === "") return refuse("missing unit-name", 2)
  if (rest.length === 0) return refuse("missing commands", 2)
  if (!model.units.has(unit)) return refuse(`unit "${unit}" not found on this machine`, 1)
  const script = rest.length === 1 ? (rest[0] ?? "") : rest.map(shellQuote).join(" ")
  const relation = relationOf(model, unit, flags)
  return "error" in relation ? relation : { unit, script, relation }
}

const SWITCHES: ReadonlySet<string> = new Set(["--force-remote-unit", "--operator"])

const VALUE_FLAGS: Readonly<Record<string, string>> = {
  "-u": "unit",
  "--unit": "unit",
  "-r": "relation",
  "--relation": "relation",
  "--remote-unit": "remoteUnit",
  "--remote-app": "remoteApp"
}

const refuse = (error: string, code: number) => ({ error, code })

const splitFlag = (flag: string): ReadonlyArray<string> => {
  const equals = flag.startsWith("--") ? flag.indexOf("=") : -1
  return equals < 0 ? [flag] : [flag.slice(0, equals), flag.slice(equals + 1)]
}

const shellQuote = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`

const relationOf = (
  model: Model,
  unit: UnitName,
  flags: Readonly<Record<string, string>>
): ExecRelation | { readonly error: string; readonly code: number } => {
  const { relation: id, remoteUnit } = flags
  if (id === undefined || id === "") {
    return remoteUnit === undefined || remoteUnit === ""
      ? {}
      : refuse(`remote unit: ${remoteUnit}, provided without a relation`, 2)
  }
  const number = Number(id.slice(id.lastIndexOf(":") + 1))
  if (!Number.isInteger(number) || number < 0) return refuse("invalid relation id", 2)
  const relation = model.relations.get(number)
  const endpoint = relation && endpointOf(relation, applicationNameOf(unit))
  if (endpoint === undefined) return refuse(`unknown relation id: ${number}`, 1)
  const members = [...(model.units.get(unit)?.progress.get(number)?.members.keys() ?? [])]
  const remote = remoteUnit ?? (members.length === 1 ? members[0] : undefined)
  if (remote === undefined && members.length > 1) {
    return refuse(`ambiguous remote unit; possibilities are [${members.join(" ")}]`, 1)
  }
  const remoteApp = flags.remoteApp ?? (remote && applicationNameOf(remote))
  return {
    relationId: number,
    endpoint: endpoint.name,
    ...(remote === undefined ? {} : { remoteUnit: remote }),
    ...(remoteApp === undefined ? {} : { remoteApp })
  }
}
