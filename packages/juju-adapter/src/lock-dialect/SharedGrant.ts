// The one grant that the deployed keys of the application's databag name, and its number. Pure.
// A grant our leader gave has the token it wrote. One that a deployed leader gave has none: then it is the moment of the
// grant in microseconds, or one more than every token that is known of, whichever is greater. Units may see it under
// different numbers for a while; ends are matched by quoting `granted_at`, never by that number.
import { type Entries, FencingToken, type LockReading, noEntries } from "@rollcall/core"
import { readUnit } from "./DeployedUnit.ts"
import { grantMark, type LockKeys, type QuotedGrant, unitMark } from "./DialectMarks.ts"
import { readTime } from "./LockTime.ts"
import { v0Holders } from "./Predecessors.ts"

/** The grant in the deployed keys. */
export interface SharedGrant {
  readonly unit: string
  /** The text of `granted_at`; empty for a grant of v0. */
  readonly at: string
  /** What our leader noted of it; undefined where a deployed leader gave it. */
  readonly ours: QuotedGrant | undefined
  readonly token: FencingToken
}

/** The deployed keys' grant; undefined where nobody holds one. */
export const sharedGrant = (
  shared: Entries,
  keys: LockKeys,
  reading: Pick<LockReading, "registers"> | undefined
): SharedGrant | undefined => {
  const unit = shared.get("granted_unit") || v0Holders(shared)[0]
  if (unit === undefined) return undefined
  const at = shared.get("granted_unit") ? (shared.get("granted_at") ?? "") : ""
  const { granted } = grantMark(shared, keys)
  const ours = granted?.unit === unit && granted.at === at ? granted : undefined
  const token = ours?.token ?? derivedToken(shared, keys, reading, { unit, at })
  return { unit, at, ours, token: FencingToken.make(token) }
}

/** Of a unit with our own entries: what it told last, and of which grant. */
export const toldBy = (
  entries: Entries,
  keys: LockKeys
): { readonly token: number; readonly of: string | undefined } | undefined => {
  const unit = readUnit(entries)
  const mark = unit && unitMark(entries, keys, unit)
  if (unit !== undefined && mark === undefined) return undefined
  const register = keys.native.decodeRequests(entries, noEntries)
  if (register._tag === "Unreadable" || register.record.completed === undefined) return undefined
  return { token: register.record.completed.token, of: mark?.of }
}

const derivedToken = (
  shared: Entries,
  keys: LockKeys,
  reading: Pick<LockReading, "registers"> | undefined,
  grant: { readonly unit: string; readonly at: string }
): number => {
  const register = keys.native.decodeGrants(shared)
  const highest = register._tag === "Readable" ? register.record.token : 0
  const told = [...(reading?.registers ?? [])].flatMap(([participant, entries]) => {
    const last = toldBy(entries, keys)
    if (last === undefined) return []
    // what was told of this very grant must not raise it
    return participant === grant.unit && last.of === grant.at ? [] : [last.token]
  })
  return Math.max(readTime(grant.at) ?? 0, 1 + Math.max(highest, ...told))
}
