// What happened to a fleet that takes turns, as checkers and people read it.
import type { OperationResult, View } from "@rollcall/core"

/** A request that somebody made, or a turn that was ordered of it; `n` names it among its participant's. */
export interface Asked {
  readonly _tag: "asked"
  readonly who: string
  readonly n: number
  /** Whether it must be answered: its caller was told that it was taken, and gave it no deadline. */
  sure: boolean
  ticket: number
}

/** A step that wrote the shared register. */
export interface Committed {
  readonly _tag: "committed"
  readonly who: string
  readonly view: View
  readonly before: string | undefined
  readonly shared: string | undefined
}

/** What happened, in order. */
export type LockHappening =
  | Asked
  | Committed
  | { readonly _tag: "cancelled"; readonly who: string; readonly n: number }
  | {
      readonly _tag: "start"
      readonly who: string
      readonly n: number
      readonly token: number
      readonly group: string | undefined
    }
  | {
      readonly _tag: "end"
      readonly who: string
      readonly n: number
      readonly result: OperationResult | "thrown"
    }
  | { readonly _tag: "told"; readonly who: string; readonly n: number; readonly outcome: string }
  | { readonly _tag: "died"; readonly who: string; readonly point: string }
  | { readonly _tag: "departed" | "forgot" | "corrupted" | "leads"; readonly who: string }
  /** The store failed a call. */
  | { readonly _tag: "faulted"; readonly who: string; readonly fault: string }
  /** A call ended well although the store had failed it. */
  | { readonly _tag: "silent"; readonly who: string; readonly fault: string }

/** The record of one life. */
export type LockHistory = ReadonlyArray<LockHappening>

/** One line for each happening: for people who look for what went wrong. */
export const tellLock = (history: LockHistory): string =>
  history
    .map((each) => {
      const { _tag, who, ...rest } = each
      const said =
        each._tag === "committed"
          ? (each.shared ?? "").split(',"history"')[0]
          : JSON.stringify(rest)
      return `${who} ${_tag} ${said}`
    })
    .join("\n")
