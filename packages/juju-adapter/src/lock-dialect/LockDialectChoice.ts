// Which format a lock over a peer relation writes: an explicit setting, for what stands in databags cannot tell it. All
// three read each other, so that units and leaders change over one by one.
import type { LockDialect } from "@rollcall/core"
import { Effect, Schema } from "effect"
import { UNIT_KEYS } from "./DeployedUnit.ts"
import { lockKeys } from "./DialectMarks.ts"
import { isPredecessorKey } from "./Predecessors.ts"
import { readGrants } from "./ReadGrants.ts"
import { readRequests } from "./ReadRequests.ts"
import { lingersHere, writeGrants } from "./WriteGrants.ts"
import { writeRequests } from "./WriteRequests.ts"

/** The formats there are: our own, that of `rolling_ops` v1, and that of `charmlibs-rollingops` in peer mode. */
export const lockDialectNames = ["native", "v1", "charmlibs"] as const
/** The name of a format. */
export type LockDialectName = (typeof lockDialectNames)[number]

/** The setting names no format. */
export class LockDialectUnknown extends Schema.TaggedError<LockDialectUnknown>()(
  "LockDialectUnknown",
  { name: Schema.String }
) {
  override get message(): string {
    const allowed = lockDialectNames.join(", ")
    return `there is no lock dialect "${this.name.slice(0, 100)}"; set one of ${allowed}`
  }
}

/** What a dialect is made for. */
export interface LockDialectOptions {
  /** The lock's name, which is part of the keys of our own entries. */
  readonly lock: string
  /** The operation that predecessors leave unnamed; `restart` unless set. */
  readonly fallback?: string
}

/** The dialect of that name. **Fails with** `LockDialectUnknown`, naming what is allowed. */
export const lockDialect = (
  name: string,
  options: LockDialectOptions
): Effect.Effect<LockDialect, LockDialectUnknown> =>
  isLockDialectName(name)
    ? Effect.succeed(jujuLockDialect(name, options))
    : Effect.fail(new LockDialectUnknown({ name }))

/** Whether a setting names a dialect. */
export const isLockDialectName = (name: string): name is LockDialectName =>
  lockDialectNames.some((each) => each === name)

/** The dialect of that name. */
export const jujuLockDialect = (
  name: LockDialectName,
  { fallback = "restart", lock }: LockDialectOptions
): LockDialect => {
  const keys = lockKeys(lock)
  const owned = new Set<string>([
    keys.record,
    keys.mark,
    ...UNIT_KEYS,
    "granted_unit",
    "granted_at"
  ])
  const rules = { keys, form: name, fallback }
  return {
    owns: (key) => owned.has(key) || isPredecessorKey(key),
    // the deployed keys name one holder
    grants: name === "native" ? keys.native.grants : 1,
    orders: name === "native",
    lingers: (grant, scene) => name !== "native" && lingersHere(grant, scene, keys),
    decodeRequests: (entries, shared, reading) => readRequests(entries, shared, reading, rules),
    encodeRequests: (record, scene) => writeRequests(record, scene, keys, name),
    decodeGrants: (shared, reading) => readGrants(shared, reading, rules),
    encodeGrants: (record, scene) => writeGrants(record, scene, keys, name)
  }
}
