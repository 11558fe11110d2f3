// Who mints goes on minting while it is there, whoever leads. **Guarantee** T3
// Losing the mirrors' ledger with the mirrors ends a term, too; then this does not apply.
import type { Violation } from "../Check.ts"
import type { History } from "../History.ts"

/** Every token that was minted by another machine than before while that one was still there. */
export const oneIssuer = (history: History): ReadonlyArray<Violation> => {
  let issuer: string | undefined
  return history.flatMap((each) => {
    if (each._tag === "Departed" && each.machine?.name === issuer) issuer = undefined
    if (each._tag !== "Called" || each.operation !== "add" || each.reason !== undefined) return []
    const before = issuer
    issuer = each.machine.name
    const detail = `${issuer} minted for ${each.about} while ${before} was there to`
    return before === undefined || before === issuer ? [] : [{ guarantee: "T3", detail } as const]
  })
}
