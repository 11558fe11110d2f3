// What our units write beside the deployed keys to tell later who wrote those last. Pure.
// Our own record stands under `rolling-lock.<lock>` in core's native format. The deployed keys repeat what deployed units
// need of it, and a mark under `rolling-lock.<lock>.deployed` quotes them: while they read as quoted, the record counts;
// when they differ, a deployed unit has written since, and what it wrote counts.
import { type Entries, FencingToken, nativeLockDialect, remembering } from "@rollcall/core"
import { Option, Schema } from "effect"
import type { DeployedUnit } from "./DeployedUnit.ts"

/** The quote of a unit's deployed keys. */
export interface UnitMark {
  readonly state: string
  readonly executed: string
  /** The moment of each request in the queue, and the ticket it stands for. */
  readonly requests: ReadonlyArray<readonly [micros: number, ticket: number]>
  /** The `granted_at` of the grant that was told to be over last. */
  readonly of: string | undefined
}

/** The quote of the application's deployed keys. */
export interface GrantMark {
  /** The grant our leader gave, where one is outstanding. */
  readonly granted: QuotedGrant | undefined
  /** The one before, which its holder may still take for its own. */
  readonly before: { readonly unit: string; readonly at: string } | undefined
}

/** A grant of our leader in the deployed keys. */
export interface QuotedGrant {
  readonly unit: string
  readonly at: string
  readonly token: FencingToken
  /** What the holder's `executed_at` was when it was granted: it writes another one when it has run. */
  readonly executed: string
}

/** Where one lock stands in a databag. */
export interface LockKeys {
  readonly record: string
  readonly mark: string
  /** Core's format under `record`. */
  readonly native: ReturnType<typeof nativeLockDialect>
}

/** The keys of the lock of that name. */
export const lockKeys = (lock: string): LockKeys => ({
  record: `rolling-lock.${lock}`,
  mark: `rolling-lock.${lock}.deployed`,
  native: nativeLockDialect(lock)
})

/** The mark in a unit's databag, where it still quotes what stands there. */
export const unitMark = (
  entries: Entries,
  { mark }: LockKeys,
  unit: DeployedUnit
): UnitMark | undefined => {
  const found = readUnitMark(entries.get(mark) ?? "")
  if (found === undefined || found.state !== unit.state || found.executed !== unit.executed) {
    return undefined
  }
  const same =
    found.requests.length === unit.queue.length &&
    found.requests.every(([micros], i) => micros === unit.queue[i]?.requestedAt)
  return same ? { of: undefined, ...found } : undefined
}

/**
 * The tickets of a unit's requests: what was quoted of them, also where other parts of the quote no longer hold; otherwise
 * the moment of the request in milliseconds, so that turns, which need thousandths of a ticket, can be told apart.
 */
export const requestTickets = (
  entries: Entries,
  { mark }: LockKeys,
  { queue }: DeployedUnit
): ReadonlyArray<number> => {
  const quoted = new Map(readUnitMark(entries.get(mark) ?? "")?.requests)
  const tickets: Array<number> = []
  for (const { requestedAt } of queue) {
    let ticket = quoted.get(requestedAt) ?? Math.floor(requestedAt / 1000)
    while (tickets.includes(ticket)) ticket++
    tickets.push(ticket)
  }
  return tickets
}

/** The mark in the application's databag. */
export const grantMark = (shared: Entries, { mark }: LockKeys): GrantMark => {
  const found = readGrantMark(shared.get(mark) ?? "")
  return { granted: found?.granted, before: found?.before }
}

/** The entry of a unit's mark. */
export const unitMarkText = (mark: UnitMark): string => JSON.stringify({ v: 1, ...mark })

/** The entry of the application's mark; undefined where it says nothing. */
export const grantMarkText = (mark: GrantMark): string | undefined =>
  mark.granted === undefined && mark.before === undefined
    ? undefined
    : JSON.stringify({ v: 1, ...mark })

const Version = Schema.Literal(1)
const decodeUnit = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      v: Version,
      state: Schema.String,
      executed: Schema.String,
      requests: Schema.Array(Schema.Tuple([Schema.Int, Schema.Finite])),
      of: Schema.optionalKey(Schema.String)
    })
  )
)
const decodeGrant = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      v: Version,
      granted: Schema.optionalKey(
        Schema.Struct({
          unit: Schema.String,
          at: Schema.String,
          token: FencingToken,
          executed: Schema.String
        })
      ),
      before: Schema.optionalKey(Schema.Struct({ unit: Schema.String, at: Schema.String }))
    })
  )
)

const readUnitMark = remembering((text) => Option.getOrUndefined(decodeUnit(text)))
const readGrantMark = remembering((text) => Option.getOrUndefined(decodeGrant(text)))
