/**
 * Who holds each application's leadership lease, on the virtual clock.
 *
 * A unit's agent claims for 60 s and renews every 30 s, so a positive local check is good for 30 s without asking
 * (juju/juju internal/worker/leadership/tracker.go). A holder that cannot reach the controller lets its lease run out,
 * and one of the waiting units gets it at that moment. A dying leader keeps renewing until it leaves the model; a unit
 * whose hook is in error stays leader.
 */
import { type Application, type Model, type Unit, unitsOf } from "./Model.ts"
import { grantLease } from "./ModelChange.ts"
import type { Random } from "./Random.ts"

/** How long a claim lasts, in milliseconds. */
export const LEASE_MILLIS = 60_000

// The holder renews at half time, which is also how long its agent trusts a claim without asking.
const RENEW_MILLIS = LEASE_MILLIS / 2

/** Renews and grants whatever is due now; returns the units that became leader. */
export const updateLeases = (model: Model, random: Random): ReadonlyArray<string> => {
  const elected: Array<string> = []
  for (const application of model.applications.values()) {
    const holder = holderOf(model, application)
    if (holder !== undefined) {
      if (canRenew(holder) && renewalTime(application) <= model.now) claim(model, holder)
      continue
    }
    const winner = nextHolder(model, application, random)
    if (winner === undefined) continue
    claim(model, winner)
    elected.push(winner.name)
  }
  return elected
}

/** When the next renewal or expiry is due, in virtual milliseconds; Infinity when no lease is held. */
export const nextLeaseTime = (model: Model): number => {
  let next = Number.POSITIVE_INFINITY
  for (const application of model.applications.values()) {
    const { lease } = application
    if (lease === undefined || lease.expiry <= model.now) continue
    const holder = model.units.get(lease.holder)
    const renews = holder !== undefined && canRenew(holder)
    next = Math.min(next, renews ? renewalTime(application) : lease.expiry)
  }
  return next
}

const claim = (model: Model, unit: Unit): void => grantLease(model, unit.name, LEASE_MILLIS)

const holderOf = (model: Model, application: Application): Unit | undefined => {
  const { lease } = application
  if (lease === undefined || lease.expiry <= model.now) return undefined
  return model.units.get(lease.holder)
}

// Whoever waited for the release is quicker than the one who just lost it.
const nextHolder = (model: Model, application: Application, random: Random): Unit | undefined => {
  const claiming = unitsOf(model, application.name).filter(canClaim)
  const waiting = claiming.filter((unit) => unit.name !== application.lease?.holder)
  const candidates = waiting.length > 0 ? waiting : claiming
  return candidates.length > 1 ? random.pick(candidates) : candidates[0]
}

const renewalTime = (application: Application): number =>
  (application.lease?.expiry ?? Number.POSITIVE_INFINITY) - RENEW_MILLIS

const canRenew = (unit: Unit): boolean => !unit.partitioned && unit.life !== "dead"

const canClaim = (unit: Unit): boolean => !unit.partitioned && unit.life === "alive"
