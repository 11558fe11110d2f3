/**
 * The secret changes that one execution has staged: created, updated, deleted, granted, revoked. They reach the
 * controller at commit, in that order of kinds with the deletes first, each on its own: what was applied stays when a
 * later one fails (juju/juju internal/worker/uniter/runner/context/secrets.go).
 */
import type { RotatePolicy, SecretContent, SecretOwner } from "./Secret.ts"

/** What `secret-set` changes; absent fields stay. */
export interface SecretUpdate {
  readonly content?: SecretContent
  readonly label?: string
  readonly description?: string
  readonly rotate?: RotatePolicy
  readonly expires?: number
}

/** What `secret-add` makes. */
export interface SecretCreation extends SecretUpdate {
  readonly owner: SecretOwner
  readonly content: SecretContent
}

/** The staged changes of one execution, by secret id. */
export class SecretDraft {
  readonly creations = new Map<string, SecretCreation>()
  readonly updates = new Map<string, SecretUpdate>()
  /** Revisions to delete; undefined is all of them. */
  readonly deletions = new Map<string, ReadonlyArray<number> | undefined>()
  /** The subject by relation id: Juju keeps one pending grant per secret and relation, so a second replaces it. */
  readonly grants = new Map<string, Map<number, string>>()
  /** The subjects that lose access. */
  readonly revokes = new Map<string, Array<string>>()
  /** Secrets whose pending content this unit read with --refresh. */
  readonly tracked = new Set<string>()

  /** Whether there is nothing to send. */
  get isEmpty(): boolean {
    const maps = [this.creations, this.updates, this.deletions, this.grants, this.revokes]
    return maps.every((map) => map.size === 0) && this.tracked.size === 0
  }

  /** Stages a new secret; false when another new one has the label. */
  create(id: string, creation: SecretCreation): boolean {
    const { label } = creation
    const taken =
      label !== undefined && [...this.creations.values()].some((one) => one.label === label)
    if (taken) return false
    this.creations.set(id, creation)
    return true
  }

  /** Stages an update, merged into what was staged before. */
  update(id: string, update: SecretUpdate): void {
    this.deletions.delete(id)
    const creation = this.creations.get(id)
    if (creation === undefined) this.updates.set(id, { ...this.updates.get(id), ...update })
    else this.creations.set(id, { ...creation, ...update })
  }

  /** Stages a removal, which overrides everything else staged for the secret. */
  remove(id: string, revision: number | undefined): void {
    this.creations.delete(id)
    this.updates.delete(id)
    this.grants.delete(id)
    this.revokes.delete(id)
    this.tracked.delete(id)
    const before = this.deletions.has(id) ? this.deletions.get(id) : []
    const all = revision === undefined || before === undefined
    this.deletions.set(id, all ? undefined : [...before, revision])
  }

  /** Stages a grant to an application or a unit in the scope of a relation. */
  grant(id: string, relationId: number, subject: string): void {
    const grants = this.grants.get(id) ?? new Map<number, string>()
    this.grants.set(id, grants.set(relationId, subject))
  }

  /** Stages a revocation; one of a unit is covered by one of its application. */
  revoke(id: string, subject: string): void {
    const revokes = this.revokes.get(id) ?? []
    if (revokes.some((one) => one === subject || subject.startsWith(`${one}/`))) return
    this.revokes.set(id, [...revokes, subject])
  }

  /** Grants of a secret as this execution sees them: the applied ones, what it granted, without what it revoked. */
  grantsOf(id: string, applied: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const grants = new Map(applied)
    for (const [relationId, subject] of this.grants.get(id) ?? []) grants.set(subject, relationId)
    for (const subject of this.revokes.get(id) ?? []) grants.delete(subject)
    return grants
  }
}
