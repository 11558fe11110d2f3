// All that the stand-in product knows, as one JSON value, and the changes a test makes to it. Pure.
// Invariants: a host belongs to at most one cluster (whose member it is and whose daemon is not `gone`); a cluster has at
// most one live token for a name; a secret is minted once (`serial` never goes back).
// Two founded hosts are two clusters: a test that counts `clusters` sees a split.
import type { Fault } from "./StandInFault.ts"

/** A member row; `gone` is a machine that was replaced by another of the same name, which knows nothing of the cluster. */
export interface StandInMember {
  readonly name: string
  readonly address: string
  readonly joinedAtMillis: number
  readonly daemon: "running" | "down" | "gone"
}

/** A token that was not used yet; `expiresAtMillis` is null for one that lives for ever. */
export interface StandInToken {
  readonly name: string
  readonly secret: string
  readonly expiresAtMillis: number | null
}

/** One cluster, known by the fingerprint of its certificate. */
export interface StandInCluster {
  readonly fingerprint: string
  readonly foundedAtMillis: number
  readonly members: ReadonlyArray<StandInMember>
  readonly tokens: ReadonlyArray<StandInToken>
}

/** How the product behaves; the defaults are microcluster's. */
export interface StandInSettings {
  /** A member is PENDING until the first round after it joined; 0 for never. */
  readonly heartbeatMillis: number
  /** The lifetime of a token for which `add` names none. */
  readonly tokenMillis: number
  /** How many members' addresses a token names, or null for all as the real product does: tokens grow with the cluster. */
  readonly tokenAddresses: number | null
  /** Names that the product does not take, beside those that are no domain names. */
  readonly refusedNames: ReadonlyArray<string>
}

/** The whole truth. */
export interface StandInState {
  readonly settings: StandInSettings
  readonly clusters: ReadonlyArray<StandInCluster>
  readonly faults: ReadonlyArray<Fault>
  /** Calls so far by operation, those that failed included. */
  readonly calls: Readonly<Record<string, number>>
  readonly serial: number
}

/** A product that was just installed everywhere. */
export const initialState = (settings: Partial<StandInSettings> = {}): StandInState => ({
  settings: {
    heartbeatMillis: 10_000,
    tokenMillis: 3 * 3600 * 1000,
    tokenAddresses: null,
    refusedNames: [],
    ...settings
  },
  clusters: [],
  faults: [],
  calls: {},
  serial: 0
})

/** The cluster that `host` belongs to, and its row there. */
export const membershipOf = (
  state: StandInState,
  host: string
): readonly [StandInCluster, StandInMember] | undefined => {
  for (const cluster of state.clusters) {
    const row = cluster.members.find((member) => member.name === host && member.daemon !== "gone")
    if (row !== undefined) return [cluster, row]
  }
  return undefined
}

/** `state` with `cluster` in the place of the one with its fingerprint; one without members is no more. */
export const withCluster = (state: StandInState, cluster: StandInCluster): StandInState => ({
  ...state,
  clusters: state.clusters
    .map((each) => (each.fingerprint === cluster.fingerprint ? cluster : each))
    .filter(({ members }) => members.length > 0)
})

/** Stops or starts the daemon of `host`, or replaces its machine by a new one of the same name. */
export const withDaemon = (
  state: StandInState,
  host: string,
  daemon: StandInMember["daemon"]
): StandInState => ({
  ...state,
  clusters: state.clusters.map((cluster) => ({
    ...cluster,
    members: cluster.members.map((member) =>
      member.name === host ? { ...member, daemon } : member
    )
  }))
})

/** Whether a heartbeat round of `cluster` came after `sinceMillis` and no later than `nowMillis`. */
export const roundBetween = (
  { settings }: StandInState,
  { foundedAtMillis }: StandInCluster,
  sinceMillis: number,
  nowMillis: number
): boolean => {
  if (settings.heartbeatMillis === 0) return true
  const round = (at: number) => Math.floor((at - foundedAtMillis) / settings.heartbeatMillis)
  return round(nowMillis) > round(sinceMillis)
}
