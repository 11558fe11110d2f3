// What can be made to go wrong with the stand-in's next calls. Pure.
// A fault is spent by the calls of its operation, in the order in which faults were given.
import type { StandInState } from "./StandInState.ts"

/** The calls that a fault can be given to. */
export type StandInOperation = "bootstrap" | "add" | "join" | "list" | "remove"

/**
 * How a call goes wrong: `fail` has no effect and says `text`; `fail-after` has its effect and says `text` all the same;
 * `die-after` has its effect and dies without a word (a token minted so is lost); `hang` has no effect and no end,
 * `hang-after` has its effect and no end; `help` prints the usage and succeeds, without effect; `flood` prints
 * `bytes` of nothing, without effect.
 */
export type FaultKind =
  | { readonly kind: "fail" | "fail-after"; readonly text: string }
  | { readonly kind: "die-after" | "hang" | "hang-after" | "help" }
  | { readonly kind: "flood"; readonly bytes: number }

/** The next `times` calls of `operation` go wrong. */
export type Fault = FaultKind & { readonly operation: StandInOperation; readonly times: number }

/** `state` with one more fault waiting. */
export const withFault = (state: StandInState, fault: Fault): StandInState => ({
  ...state,
  faults: [...state.faults, fault]
})

/** The fault that the next call of `operation` meets, and the state in which it is spent. */
export const takeFault = (
  state: StandInState,
  operation: string
): readonly [Fault | undefined, StandInState] => {
  const at = state.faults.findIndex((fault) => fault.operation === operation && fault.times > 0)
  const fault = state.faults[at]
  if (fault === undefined) return [undefined, state]
  const spent = { ...fault, times: fault.times - 1 }
  return [
    fault,
    { ...state, faults: state.faults.with(at, spent).filter(({ times }) => times > 0) }
  ]
}
