/**
 * One relation as an execution of one unit sees it: its members, the remote databags through the unit's cache, and its
 * own databags through drafts. Every refusal of the controller reads `permission denied`
 * (juju/juju apiserver/facades/agent/uniter/uniter.go).
 */
import { commandFailure } from "./hook-commands/CommandFailure.ts"
import {
  applicationNameOf,
  holdsLease,
  isPeer,
  type Model,
  type Relation,
  remoteApplicationOf,
  type Unit,
  type UnitName
} from "./Model.ts"
import type { RelationCache, Settings } from "./RelationCache.ts"
import { SettingsDraft } from "./SettingsDraft.ts"

/** A relation within one execution. */
export class RelationView {
  readonly id: number
  readonly endpoint: string
  readonly remoteApplication: string
  readonly relation: Relation
  /** No members, and dying or suspended: such a relation is not listed any more. */
  readonly isBroken: boolean
  readonly cache: RelationCache
  readonly #model: Model
  readonly #unit: Unit
  #unitDraft: SettingsDraft | undefined
  #applicationDraft: SettingsDraft | undefined

  constructor(
    model: Model,
    unit: Unit,
    relation: Relation,
    endpoint: string,
    cache: RelationCache
  ) {
    this.id = relation.id
    this.endpoint = endpoint
    this.remoteApplication = remoteApplicationOf(relation, unit.application)
    this.relation = relation
    const inactive = relation.life !== "alive" || relation.suspended
    this.isBroken = !isPeer(relation) && inactive && cache.members().length === 0
    this.cache = cache
    this.#model = model
    this.#unit = unit
  }

  /** How hooks name the relation: `db:7`. */
  get name(): string {
    return `${this.endpoint}:${this.id}`
  }

  /** The unit's own databag. */
  get unitDraft(): SettingsDraft {
    this.#unitDraft ??= new SettingsDraft(
      this.relation.scopes.get(this.#unit.name)?.settings.content ?? new Map()
    )
    return this.#unitDraft
  }

  /** The unit's application's databag, which only a leader gets to draft. */
  get applicationDraft(): SettingsDraft {
    this.#applicationDraft ??= new SettingsDraft(this.#applicationContent(this.#unit.application))
    return this.#applicationDraft
  }

  /** What this execution wrote to the unit's databag, if anything. */
  get writtenUnitDraft(): SettingsDraft | undefined {
    return this.#unitDraft?.isDirty ? this.#unitDraft : undefined
  }

  /** What this execution wrote to the application's databag, if anything. */
  get writtenApplicationDraft(): SettingsDraft | undefined {
    return this.#applicationDraft?.isDirty ? this.#applicationDraft : undefined
  }

  /** Another unit's settings, which stay readable after it departed. */
  readUnit(name: UnitName): Settings {
    return this.cache.unit(name, () => this.#readUnit(name))
  }

  /** An application's settings, other than the leader's own. */
  readApplication(name: string): Settings {
    return this.cache.application(name, () => this.#readApplication(name))
  }

  #readUnit(name: UnitName): Settings {
    this.#reach()
    const application = applicationNameOf(name)
    if (!this.relation.endpoints.some((side) => side.application === application))
      permissionDenied()
    const scope = this.relation.scopes.get(name)
    if (scope !== undefined) return scope.settings.content
    return commandFailure(
      `cannot read settings for unit "${name}" in relation "${this.relation.key}": unit "${name}": settings not found`
    )
  }

  // The controller shows an application its own databag over a peer relation, otherwise only to its leader.
  #readApplication(name: string): Settings {
    this.#reach()
    if (!this.relation.endpoints.some((side) => side.application === name)) permissionDenied()
    const own = name === this.#unit.application && !isPeer(this.relation)
    if (own && !holdsLease(this.#model, this.#unit.name)) permissionDenied()
    return this.#applicationContent(name)
  }

  #applicationContent(name: string): Settings {
    return this.relation.applications.get(name)?.content ?? new Map()
  }

  #reach(): void {
    if (this.#unit.partitioned) commandFailure("connection is shut down")
    if (this.#model.relations.has(this.id)) return
    commandFailure(this.#model.profile === "4.0" ? "relation not found" : "permission denied")
  }
}

const permissionDenied = (): never => commandFailure("permission denied")
