/**
 * Writing a databag: a change counts only when it makes a difference, and only then does the version change and with it
 * what other units are told. Juju 3.6 versions a settings document by its revision, so A, B, A is two changes; 4.0 by
 * a hash of the content, so A, B, A seen late is none.
 */
import type { Databag, Profile } from "./Model.ts"

/** Changes to a databag: an empty value deletes the key. */
export type DatabagChanges = ReadonlyMap<string, string>

/** The databag after the changes; the same object when they make no difference. */
export const applyChanges = (bag: Databag, changes: DatabagChanges, profile: Profile): Databag => {
  const differences = [...changes].filter(([key, value]) => (bag.content.get(key) ?? "") !== value)
  if (differences.length === 0) return bag
  const content = new Map(bag.content)
  for (const [key, value] of differences) {
    if (value === "") content.delete(key)
    else content.set(key, value)
  }
  return { content, version: profile === "4.0" ? contentVersion(content) : bag.version + 1 }
}

// FNV-1a over the sorted entries; any hash would do, as long as equal content means an equal version.
const contentVersion = (content: ReadonlyMap<string, string>): number => {
  if (content.size === 0) return 0
  let hash = 0x811c9dc5
  for (const entry of [...content].map((pair) => JSON.stringify(pair)).sort()) {
    for (let index = 0; index < entry.length; index += 1) {
      hash = Math.imul(hash ^ entry.charCodeAt(index), 0x01000193)
    }
  }
  return (hash >>> 0) + 1
}
