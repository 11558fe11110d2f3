// When all is done, no register and no journal shows a token, and no member keeps the key to one. **Guarantee** T6
import type { Entries, View } from "@rollcall/core"
import type { Violation } from "../Check.ts"
import type { History } from "../History.ts"
import { entriesIn } from "../Seat.ts"
import { livesOf } from "./Tokens.ts"

/** Every place in which a token's text is found; the text itself is not told. */
export const noTokenAtRest = (
  history: History,
  views: ReadonlyArray<View>,
  journals: ReadonlyMap<string, Entries>
): ReadonlyArray<Violation> => {
  const tokens = [...livesOf(history)]
  const places = [
    ...views.flatMap((view) =>
      entriesIn(view).map(({ at, value }) => ({ at: `${at} as ${view.self} sees it`, value }))
    ),
    ...[...journals].flatMap(([machine, entries]) =>
      [...entries].map(([key, value]) => ({ at: `${key} in the journal of ${machine}`, value }))
    )
  ]
  const keys = [...journals].flatMap(([machine, entries]) =>
    [...entries.values()].some((text) =>
      /"membership":.*"privateKey":|"privateKey":.*"membership":/.test(text)
    )
      ? [machine]
      : []
  )
  return [
    ...places.flatMap(({ at, value }) =>
      tokens
        .filter(([text]) => value.includes(text))
        .map(([, { host }]) => violation(`a token for ${host} is in ${at}`))
    ),
    ...keys.map((machine) => violation(`${machine} joined and keeps the key that opens its tokens`))
  ]
}

const violation = (detail: string): Violation => ({ guarantee: "T6", detail })
