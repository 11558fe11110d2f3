// A token is minted only for a host that is no member and has none that it could use. **Guarantee** T2
// A token counts as out of use once it was redeemed, rejected, too old, or of a cluster before this one.
import type { Violation } from "../Check.ts"
import { done, type History } from "../History.ts"
import { Members } from "./Members.ts"
import { livesOf } from "./Tokens.ts"

/** Every token that was minted beside one still in use, or for a member; `lifetimeMillis` is the product's. */
export const oneLiveToken = (
  history: History,
  lifetimeMillis: number
): ReadonlyArray<Violation> => [...beside(history, lifetimeMillis), ...forMembers(history)]

const beside = (history: History, lifetimeMillis: number): ReadonlyArray<Violation> =>
  history.flatMap((each, index) => {
    if (each._tag !== "Called" || each.operation !== "add" || each.reason !== undefined) return []
    const before = history.slice(history.findLastIndex(isFounding(index)) + 1, index)
    const live = [...livesOf(before).values()].filter(
      ({ host, mintedAtMillis, redeemed, rejected }) =>
        host === each.about &&
        redeemed === 0 &&
        !rejected &&
        each.atMillis - mintedAtMillis < lifetimeMillis
    )
    const detail = `${each.machine.name} minted for ${each.about} beside ${live.length} in use`
    return live.length === 0 ? [] : [{ guarantee: "T2", detail } as const]
  })

const isFounding = (before: number) => (each: History[number], index: number) =>
  index < before &&
  each._tag === "Called" &&
  each.operation === "bootstrap" &&
  each.reason === undefined

const forMembers = (history: History): ReadonlyArray<Violation> => {
  const members = new Members()
  const minted = new Set(done(history, "add"))
  return history.flatMap((each) => {
    members.follow(each)
    if (each._tag !== "Called" || !minted.has(each)) return []
    const member = members.all.find(({ host }) => host === each.about)
    const detail = `${each.machine.name} minted for ${each.about}, which is a member`
    return member === undefined ? [] : [{ guarantee: "T2", detail } as const]
  })
}
