/**
 * What runs a unit's processes, and one such process with the hook commands that it calls.
 *
 * Sits between an agent, which runs the program, and the hook context, which answers it. Counts the calls and is where a
 * crash strikes: a killed process gets no answer any more, whatever it still does.
 */
import type { CommandAnswer, CommandRequest, HookContext } from "./HookContext.ts"
import type { InProcessCharm } from "./InProcessAgent.ts"
import type { UnitName } from "./Model.ts"

/** How a process ended; `code` is 128 + n for a signal n, and `missing` means that the charm has no such hook. */
export interface ProcessOutcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly missing?: boolean
}

/** What runs: the charm's own hook or action, a bash script, or a function. */
export type Program =
  | { readonly kind: "charm" }
  | { readonly kind: "script"; readonly text: string }
  | { readonly kind: "function"; readonly run: InProcessCharm }

/** Runs processes of one unit, one at a time. */
export interface Agent {
  /** Runs the process's program and waits for its end, or for the kill. */
  readonly run: (process: RunningProcess) => Promise<ProcessOutcome>
  /** Puts a new charm in the place of the old one. */
  readonly upgrade: () => Promise<void>
  /** Ends whatever still runs and removes the unit's files. */
  readonly close: () => Promise<void>
}

/** One running process as the simulator sees it. */
export class RunningProcess {
  readonly unit: UnitName
  readonly context: HookContext
  readonly program: Program
  readonly #afterCall: (process: RunningProcess) => void
  #calls = 0
  #killed: string | undefined
  #stop: (() => void) | undefined

  constructor(
    context: HookContext,
    program: Program,
    afterCall: (process: RunningProcess) => void
  ) {
    this.unit = context.unit
    this.context = context
    this.program = program
    this.#afterCall = afterCall
  }

  /** How many hook commands were answered. */
  get calls(): number {
    return this.#calls
  }

  /** Why the process was killed, if it was. */
  get killed(): string | undefined {
    return this.#killed
  }

  /** Answers one hook command; undefined once the process was killed. */
  call(request: CommandRequest): CommandAnswer | undefined {
    if (this.#killed !== undefined) return undefined
    const answer = this.context.run(request)
    if ("needStdin" in answer) return answer
    this.#calls += 1
    this.#afterCall(this)
    return this.#killed === undefined ? answer : undefined
  }

  /** Ends the process as a machine crash would; its staged writes are lost. */
  kill(reason: string): void {
    if (this.#killed !== undefined) return
    this.#killed = reason
    this.#stop?.()
  }

  /** Tells the process how it is ended. */
  onKill(stop: () => void): void {
    this.#stop = stop
    if (this.#killed !== undefined) stop()
  }
}
