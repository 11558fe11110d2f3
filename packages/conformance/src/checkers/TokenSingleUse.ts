// A token is redeemed at most once. **Guarantee** T1
import type { Violation } from "../Check.ts"
import type { History } from "../History.ts"
import { livesOf } from "./Tokens.ts"

/** Every token with which more than one join succeeded. */
export const tokenSingleUse = (history: History): ReadonlyArray<Violation> =>
  [...livesOf(history).values()].flatMap(({ host, redeemed }) =>
    redeemed > 1
      ? [{ guarantee: "T1", detail: `a token for ${host} let ${redeemed} joins succeed` } as const]
      : []
  )
