/**
 * The inside of one execution, which hook commands work on: what it sees of the model and everything it has staged. What
 * happens to it when the process ends is HookContext.ts. Reads are cached as Juju's context caches them: config, status
 * and leader settings once per execution, and a unit that was once found not to be leader stays none.
 */

import type { HookInvocation } from "./HookContext.ts"
import { commandFailure } from "./hook-commands/CommandFailure.ts"
import type { ConfigValue } from "./Metadata.ts"
import {
  type Application,
  applicationOf,
  believesLeader,
  endpointOf,
  type Model,
  type Status,
  type Unit,
  type UnitName,
  unitOf
} from "./Model.ts"
import { effectiveConfig } from "./ModelChange.ts"
import { PortDraft } from "./PortDraft.ts"
import type { UnitCache } from "./RelationCache.ts"
import { RelationView } from "./RelationView.ts"
import { SecretDraft } from "./SecretDraft.ts"

/** What an action has said about itself so far. */
export interface ActionDraft {
  failed: boolean
  message: string
  results: Readonly<Record<string, unknown>>
}

/** One running hook, action or juju-exec of a unit. */
export class Execution {
  readonly model: Model
  readonly unit: Unit
  readonly application: Application
  readonly invocation: HookInvocation
  readonly ports: PortDraft
  readonly secrets = new SecretDraft()
  readonly action: ActionDraft = { failed: false, message: "", results: {} }
  /** Storage to add, by name. */
  readonly storageAdded = new Map<string, number>()
  readonly #cache: UnitCache
  readonly #relations = new Map<number, RelationView>()
  #isMinion = false
  #state: ReadonlyMap<string, string> | undefined
  #config: ReadonlyMap<string, ConfigValue | undefined> | undefined
  #status: Status | undefined
  #leaderSettings: ReadonlyMap<string, string> | undefined

  constructor(model: Model, unit: UnitName, invocation: HookInvocation, cache: UnitCache) {
    this.model = model
    this.unit = unitOf(model, unit)
    this.application = applicationOf(model, this.unit.application)
    this.invocation = invocation
    this.ports = new PortDraft(model, this.unit)
    this.#cache = cache
    this.#noteRemoteUnit()
  }

  /** The relation of a relation hook. */
  get hookRelation(): RelationView | undefined {
    const { relationId } = this.invocation
    return relationId === undefined ? undefined : this.relation(relationId)
  }

  /** A relation that the unit is in scope of. */
  relation(id: number): RelationView | undefined {
    const known = this.#relations.get(id)
    if (known !== undefined) return known
    const relation = this.model.relations.get(id)
    const endpoint = relation && endpointOf(relation, this.unit.application)
    const scope = relation?.scopes.get(this.unit.name)
    if (relation === undefined || endpoint === undefined || scope === undefined) return undefined
    if (scope.state === "left") return undefined
    const cache = this.#cache.open(id, this.unit.progress.get(id)?.members ?? new Map())
    const view = new RelationView(this.model, this.unit, relation, endpoint.name, cache)
    this.#relations.set(id, view)
    return view
  }

  /** Every relation that the unit is in scope of. */
  relations(): ReadonlyArray<RelationView> {
    return [...this.model.relations.keys()].flatMap((id) => this.relation(id) ?? [])
  }

  /** The relations that this execution has looked at, and so may have written to. */
  get usedRelations(): Iterable<RelationView> {
    return this.#relations.values()
  }

  /** Whether the unit is its application's leader. */
  isLeader(): boolean {
    this.#isMinion ||= !believesLeader(this.model, this.unit.name)
    return !this.#isMinion
  }

  /** The `state-*` store with this execution's writes. */
  get state(): ReadonlyMap<string, string> {
    this.reachController()
    return this.#state ?? this.unit.state
  }

  /** Replaces the `state-*` store; stored at commit. */
  set state(state: ReadonlyMap<string, string>) {
    this.#state = state
  }

  /** The store to commit, when it was written to. */
  get writtenState(): ReadonlyMap<string, string> | undefined {
    return this.#state
  }

  /** The effective config as of its first read. */
  get config(): ReadonlyMap<string, ConfigValue | undefined> {
    this.#config ??= (this.reachController(), effectiveConfig(this.application))
    return this.#config
  }

  /** The unit's status as of its first read, which a later status-set in the same execution does not change. */
  get status(): Status {
    this.#status ??= (this.reachController(), this.unit.status)
    return this.#status
  }

  /** The leader settings as of their first read. */
  get leaderSettings(): ReadonlyMap<string, string> {
    this.#leaderSettings ??= (this.reachController(), this.application.leaderSettings.content)
    return this.#leaderSettings
  }

  /** Forgets the leader settings, so that the next read is fresh. */
  forgetLeaderSettings(): void {
    this.#leaderSettings = undefined
  }

  /** Fails the command when the unit cannot reach the controller. */
  reachController(): void {
    if (this.unit.partitioned) commandFailure("connection is shut down")
  }

  // A joined or changed makes the remote unit a member whose settings are read anew; a departed makes it none.
  #noteRemoteUnit(): void {
    const { remoteUnit, name, kind } = this.invocation
    if (kind !== "hook" || remoteUnit === undefined) return
    const cache = this.hookRelation?.cache
    if (name.endsWith("-relation-departed")) cache?.remove(remoteUnit)
    else cache?.invalidate(remoteUnit)
  }
}
