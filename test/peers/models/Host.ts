// A member's host as the consumer model sees it in one hook, and what makes one dialect differ from another. Types, and
// the one call to the cluster's command.
import type { Outcome } from "./CharmHook.ts"
import type { ClusterCommand } from "./ClusterCommand.ts"
import type { Relation } from "./Databag.ts"
import type { Verdict } from "./Deferral.ts"
import type { Dispatch, OpsOptions } from "./OpsCharm.ts"

/** What a member charm brings along. */
export interface ConsumerOptions extends OpsOptions {
  readonly clusterCommand: ClusterCommand
  /** The charm's endpoint; `cluster` where nothing else is said. */
  readonly endpoint?: string
  readonly bootstrapArgs?: ReadonlyArray<string>
  readonly joinArgs?: ReadonlyArray<string>
  /** Lists until the wait for pending members is given up with an exception; 50. */
  readonly pendingPatience?: number
}

/** What differs between the dialects. */
export interface Dialect {
  /** The hook in which the host is announced and the cluster founded. */
  readonly announcesIn: "relation-created" | "relation-joined"
  /** Whether the relation's state lets this leader found the cluster, and whether the event comes again regardless. */
  readonly founding: (
    relation: Relation,
    app: string
  ) => Promise<{ readonly allowed: boolean; readonly verdict: Verdict }>
  /** What a unit does with its own bag that was communicator once and is not now. */
  readonly stepDown: (relation: Relation, unit: string) => Promise<void>
  /** Takes any `list` that succeeds for membership, before founding and after a failed join (B22). */
  readonly probes: boolean
}

/** What a consumer stores of itself. */
export interface Membership {
  inCluster: boolean
}

/** One host in one hook. */
export interface Host {
  readonly charm: Dispatch<Membership>
  readonly hostname: string
  readonly dialect: Dialect
  readonly options: ConsumerOptions
}

/** Runs the cluster's command on the host. */
export const callCluster = async (host: Host, ...argv: ReadonlyArray<string>): Promise<Outcome> =>
  host.options.clusterCommand(argv, host.hostname)
