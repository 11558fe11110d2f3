// Whose tokens a mirror hands on. Pure.
// A register is written by its owner alone, so a token for a native host is the named issuer's if it stands in that
// participant's register; what any other puts there as an answer counts for nothing (known defect B26). Whom deployed
// hosts are served by is their members' rule, which a mirror cannot check.
// Where the ledger was lost nobody knows who minted what is on its way: it is taken from anybody until it is too old.
import type { TokenIssue } from "../token-issuer/TokenIssuerRecord.ts"
import type { Ledger, Seen } from "./MirrorPolicy.ts"
import type { MirrorInput } from "./MirrorState.ts"

/** What is seen, without answers to native hosts by anybody but the issuer that the ledger names. */
export const trusted = ({
  ledger: { issuer, rebuiltAtMillis },
  nowMillis,
  seen,
  tokenLifetimeMillis
}: MirrorInput): ReadonlyArray<Seen> => {
  const since = rebuiltAtMillis === undefined ? tokenLifetimeMillis : nowMillis - rebuiltAtMillis
  if (issuer === undefined || since < tokenLifetimeMillis) return seen
  return seen.map((one) =>
    one.participant === issuer || !one.announcement.issues.some(isNative)
      ? one
      : {
          ...one,
          announcement: {
            ...one.announcement,
            issues: one.announcement.issues.filter((issue) => !isNative(issue))
          }
        }
  )
}

/** When the ledger was lost, if it was: an issuer is found among members before anybody was let found the cluster. */
export const rebuiltAt = (
  { bootstrap, issuer, rebuiltAtMillis }: Ledger,
  found: boolean,
  nowMillis: number
): { readonly rebuiltAtMillis?: number } => {
  if (rebuiltAtMillis !== undefined) return { rebuiltAtMillis }
  return found && bootstrap === undefined && issuer === undefined
    ? { rebuiltAtMillis: nowMillis }
    : {}
}

const isNative = ({ incarnation }: TokenIssue): boolean => incarnation !== undefined
