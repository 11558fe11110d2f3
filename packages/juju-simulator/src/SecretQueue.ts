/**
 * The secret part of the resolver: expired, rotate, changed, remove, in that order. Pure.
 *
 * Owners hear of expiry, rotation and revisions that nobody tracks any more; of an application's secret that is its
 * leader. Consumers hear of revisions newer than the one they track, once each
 * (juju/juju internal/worker/uniter/secrets/resolver.go).
 */
import { holdsLease, type Model, type Unit } from "./Model.ts"
import type { AgentState, Hook } from "./Operation.ts"
import type { Secret } from "./Secret.ts"

/** The next secret hook of a unit that is installed, alive and free. */
export const nextSecretHook = (model: Model, unit: Unit, state: AgentState): Hook | undefined => {
  if (model.secrets.size === 0) return undefined
  const secrets = [...model.secrets.values()]
  const owned = secrets.filter((secret) => owns(model, unit, secret))
  return (
    first(owned, (secret) => expired(secret, model.now, state)) ??
    first(owned, (secret) => rotating(secret, model.now)) ??
    first(secrets, (secret) => changed(secret, unit, state)) ??
    first(owned, (secret) => obsolete(secret, state))
  )
}

/** When the next rotation or expiry of a secret makes a unit act, in virtual milliseconds; Infinity when never. */
export const nextSecretTime = (model: Model): number => {
  let next = Number.POSITIVE_INFINITY
  for (const secret of model.secrets.values()) {
    const times = [secret.nextRotate, ...secret.revisions.map((revision) => revision.expires)]
    for (const time of times) {
      if (time !== undefined && time > model.now) next = Math.min(next, time)
    }
  }
  return next
}

const first = (
  secrets: ReadonlyArray<Secret>,
  hookOf: (secret: Secret) => Hook | undefined
): Hook | undefined => {
  for (const secret of secrets) {
    const hook = hookOf(secret)
    if (hook !== undefined) return hook
  }
  return undefined
}

const owns = (model: Model, unit: Unit, secret: Secret): boolean =>
  secret.owner.kind === "unit"
    ? secret.owner.name === unit.name
    : secret.owner.name === unit.application && holdsLease(model, unit.name)

const expired = (secret: Secret, now: number, state: AgentState): Hook | undefined => {
  const due = secret.revisions.find(
    ({ expires, revision }) =>
      expires !== undefined &&
      expires <= now &&
      (state.expiredAgain.get(`${secret.id}/${revision}`) ?? 0) <= now
  )
  return due && { kind: "hook", name: "secret-expired", secret: ownerView(secret, due.revision) }
}

const rotating = (secret: Secret, now: number): Hook | undefined =>
  secret.nextRotate !== undefined && secret.nextRotate <= now
    ? { kind: "hook", name: "secret-rotate", secret: ownerView(secret) }
    : undefined

const changed = (secret: Secret, unit: Unit, state: AgentState): Hook | undefined => {
  const consumer = secret.consumers.get(unit.name)
  if (consumer === undefined || consumer.tracked >= secret.latest) return undefined
  if (state.secretsTold.get(secret.id) === secret.latest) return undefined
  const view = { id: secret.id, label: consumer.label }
  return { kind: "hook", name: "secret-changed", secret: view, version: secret.latest }
}

const obsolete = (secret: Secret, state: AgentState): Hook | undefined => {
  const tracked = new Set([...secret.consumers.values()].map((consumer) => consumer.tracked))
  const unused = secret.revisions.find(
    ({ revision }) =>
      revision < secret.latest &&
      !tracked.has(revision) &&
      !state.obsoleteTold.has(`${secret.id}/${revision}`)
  )
  return (
    unused && { kind: "hook", name: "secret-remove", secret: ownerView(secret, unused.revision) }
  )
}

const ownerView = (secret: Secret, revision?: number) => ({
  id: secret.id,
  label: secret.label,
  ...(revision === undefined ? {} : { revision })
})
