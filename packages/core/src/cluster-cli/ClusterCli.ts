// The cluster product's own command, as Rollcall needs it: five calls, every one with a deadline of the adapter's.
// A token is `Redacted` from the moment it is read. Calls report what the product said; whether a call that failed had
// its effect all the same is the caller's question, answered by `list` (products report both ways wrongly).
import { Context, type Effect, type Redacted } from "effect"
import type { HostName } from "../Participant.ts"
import type { ClusterCliError } from "./ClusterCliError.ts"
import type { Member } from "./MemberRecord.ts"

/** What an adapter of a cluster product implements. */
export interface ClusterCliShape {
  /** Founds a cluster with this host as its first member. **Fails with** `already-initialised` when there is one. */
  readonly bootstrap: (args: ReadonlyArray<string>) => Effect.Effect<void, ClusterCliError>
  /**
   * Mints a token for `host`. **Fails with** `name-taken` where the product keeps one live token for a name, `bad-name`
   * where it does not take this one.
   */
  readonly add: (host: HostName) => Effect.Effect<Redacted.Redacted<string>, ClusterCliError>
  /** Joins this host with `token`. **Fails with** `token-rejected`, `token-expired`, `name-taken`, `already-initialised`. */
  readonly join: (
    token: Redacted.Redacted<string>,
    args: ReadonlyArray<string>
  ) => Effect.Effect<void, ClusterCliError>
  /** The members, in the product's order. **Fails with** `not-initialised` on a host in no cluster. */
  readonly list: Effect.Effect<ReadonlyArray<Member>, ClusterCliError>
  /**
   * Removes the member `host`; succeeds when it is gone already. `force` removes one that does not answer. **Fails with**
   * `last-member` when there is no other.
   */
  readonly remove: (
    host: HostName,
    options: { readonly force: boolean }
  ) => Effect.Effect<void, ClusterCliError>
}

/** The abstract layer over a cluster product's command; `MemoryClusterCli` and the microcluster adapter implement it. */
export class ClusterCli extends Context.Service<ClusterCli, ClusterCliShape>()(
  "@rollcall/core/ClusterCli"
) {}
