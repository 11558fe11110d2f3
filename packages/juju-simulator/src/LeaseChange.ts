/**
 * Transitions of the leadership lease: one per application, held by at most one unit, with a term that grows with every
 * new holder. A holder's agent trusts its claim for half the lease without asking (the unit's ticket); that half is why
 * `is-leader` may answer yes for 30 s (juju/juju internal/worker/leadership/tracker.go).
 */
import {
  applicationNameOf,
  applicationOf,
  type Model,
  type Unit,
  type UnitName,
  unitOf
} from "./Model.ts"

/** Gives or renews the lease of a unit's application for `ms`; a new holder is a new term. */
export const grantLease = (model: Model, unit: UnitName, ms: number): void => {
  const application = applicationOf(model, applicationNameOf(unit))
  const { lease } = application
  const renews = lease !== undefined && lease.holder === unit && lease.expiry > model.now
  if (!renews) application.leaseTerm += 1
  application.lease = { holder: unit, expiry: model.now + ms, term: application.leaseTerm }
  unitOf(model, unit).leaderTicket = model.now + ms / 2
  model.revision += 1
}

/** Moves leadership at once, as if the old holder's lease had run out; a partitioned holder does not hear of it. */
export const electLeader = (model: Model, unit: UnitName, ms: number): void => {
  const holder = applicationOf(model, applicationNameOf(unit)).lease?.holder
  if (holder !== unit) expireLease(model, applicationNameOf(unit))
  grantLease(model, unit, ms)
}

/** Ends an application's lease now; the holder stops trusting its claim, unless it is partitioned. */
export const expireLease = (model: Model, application: string): void => {
  const target = applicationOf(model, application)
  if (target.lease === undefined) return
  target.lease = { ...target.lease, expiry: model.now }
  forgetTicket(model.units.get(target.lease.holder))
  model.revision += 1
}

/** Gives the lease up for good, as the final removal of a unit does. */
export const releaseLease = (model: Model, unit: UnitName): void => {
  const application = applicationOf(model, applicationNameOf(unit))
  if (application.lease?.holder !== unit) return
  application.lease = undefined
  forgetTicket(model.units.get(unit))
  model.revision += 1
}

const forgetTicket = (unit: Unit | undefined): void => {
  if (unit !== undefined && !unit.partitioned) unit.leaderTicket = undefined
}
