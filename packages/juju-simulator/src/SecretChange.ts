/**
 * Applying an execution's staged secret changes to the model, with the controller's own checks: what the hook command
 * let through may be refused here, after leadership was lost or by another unit's commit.
 */
import { applicationNameOf, holdsLease, type Model, type UnitName } from "./Model.ts"
import type { RotatePolicy, Secret } from "./Secret.ts"
import { canManageSecret } from "./SecretAccess.ts"
import type { SecretCreation, SecretDraft, SecretUpdate } from "./SecretDraft.ts"

/** Applies staged changes one by one; stops at the first refusal and returns it. */
export const applySecretDraft = (
  model: Model,
  unit: UnitName,
  draft: SecretDraft
): string | undefined => {
  try {
    for (const [id, revisions] of draft.deletions) removeSecret(model, unit, id, revisions)
    for (const [id, creation] of draft.creations) createSecret(model, unit, id, creation)
    for (const [id, update] of draft.updates) updateSecret(model, unit, id, update)
    for (const id of draft.tracked) trackLatest(model, unit, id)
    for (const [id, grants] of draft.grants) {
      for (const [relationId, subject] of grants) grantSecret(model, unit, id, relationId, subject)
    }
    for (const [id, subjects] of draft.revokes) {
      for (const subject of subjects) revokeSecret(model, unit, id, subject)
    }
    return undefined
  } catch (cause) {
    if (cause instanceof Refusal) return cause.message
    throw cause
  }
}

/** When a policy next asks for a rotation after `from`; undefined for never. */
export const nextRotation = (policy: RotatePolicy, from: number): number | undefined => {
  const date = new Date(from)
  if (policy === "never") return undefined
  if (policy === "hourly") date.setUTCHours(date.getUTCHours() + 1)
  else if (policy === "daily") date.setUTCDate(date.getUTCDate() + 1)
  else if (policy === "weekly") date.setUTCDate(date.getUTCDate() + 7)
  else date.setUTCMonth(date.getUTCMonth() + MONTHS[policy])
  return date.getTime()
}

const MONTHS = { monthly: 1, quarterly: 3, yearly: 12 } as const

// Thrown only within this file: the first refusal ends the list.
class Refusal extends Error {}

const removeSecret = (
  model: Model,
  unit: UnitName,
  id: string,
  revisions: ReadonlyArray<number> | undefined
): void => {
  const secret = model.secrets.get(id)
  if (secret === undefined) return
  if (!canManageSecret(model, secret, unit))
    throw new Refusal("removing secrets: permission denied")
  const left = secret.revisions.filter(
    (one) => revisions !== undefined && !revisions.includes(one.revision)
  )
  secret.revisions.splice(0, secret.revisions.length, ...left)
  if (left.length === 0) model.secrets.delete(id)
  model.revision += 1
}

const createSecret = (model: Model, unit: UnitName, id: string, creation: SecretCreation): void => {
  const { owner, content, expires } = creation
  if (owner.kind === "application" && !holdsLease(model, unit)) {
    throw new Refusal(`creating secrets: "${unit}" is not leader of "${owner.name}"`)
  }
  const secret: Secret = {
    id,
    owner,
    label: "",
    description: creation.description ?? "",
    rotate: creation.rotate ?? "never",
    nextRotate: nextRotation(creation.rotate ?? "never", model.now),
    revisions: [{ revision: 1, content, ...(expires === undefined ? {} : { expires }) }],
    latest: 1,
    grants: new Map(),
    consumers: new Map()
  }
  if (creation.label !== undefined) setLabel(model, secret, creation.label, "creating")
  model.secrets.set(id, secret)
  model.revision += 1
}

const updateSecret = (model: Model, unit: UnitName, id: string, update: SecretUpdate): void => {
  const secret = managed(model, unit, id, "updating secrets")
  if (Object.keys(update).length === 0) {
    throw new Refusal("updating secrets: at least one attribute to update must be specified")
  }
  if (update.label !== undefined) setLabel(model, secret, update.label, "updating")
  if (update.description !== undefined) secret.description = update.description
  if (update.rotate !== undefined && update.rotate !== secret.rotate) {
    secret.rotate = update.rotate
    secret.nextRotate = nextRotation(update.rotate, model.now)
  }
  addRevision(secret, update)
  model.revision += 1
}

// The same content is no new revision; an expiry without content moves that of the latest one.
const addRevision = (secret: Secret, { content, expires }: SecretUpdate): void => {
  const latest = secret.revisions.at(-1)
  if (latest === undefined) return
  const expiry = expires === undefined ? {} : { expires }
  if (content === undefined || sameContent(content, latest.content)) {
    secret.revisions[secret.revisions.length - 1] = { ...latest, ...expiry }
    return
  }
  secret.latest += 1
  secret.revisions.push({ revision: secret.latest, content, ...expiry })
}

const sameContent = (
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>
): boolean => one.size === other.size && [...one].every(([key, value]) => other.get(key) === value)

const setLabel = (model: Model, secret: Secret, label: string, doing: string): void => {
  const taken = [...model.secrets.values()].some(
    (other) =>
      other.id !== secret.id && other.label === label && other.owner.name === secret.owner.name
  )
  if (taken && label !== "") {
    throw new Refusal(`${doing} secrets: secret with label "${label}" already exists`)
  }
  secret.label = label
}

const trackLatest = (model: Model, unit: UnitName, id: string): void => {
  const secret = model.secrets.get(id)
  if (secret === undefined) return
  const label = secret.consumers.get(unit)?.label ?? ""
  secret.consumers.set(unit, { label, tracked: secret.latest })
}

const grantSecret = (
  model: Model,
  unit: UnitName,
  id: string,
  relationId: number,
  subject: string
): void => {
  const doing = "granting secrets access"
  const secret = managed(model, unit, id, doing)
  const relation = model.relations.get(relationId)
  if (relation === undefined || relation.life !== "alive") {
    throw new Refusal(
      `${doing}: cannot grant access to secret in scope of a relation which is not alive`
    )
  }
  const exists = subject.includes("/") ? model.units.has(subject) : model.applications.has(subject)
  if (!exists) {
    const kind = subject.includes("/") ? "unit" : "application"
    throw new Refusal(`${doing}: ${kind} "${subject}" not found`)
  }
  if (subject !== applicationNameOf(subject) && secret.grants.has(applicationNameOf(subject)))
    return
  secret.grants.set(subject, { subject, relationId })
  model.revision += 1
}

const revokeSecret = (model: Model, unit: UnitName, id: string, subject: string): void => {
  managed(model, unit, id, "revoking secrets access").grants.delete(subject)
  model.revision += 1
}

const managed = (model: Model, unit: UnitName, id: string, doing: string): Secret => {
  const secret = model.secrets.get(id)
  if (secret === undefined) throw new Refusal(`${doing}: secret "secret:${id}" not found`)
  if (!canManageSecret(model, secret, unit)) throw new Refusal(`${doing}: permission denied`)
  return secret
}
