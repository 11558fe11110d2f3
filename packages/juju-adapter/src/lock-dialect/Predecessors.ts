// What is left in databags by locks that were deployed before rolling_ops v1, read so that a unit that is upgraded goes on
// where it stood. Pure.
//   rolling_ops v0   unit: `state` = acquire | release and `callback_override`; application: `<ops.model.Unit app/0>`
//   charmhelpers     unit: `coordinator` = {"restart": "2026-02-23 12:00:00.123456Z"}; its grants are leader settings,
//                    which no databag shows
// The rule: what was asked for and not run is asked for again, once, by the upgraded unit itself; what was run or granted
// and not asked for any more is forgotten. The keys go with the unit's first own entry.
import type { Entries } from "@rollcall/core"
import { rawJson } from "./RawJson.ts"

/** What a predecessor's unit asked for. */
export interface PredecessorRequest {
  readonly operation: string
  readonly arguments: string
}

/** Whether a predecessor owns this key. */
export const isPredecessorKey = (key: string): boolean =>
  key === "callback_override" || key === "coordinator" || UNIT_KEY.test(key)

/** What a unit asked for in the words of a predecessor, in its order; `fallback` is the operation v0 leaves unnamed. */
export const predecessorRequests = (
  entries: Entries,
  fallback: string
): ReadonlyArray<PredecessorRequest> => {
  const asked = coordinated(entries.get("coordinator"))
  if (entries.get("state") !== "acquire") return asked
  return [{ operation: entries.get("callback_override") || fallback, arguments: "{}" }, ...asked]
}

/** Whether the unit still speaks v0: it knows no grant but that of its own library. */
export const isV0 = (entries: Entries): boolean =>
  entries.get("state") === "acquire" || entries.get("state") === "release"

/** The units that hold a v0 grant. */
export const v0Holders = (shared: Entries): ReadonlyArray<string> =>
  [...shared].flatMap(([key, value]) => {
    const unit = UNIT_KEY.exec(key)?.[1]
    return unit !== undefined && value === "granted" ? [unit] : []
  })

/** The key of a unit's v0 grant. */
export const v0Key = (unit: string): string => `<ops.model.Unit ${unit}>`

const UNIT_KEY = /^<ops\.model\.Unit (.+)>$/

const coordinated = (text: string | undefined): ReadonlyArray<PredecessorRequest> => {
  const json = text === undefined ? undefined : rawJson(text)
  if (json?.kind !== "object") return []
  const locks = [...json.members].flatMap(([operation, at]) =>
    operation !== "" && at.kind === "string" ? [{ operation, at: at.value }] : []
  )
  return locks
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ operation }) => ({ operation, arguments: "{}" }))
}
