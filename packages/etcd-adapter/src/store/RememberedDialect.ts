// A wire format that reads each register once: over etcd a mirror of a thousand hosts steps for each of them, and the
// store gives it the same object for a register that has not changed.
import {
  type Announcement,
  type Dialect,
  type Entries,
  nativeDialect,
  type Roll
} from "@rollcall/core"

/** `dialect`, with what it read from a register kept for as long as the register is. */
export const remembered = (dialect: Dialect = nativeDialect): Dialect => {
  const announcements = new WeakMap<Entries, Announcement>()
  const rolls = new WeakMap<Entries, WeakMap<Entries, Roll>>()
  return {
    ...dialect,
    decodeAnnouncement: (entries) =>
      recall(announcements, entries, () => dialect.decodeAnnouncement(entries)),
    decodeRoll: (entries, shared) =>
      recall(
        recall(rolls, entries, () => new WeakMap()),
        shared,
        () => dialect.decodeRoll(entries, shared)
      )
  }
}

const recall = <K extends WeakKey, V>(known: WeakMap<K, V>, key: K, make: () => V): V => {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
