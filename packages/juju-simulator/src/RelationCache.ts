/**
 * What a unit's agent remembers of remote databags, and for how long: a member's settings live across hooks until its
 * next joined or changed; an application's, and those of units that are no members, are read anew in every execution.
 * So a hook sees remote units as of their last relation-changed (juju/juju
 * internal/worker/uniter/runner/context/cache.go). A new cache is an agent restart.
 */
import type { UnitName } from "./Model.ts"

/** Settings as they were read. */
export type Settings = ReadonlyMap<string, string>

/** One relation's cache within a unit's agent. */
export class RelationCache {
  /** The members that the agent knows, with their settings once they have been read. */
  readonly #members = new Map<UnitName, Settings | undefined>()
  readonly #applications = new Map<string, Settings>()
  readonly #others = new Map<UnitName, Settings>()

  /** Starts an execution: keeps what is known of the members, forgets everything else. */
  prune(members: ReadonlyMap<UnitName, unknown>): void {
    for (const member of this.#members.keys()) {
      if (!members.has(member)) this.#members.delete(member)
    }
    for (const member of members.keys()) {
      if (!this.#members.has(member)) this.#members.set(member, undefined)
    }
    this.#applications.clear()
    this.#others.clear()
  }

  /** Makes a unit a member whose next read is fresh: at the start of its joined and changed. */
  invalidate(unit: UnitName): void {
    this.#members.set(unit, undefined)
  }

  /** Makes a unit no member: at the start of its departed. */
  remove(unit: UnitName): void {
    this.#members.delete(unit)
  }

  /** The members' names, sorted as strings. */
  members(): ReadonlyArray<UnitName> {
    return [...this.#members.keys()].sort()
  }

  /** A remote unit's settings, read at most once per life of the entry. */
  unit(name: UnitName, read: () => Settings): Settings {
    const known = this.#members.get(name) ?? this.#others.get(name)
    if (known !== undefined) return known
    const settings = read()
    if (this.#members.has(name)) this.#members.set(name, settings)
    else this.#others.set(name, settings)
    return settings
  }

  /** An application's settings, read once per execution. */
  application(name: string, read: () => Settings): Settings {
    const known = this.#applications.get(name)
    if (known !== undefined) return known
    const settings = read()
    this.#applications.set(name, settings)
    return settings
  }
}

/** What a unit's agent remembers between executions, by relation id. */
export class UnitCache {
  /** Clearing it is an agent restart. */
  readonly relations = new Map<number, RelationCache>()

  /** The cache of one relation, pruned to its members for a new execution. */
  open(relationId: number, members: ReadonlyMap<UnitName, unknown>): RelationCache {
    const cache = this.relations.get(relationId) ?? new RelationCache()
    this.relations.set(relationId, cache)
    cache.prune(members)
    return cache
  }
}
