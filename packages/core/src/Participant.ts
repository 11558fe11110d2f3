// Who takes part in coordination. Pure.
// A participant is one process (a Juju unit, an agent of a host); a host is the machine it speaks for. Both are
// branded strings, so that neither is passed where the other is meant.
import { Schema } from "effect"

/** One process that takes part in coordination, named by its store (in Juju a unit such as `app/0`). */
export const ParticipantId = Schema.NonEmptyString.pipe(Schema.brand("ParticipantId"))
/** A branded participant name. */
export type ParticipantId = typeof ParticipantId.Type

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

/** A host name as RFC 1123 allows it: dot-separated labels of 1 to 63 letters, digits and inner hyphens, 253 in all. */
export const HostName = Schema.String.check(
  Schema.makeFilter((name) =>
    name.length <= 253 && name.split(".").every((label) => LABEL.test(label))
      ? undefined
      : "a host name of letters, digits, hyphens and dots (RFC 1123)"
  )
).pipe(Schema.brand("HostName"))
/** A branded host name. */
export type HostName = typeof HostName.Type

const isHostName = Schema.is(HostName)

/** The host name in `text`, or undefined where it is none; never throws. */
export const hostName = (text: string | undefined): HostName | undefined =>
  text !== undefined && isHostName(text) ? text : undefined

/** Orders names the way people count: `app/2` before `app/10`; equal names only compare equal. */
export const naturalOrder = (left: string, right: string): number => {
  const a = left.match(/\d+|\D+/g) ?? []
  const b = right.match(/\d+|\D+/g) ?? []
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareParts(a[i] as string, b[i] as string)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Numbers by value, however long they are; of equal values, and of other parts, the smaller text first. */
const compareParts = (x: string, y: string): number => {
  if (x === y) return 0
  if (/^\d/.test(x) && /^\d/.test(y)) {
    const [m, n] = [x.replace(/^0+/, ""), y.replace(/^0+/, "")]
    if (m.length !== n.length) return m.length - n.length
    if (m !== n) return m < n ? -1 : 1
  }
  return x < y ? -1 : 1
}
