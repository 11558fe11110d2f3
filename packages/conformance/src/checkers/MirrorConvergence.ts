// At rest, whoever sees mirrors sees the same. **Guarantee** M1
import { corroborate, type Dialect, noEntries, type Roll, type View } from "@rollcall/core"
import { Redacted } from "effect"
import type { Violation } from "../Check.ts"

/** Every participant of `sides` that sees another roll than the first of them. */
export const mirrorConvergence = (
  views: ReadonlyArray<View>,
  sides: ReadonlyArray<string>,
  dialect: Dialect
): ReadonlyArray<Violation> => {
  const [first, ...rest] = views
    .filter(({ side }) => sides.includes(side))
    .map((view) => ({ self: view.self, roll: said(rollSeen(view, dialect)) }))
  return rest.flatMap(({ roll, self }) =>
    roll === first?.roll
      ? []
      : [
          {
            guarantee: "M1",
            detail: `${self} sees ${roll}, ${first?.self} ${first?.roll}`
          } as const
        ]
  )
}

/** The one roll that a participant believes. */
export const rollSeen = (view: View, dialect: Dialect): Roll =>
  corroborate(
    view.groups.flatMap(({ counterpart, own, peers, symmetric }) =>
      [...(symmetric ? [own] : []), ...peers.values()].map((entries) =>
        dialect.decodeRoll(entries, symmetric ? noEntries : counterpart)
      )
    )
  )

// requests and tokens are for their addressees, and a store may hide them from others
const said = ({ bootstrap, bootstrapSide, epoch, facts, formed, issuer, up }: Roll): string =>
  JSON.stringify({
    up,
    epoch,
    formed,
    bootstrap,
    bootstrapSide,
    issuer,
    facts: [...facts].map(([key, value]) => [key, Redacted.value(value)]).sort()
  })
