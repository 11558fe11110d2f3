// The number of a grant. Pure.
// It strictly increases with every grant of one lock, across leader changes (L2): whoever keeps the highest one it has
// seen can refuse a holder that was overtaken. A lock is advisory unless the resource does so.
import { Schema } from "effect"

/** An integer that strictly increases with every grant of one lock; 0 is before the first. **Guarantee** L2 */
export const FencingToken = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(
  Schema.brand("FencingToken")
)
/** A branded number of a grant. */
export type FencingToken = typeof FencingToken.Type

/** Before the first grant. */
export const noToken = FencingToken.make(0)

/** The token after every one of `tokens`. */
export const tokenAfter = (...tokens: ReadonlyArray<number>): FencingToken =>
  (Math.max(0, ...tokens) + 1) as FencingToken

/** What a child process of a holder finds in its environment, so that it can be fenced like its parent. */
export const environmentOf = (held: {
  readonly lock: string
  readonly token: FencingToken
}): { readonly ROLLCALL_LOCK: string; readonly ROLLCALL_TOKEN: string } => ({
  ROLLCALL_LOCK: held.lock,
  ROLLCALL_TOKEN: `${held.token}`
})
