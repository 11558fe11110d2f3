// Relations as the ops framework shows them to a charm: bags read through the hook tools once per hook, writes handed to
// Juju at once and visible to the hook's own later reads. Deleting is not modelled: the library never deletes.
import type { CharmHook } from "./CharmHook.ts"
import type { SetOrder } from "./SetOrder.ts"

/** One bag as read; keys in the order Juju prints them. */
export type Databag = ReadonlyMap<string, string>

/** One relation within one hook. */
export class Relation {
  readonly id: string
  /** The remote units that joined, in Python's set order. */
  readonly units: ReadonlyArray<string>
  /** The remote application; unknown while the relation has no units and the hook names none. */
  readonly remoteApp: string | undefined
  readonly #hook: CharmHook
  readonly #bags = new Map<string, Map<string, string>>()

  private constructor(
    hook: CharmHook,
    id: string,
    units: ReadonlyArray<string>,
    remoteApp: string | undefined
  ) {
    this.#hook = hook
    this.id = id
    this.units = units
    this.remoteApp = remoteApp
  }

  /** Asks Juju for the relation's units; a relation that is gone has none. */
  static async open(hook: CharmHook, id: string, order: SetOrder): Promise<Relation> {
    const listed = await hook.run(["relation-list", "--format=json", "-r", id])
    const units: ReadonlyArray<string> = listed.code === 0 ? JSON.parse(listed.stdout) : []
    return new Relation(hook, id, order(units), await remoteApp(hook, id, units[0]))
  }

  /** The bag of a remote unit, of this unit or of an application (a name without a slash). */
  async read(entity: string): Promise<Databag> {
    const known = this.#bags.get(entity)
    if (known !== undefined) return known
    const app = entity.includes("/") ? [] : ["--app"]
    const argv = ["relation-get", "--format=json", "-r", this.id, ...app, "-", entity]
    const got = await this.#hook.run(argv)
    if (got.code !== 0) throw new Error(`ModelError: ${got.stderr.trim()}`)
    const bag = new Map(Object.entries(JSON.parse(got.stdout) as Record<string, string>))
    this.#bags.set(entity, bag)
    return bag
  }

  /** Writes one entry of this unit's bag, or of the application's bag. */
  async write(entity: string, key: string, value: string): Promise<void> {
    const app = entity.includes("/") ? [] : ["--app"]
    const argv = ["relation-set", "-r", this.id, ...app, "--file", "-"]
    const set = await this.#hook.run(argv, JSON.stringify({ [key]: value }))
    if (set.code !== 0) throw new Error(`ModelError: ${set.stderr.trim()}`)
    this.#bags.get(entity)?.set(key, value)
  }
}

/** The ids of an endpoint's relations, in Juju's order. */
export const relationIds = async (
  hook: CharmHook,
  endpoint: string
): Promise<ReadonlyArray<string>> => {
  const ids = await hook.run(["relation-ids", endpoint, "--format=json"])
  if (ids.code !== 0) throw new Error(`ModelError: ${ids.stderr.trim()}`)
  return JSON.parse(ids.stdout)
}

const remoteApp = async (hook: CharmHook, id: string, unit: string | undefined) => {
  if (unit !== undefined) return unit.split("/")[0]
  if (hook.env.JUJU_RELATION_ID === id && hook.env.JUJU_REMOTE_APP) return hook.env.JUJU_REMOTE_APP
  const listed = await hook.run(["relation-list", "--format=json", "--app", "-r", id])
  return listed.code === 0 ? (JSON.parse(listed.stdout) as string) : undefined
}
