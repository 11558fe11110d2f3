// Our dialects with one of their rules taken out, to see that the tests would notice.
import type { LockDialect, LockReading } from "@rollcall/core"
import { epochTime, isEpochTime, isoTime } from "../../../src/lock-dialect/LockTime.ts"

/** A rule that can be missing. */
export type MissingRule =
  | "the end of a grant is told in the leader's clock"
  | "a grant is given in its holder's clock"
  | "a holder that did not see its end is granted again"

/** The dialect without that rule. */
export const without = (rule: MissingRule, dialect: LockDialect): LockDialect => {
  switch (rule) {
    case "the end of a grant is told in the leader's clock":
      return {
        ...dialect,
        encodeRequests: (record, scene) => {
          const entries = new Map(dialect.encodeRequests(record, scene))
          const was = scene.registers.get(scene.self)?.get("executed_at")
          if (entries.get("executed_at") === was) return entries
          return requoted(entries, "executed_at", "executed", scene.nowMillis * 1000)
        }
      }
    case "a grant is given in its holder's clock":
      return {
        ...dialect,
        encodeGrants: (record, scene) => {
          const entries = new Map(dialect.encodeGrants(record, scene))
          if (entries.get("granted_at") === scene.shared.get("granted_at")) return entries
          return requoted(entries, "granted_at", "at", scene.nowMillis * 1000)
        }
      }
    case "a holder that did not see its end is granted again":
      return {
        ...dialect,
        decodeRequests: (entries, shared, reading?: LockReading) => {
          const register = dialect.decodeRequests(entries, shared, reading)
          if (register._tag === "Unreadable") return register
          const queue = register.record.queue.map(({ priority: _, ...each }) => each)
          return { ...register, record: { ...register.record, queue } }
        }
      }
  }
}

const requoted = (entries: Map<string, string>, key: string, quote: string, micros: number) => {
  const was = entries.get(key)
  if (was === undefined) return entries
  const time = isEpochTime(was) ? epochTime(micros) : isoTime(micros)
  entries.set(key, time)
  const mark = entries.get("rolling-lock.restart.deployed")
  entries.set(
    "rolling-lock.restart.deployed",
    (mark ?? "").replace(`"${quote}":${JSON.stringify(was)}`, `"${quote}":${JSON.stringify(time)}`)
  )
  return entries
}
