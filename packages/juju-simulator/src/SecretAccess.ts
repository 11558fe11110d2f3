/**
 * Who may read and who may manage a secret, and what a read does to the reader.
 *
 * A unit reads what it owns, what its application owns, and what was granted to it or to its application. It manages
 * what it owns, and as leader what its application owns (juju/juju apiserver/common/secrets/access.go). The first read
 * pins the revision; later reads return the pinned one until a refresh, also for owners (Juju 3.1.7 and later).
 * Reads take effect at once: they are not part of the hook's transaction.
 */
import { applicationNameOf, holdsLease, type Model, type UnitName } from "./Model.ts"
import type { Secret, SecretContent } from "./Secret.ts"
import type { SecretUri } from "./SecretUri.ts"

/** Whether a unit may read a secret. */
export const canReadSecret = (secret: Secret, unit: UnitName): boolean =>
  isOwnedBy(secret, unit) || secret.grants.has(unit) || secret.grants.has(applicationNameOf(unit))

/** Whether a unit may manage a secret now, as the controller sees it. */
export const canManageSecret = (model: Model, secret: Secret, unit: UnitName): boolean =>
  isOwnedBy(secret, unit) && (secret.owner.kind === "unit" || holdsLease(model, unit))

/** Whether a unit or its application owns a secret. */
export const isOwnedBy = (secret: Secret, unit: UnitName): boolean =>
  secret.owner.kind === "unit"
    ? secret.owner.name === unit
    : secret.owner.name === applicationNameOf(unit)

/** What a unit asks of a secret. */
export interface SecretQuery {
  readonly uri?: SecretUri
  /** With a URI the label to attach, without one the label to look up. */
  readonly label?: string
  readonly refresh: boolean
  readonly peek: boolean
}

/** The content that a unit gets, or the controller's refusal. */
export type SecretAnswer =
  | { readonly ok: true; readonly content: SecretContent }
  | { readonly ok: false; readonly error: string }

/** Reads a secret for a unit and records what it tracks from now on. */
export const readSecret = (model: Model, unit: UnitName, query: SecretQuery): SecretAnswer => {
  const owned = [...model.secrets.values()].find(
    (secret) =>
      isOwnedBy(secret, unit) &&
      (query.uri === undefined ? secret.label === query.label : secret.id === query.uri.id)
  )
  const secret = owned ?? findSecret(model, unit, query)
  if (secret === undefined) {
    const what =
      query.uri === undefined ? `consumer label "${query.label}"` : `secret "${query.uri.text}"`
    return { ok: false, error: `${what} not found` }
  }
  if (!canReadSecret(secret, unit)) return { ok: false, error: "permission denied" }
  attachLabel(model, secret, unit, query)
  const revision = trackedRevision(secret, unit, query)
  const content = secret.revisions.find((one) => one.revision === revision)?.content
  model.revision += 1
  if (content !== undefined) return { ok: true, content }
  return { ok: false, error: `secret "${secret.id}" revision ${revision} not found` }
}

const findSecret = (model: Model, unit: UnitName, query: SecretQuery): Secret | undefined => {
  if (query.uri !== undefined) return model.secrets.get(query.uri.id)
  return [...model.secrets.values()].find(
    (secret) => query.label !== undefined && secret.consumers.get(unit)?.label === query.label
  )
}

// An owner's label is the secret's own; its application's other units may use it but not change it.
const attachLabel = (model: Model, secret: Secret, unit: UnitName, query: SecretQuery): void => {
  const { label } = query
  if (query.uri === undefined || label === undefined || label === "") return
  if (canManageSecret(model, secret, unit)) secret.label = label
  else if (!isOwnedBy(secret, unit)) {
    const consumer = secret.consumers.get(unit)
    if (consumer === undefined) secret.consumers.set(unit, { label, tracked: secret.latest })
    else consumer.label = label
  }
}

const trackedRevision = (secret: Secret, unit: UnitName, query: SecretQuery): number => {
  const consumer = secret.consumers.get(unit)
  if (consumer === undefined) {
    secret.consumers.set(unit, { label: "", tracked: secret.latest })
    return secret.latest
  }
  if (query.refresh) consumer.tracked = secret.latest
  return query.peek ? secret.latest : consumer.tracked
}
