// A stand-in for Juju's tools: replies by the tool's name, and remembers every call.
import type { Layer } from "effect"
import { HookCommand, type RunHookCommand } from "../src/HookCommand.ts"

/** One call as a tool would see it. */
export interface Call {
  readonly argv: ReadonlyArray<string>
  readonly stdin?: string
}

/** What the tools print: text, or an exit code with what stands on stderr. */
export type Reply = string | { readonly code: number; readonly stderr: string }

/** Calls made so far, and the layer that records them. Every tool prints `reply`. */
export const recording = (
  reply: Reply = "",
  look: (argv: ReadonlyArray<string>) => void = () => undefined
): { readonly calls: Array<Call>; readonly layer: Layer.Layer<HookCommand> } => {
  const calls: Array<Call> = []
  const run: RunHookCommand = async (argv, stdin) => {
    calls.push(stdin === undefined ? { argv } : { argv, stdin })
    look(argv)
    return typeof reply === "string"
      ? { code: 0, stdout: reply, stderr: "" }
      : { stdout: "", ...reply }
  }
  return { calls, layer: HookCommand.layerWith(run) }
}
