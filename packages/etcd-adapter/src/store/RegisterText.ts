// A register as one value in etcd: a JSON object of texts. Pure.
// One key for a register and not one for each entry: so it changes whole, and a step has few keys to put.
import { type Entries, noEntries } from "@rollcall/core"
import { Schema } from "effect"

const RegisterJson = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const ListJson = Schema.fromJsonString(Schema.Array(Schema.Tuple([Schema.String, Schema.String])))
const decodeRegister = Schema.decodeUnknownOption(RegisterJson)
const decodeList = Schema.decodeUnknownOption(ListJson)

/** The value that holds `entries`. */
export const registerText = (entries: Entries): string =>
  JSON.stringify(Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1))))

/** The entries in a value; undefined where no participant can have written it. */
export const readRegister = (value: string): Entries | undefined => {
  const read = decodeRegister(value)
  if (read._tag === "None") return undefined
  const entries = Object.entries(read.value)
  return entries.length === 0 ? noEntries : new Map(entries)
}

/** Pairs of a group and an addressee, as a value. */
export const sentText = (pairs: ReadonlyArray<readonly [group: string, to: string]>): string =>
  JSON.stringify(pairs)

/** The pairs in a value; none where it cannot be read. */
export const readSent = (value: string): ReadonlyArray<readonly [group: string, to: string]> => {
  const read = decodeList(value)
  return read._tag === "None" ? [] : read.value
}

/** Whether two registers say the same. */
export const sameEntries = (left: Entries, right: Entries): boolean =>
  left === right ||
  (left.size === right.size && [...left].every(([key, value]) => right.get(key) === value))
