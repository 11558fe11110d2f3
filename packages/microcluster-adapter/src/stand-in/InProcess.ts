// The stand-in without processes, for simulations of many hosts: the same logic over a state in memory, and the way to
// run it under the real adapter, whose whole path from words to typed errors is then exercised in one process.
import { Clock, Effect } from "effect"
import type { Execute } from "../Execution.ts"
import { run, type StandInOutcome } from "./StandInCluster.ts"
import { initialState, type StandInSettings, type StandInState } from "./StandInState.ts"

/** A product in memory: call it as a command on a host, look at it, and change it from outside. */
export interface StandIn {
  (argv: ReadonlyArray<string>, host: string, nowMillis?: number): StandInOutcome
  readonly state: () => StandInState
  /** Calls so far by operation, those that failed included. */
  readonly calls: () => Readonly<Record<string, number>>
  /** Changes the truth: with `withFault`, `withDaemon`, or anything else. */
  readonly change: (change: (state: StandInState) => StandInState) => void
}

/** A freshly installed product in memory. */
export const makeStandIn = (settings: Partial<StandInSettings> = {}): StandIn => {
  let current = initialState(settings)
  const call = (argv: ReadonlyArray<string>, host: string, nowMillis = Date.now()) => {
    const { state, ...outcome } = run(current, { host, argv, nowMillis })
    current = state
    return outcome
  }
  return Object.assign(call, {
    state: () => current,
    calls: () => current.calls,
    change: (change: (state: StandInState) => StandInState) => {
      current = change(current)
    }
  })
}

/** Runs commands on `host` of `standIn`, by Effect's clock: `MicroclusterCli.layer({ command, execute })`. */
export const executeOn =
  (standIn: StandIn, host: string): Execute =>
  ({ argv }) =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMillis) => {
      const { hangs, ...outcome } = standIn(argv, host, nowMillis)
      return hangs === true ? Effect.never : Effect.succeed(outcome)
    })
