// What happened to a fleet, as checkers and people read it.
import type { OperationResult, View } from "../../src/index.ts"

/** What happened, in order. */
export type Happening =
  | {
      readonly _tag: "asked"
      readonly who: string
      readonly n: number
      sure: boolean
      ticket: number
    }
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
  | { readonly _tag: "departed"; readonly who: string }
  | { readonly _tag: "forgot"; readonly who: string }
  | { readonly _tag: "corrupted"; readonly who: string }
  | { readonly _tag: "leads"; readonly who: string }
  | {
      readonly _tag: "committed"
      readonly who: string
      readonly view: View
      readonly before: string | undefined
      readonly shared: string | undefined
    }

/** One line for each happening: for people who look for what went wrong. */
export const tell = (history: ReadonlyArray<Happening>): string =>
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
