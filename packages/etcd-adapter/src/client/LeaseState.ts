// For how long a lease can be counted on, by this machine's monotonic clock alone. Pure.
// etcd counts the time to live from when a keep-alive reached it, which is after it was sent; so what is counted from the
// sending ends first. The margin is for those who work under the lease to stop in.

/** A lease as its owner knows it; times are of one monotonic clock, in milliseconds. */
export interface LeaseState {
  readonly trustedUntil: number
  readonly lost: boolean
}

/** How long before the end a lease of `ttlSeconds` is given up, in milliseconds. */
export const marginMillis = (ttlSeconds: number): number =>
  Math.max(ttlSeconds * 100, Math.min(1_000, ttlSeconds * 250))

/** How often a lease of `ttlSeconds` is kept alive, in milliseconds. */
export const renewalMillis = (ttlSeconds: number): number => (ttlSeconds * 1_000) / 3

/** A lease granted to a request that was sent at `sentAt`. */
export const granted = (ttlSeconds: number, sentAt: number): LeaseState => ({
  trustedUntil: sentAt + ttlSeconds * 1_000 - marginMillis(ttlSeconds),
  lost: false
})

/** After an acknowledgement, at `now`, of a keep-alive sent at `sentAt`; 0 seconds mean that etcd has no such lease. */
export const acknowledged = (
  state: LeaseState,
  ttlSeconds: number,
  sentAt: number,
  now: number
): LeaseState => {
  const seen = seenAt(state, now)
  if (ttlSeconds <= 0) return { ...seen, lost: true }
  const until = granted(ttlSeconds, sentAt).trustedUntil
  return { ...seen, trustedUntil: Math.max(seen.trustedUntil, until) }
}

/** At `now`: what was lost once stays lost, for somebody may have acted on it. */
export const seenAt = (state: LeaseState, now: number): LeaseState =>
  state.lost || now < state.trustedUntil ? state : { ...state, lost: true }

/** How long it can be counted on from `now`, in milliseconds. */
export const remainingAt = (state: LeaseState, now: number): number =>
  seenAt(state, now).lost ? 0 : state.trustedUntil - now
