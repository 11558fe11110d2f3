// How a consumer of any dialect reads the distributors' bags. Only units that say `mirror=up` count, all of them alike:
// where two disagree, set order decides (B25).
import type { Databag, Relation } from "./Databag.ts"
import { MIRROR_PREFIX, mirrorKey, WANTED } from "./MirrorKey.ts"

/** The bags of the distributors that are up. */
export const upMirrors = async (relation: Relation): Promise<ReadonlyArray<Databag>> => {
  const bags: Array<Databag> = []
  for (const unit of relation.units) bags.push(await relation.read(unit))
  return bags.filter((bag) => bag.get("mirror") === "up")
}

/** The token, or whatever real value, of `name`. */
export const findValue = async (relation: Relation, name: string): Promise<string | undefined> => {
  const values = (await upMirrors(relation)).map((bag) => bag.get(mirrorKey(name)))
  const real = values.filter((value) => value !== undefined && value !== "" && value !== WANTED)
  return real.length === 0 ? undefined : corroborate(real as ReadonlyArray<string>)
}

/** Whether any distributor, up or down, holds a real value: the dialects take this for "a cluster exists". */
export const anyRealValue = async (relation: Relation): Promise<boolean> => {
  for (const unit of relation.units)
    for (const [key, value] of await relation.read(unit))
      if (key.startsWith(MIRROR_PREFIX) && value !== WANTED) return true
  return false
}

/** The mirror's values by name, placeholders included. */
export const readMirror = async (relation: Relation): Promise<ReadonlyMap<string, string>> => {
  const values = new Map<string, Array<string>>()
  for (const bag of await upMirrors(relation)) {
    for (const [key, value] of bag) {
      if (!key.startsWith(MIRROR_PREFIX)) continue
      const name = key.slice(MIRROR_PREFIX.length)
      values.set(name, [...(values.get(name) ?? []), value])
    }
  }
  return new Map([...values].map(([name, all]) => [name, corroborate(all)]))
}

/** The most frequent real value, the first of equally frequent ones; the placeholder when there is no other. */
export const corroborate = (values: ReadonlyArray<string>): string => {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== WANTED) counts.set(value, (counts.get(value) ?? 0) + 1)
  let best = WANTED
  for (const [value, count] of counts) if (count > (counts.get(best) ?? 0)) best = value
  return best
}
