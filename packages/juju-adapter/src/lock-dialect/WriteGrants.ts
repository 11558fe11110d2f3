// A grant record as entries of the application's databag: the record itself, and its one grant in the deployed keys, in the
// words of its holder. Pure.
// `granted_at` is a moment of the clock by which the holder will tell the end: later than every `executed_at` that can be
// seen, so that nobody takes an earlier end for the end of this grant, and no later than the holder's own clock can be by
// then, as far as its requests and ends show it. A holder that did not see the end of its last grant, for its clock is
// behind, is granted again by its own clock alone.
import {
  type Entries,
  type Grant,
  type GrantRecord,
  type LockScene,
  noEntries
} from "@rollcall/core"
import { type DeployedForm, timeIn } from "./DeployedOperation.ts"
import { readUnit } from "./DeployedUnit.ts"
import {
  grantMark,
  grantMarkText,
  type LockKeys,
  type QuotedGrant,
  unitMark
} from "./DialectMarks.ts"
import { type Micros, readTime } from "./LockTime.ts"
import { v0Holders, v0Key } from "./Predecessors.ts"
import { type SharedGrant, sharedGrant, toldBy } from "./SharedGrant.ts"

/** The entries of the leader that writes; in the native format the deployed keys stay only while what they say is true. */
export const writeGrants = (
  record: GrantRecord,
  scene: LockScene,
  keys: LockKeys,
  form: DeployedForm | "native"
): Entries => {
  const entries = new Map(keys.native.encodeGrants(record, scene))
  const before = sharedGrant(scene.shared, keys, scene)
  const held = before && record.grants.find((each) => isSame(each, before))
  if (before !== undefined && held !== undefined) {
    keep(entries, scene, before, held, keys)
    return entries
  }
  const old = grantMark(scene.shared, keys)
  const last =
    before === undefined || before.at === "" ? old.before : { unit: before.unit, at: before.at }
  const [grant] = form === "native" ? [] : record.grants
  const granted = grant && form !== "native" ? quoted(grant, scene, keys, form, last) : undefined
  if (granted !== undefined) {
    entries.set("granted_unit", granted.unit)
    entries.set("granted_at", granted.at)
  }
  const mark = grantMarkText({ granted, before: last })
  if (mark !== undefined) entries.set(keys.mark, mark)
  return entries
}

/** Whether a grant that is over can be left standing: our own unit told its end, in words that deployed units understand. */
export const lingersHere = (
  { participant, token }: Grant,
  { registers, shared }: Pick<LockScene, "registers" | "shared">,
  keys: LockKeys
): boolean => {
  const grant = sharedGrant(shared, keys, { registers })
  const told = toldBy(registers.get(participant) ?? noEntries, keys)
  return grant?.ours?.token === token && grant.unit === participant && told?.of === grant.at
}

const isSame = (grant: Grant, { token, unit }: SharedGrant): boolean =>
  grant.participant === unit && grant.token === token

/** The deployed keys as they are; a grant of a deployed leader is quoted from now on like one of ours. */
const keep = (
  entries: Map<string, string>,
  { registers, shared }: LockScene,
  { at, ours, token, unit }: SharedGrant,
  { participant, ticket }: Grant,
  keys: LockKeys
): void => {
  for (const key of ["granted_unit", "granted_at", keys.mark]) {
    const value = shared.get(key)
    if (value !== undefined) entries.set(key, value)
  }
  if (at === "" && v0Holders(shared).includes(unit)) entries.set(v0Key(unit), "granted")
  if (ours !== undefined || at === "" || ticket === 0) return
  const executed = registers.get(participant)?.get("executed_at") ?? ""
  const { before } = grantMark(shared, keys)
  const mark = grantMarkText({ granted: { unit, at, token, executed }, before })
  if (mark !== undefined) entries.set(keys.mark, mark)
}

const quoted = (
  { participant, token }: Grant,
  scene: LockScene,
  keys: LockKeys,
  form: DeployedForm,
  last: { readonly unit: string; readonly at: string } | undefined
): QuotedGrant => {
  const entries = scene.registers.get(participant) ?? noEntries
  const unit = readUnit(entries)
  const style = timeIn[unit?.form ?? form]
  let micros = momentOf(participant, scene, keys, last)
  while (style(micros) === last?.at) micros++
  return { unit: participant, at: style(micros), token, executed: unit?.executed ?? "" }
}

const momentOf = (
  participant: Grant["participant"],
  scene: LockScene,
  keys: LockKeys,
  last: { readonly unit: string; readonly at: string } | undefined
): Micros => {
  const units = new Map(
    [...scene.registers].flatMap(([id, entries]) => {
      const unit = readUnit(entries)
      const ours = unit !== undefined && unitMark(entries, keys, unit) !== undefined
      return unit === undefined ? [] : [[id, { ...unit, ours }] as const]
    })
  )
  const holder = units.get(participant)
  const asked = Math.max(0, ...(holder?.queue ?? []).map(({ requestedAt }) => requestedAt))
  const ends = Math.max(0, ...[...units.values()].map(({ executedAt = 0 }) => executedAt))
  if (holder?.ours === false) {
    const { executedAt = 0 } = holder
    const lags = last?.unit === participant && executedAt <= (readTime(last.at) ?? 0)
    return Math.max(asked, executedAt, lags ? 0 : ends) + 1
  }
  // our own unit tells the end by this moment, whatever it is; a clock of ours that is ahead must not put it in a future
  // in which a deployed leader would take it for the end of its grants
  const now = Math.min(scene.nowMillis * 1000, asked || Number.POSITIVE_INFINITY)
  const alone = [...units.values()].every(({ ours }) => ours)
  return (alone || ends === 0 ? Math.max(ends, now) : ends) + 1
}
