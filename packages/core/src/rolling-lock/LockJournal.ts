// What a participant's journal holds of one lock, as a value. Pure.
// Written before an operation is called and when it returned, so that a step that is tried again knows of both (L7).
import { Schema } from "effect"
import type { Entries } from "../store/Register.ts"
import { FencingToken } from "./FencingToken.ts"
import { remembering } from "./Remembering.ts"

/** The last try of this machine. */
export const LockMemory = Schema.Struct({
  v: Schema.Literal(1),
  ticket: Schema.Finite,
  attempt: Schema.Int,
  token: FencingToken,
  /** When this try began, and when it ended, by this machine's clock: for people. */
  sinceMillis: Schema.optionalKey(Schema.Finite),
  atMillis: Schema.optionalKey(Schema.Finite),
  /** How often this try was cut off before it ended. */
  cutOff: Schema.optionalKey(Schema.Int),
  ended: Schema.optionalKey(
    Schema.Struct({
      result: Schema.Literals(["release", "retry-release", "retry-hold", "failed"]),
      reason: Schema.optionalKey(Schema.String)
    })
  ),
  /** When the next try may begin, by this machine's clock. */
  retryAtMillis: Schema.optionalKey(Schema.Finite),
  /** Whether the requester's code has heard of the outcome. */
  told: Schema.optionalKey(Schema.Boolean)
})
/** The last try of this machine. */
export type LockMemory = typeof LockMemory.Type

const MemoryJson = Schema.fromJsonString(LockMemory)
const decode = Schema.decodeUnknownOption(MemoryJson)

/** The memory of `lock` in a journal; undefined on a new machine, or where nothing readable is left. */
export const readLockMemory = (entries: Entries, lock: string): LockMemory | undefined => {
  const text = entries.get(keyOf(lock))
  return text === undefined ? undefined : readMemory(text)
}

/** The journal's entries with `memory` in them; other entries stay. */
export const writeLockMemory = (entries: Entries, lock: string, memory: LockMemory): Entries =>
  new Map([...entries, [keyOf(lock), JSON.stringify(memory)]])

const readMemory = remembering((text) => {
  const read = decode(text)
  return read._tag === "Some" ? read.value : undefined
})

const keyOf = (lock: string): string => `lock.${lock}`
