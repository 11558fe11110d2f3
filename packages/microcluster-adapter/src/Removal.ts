// Removing a member from products whose word about it cannot be taken.
// LXD removes a member that is down and then fails because the member did not answer; every product fails for one that
// is gone already. So after a failure the list decides: whoever is not in it was removed.
import type { ClusterCliError, HostName, Member } from "@rollcall/core"
import { Effect } from "effect"

/** Runs `remove`; after a failure succeeds all the same when `host` is not in the list. Else the first error counts. */
export const removeThenLook = ({
  host,
  remove,
  list
}: {
  readonly host: HostName
  readonly remove: Effect.Effect<unknown, ClusterCliError>
  readonly list: Effect.Effect<ReadonlyArray<Member>, ClusterCliError>
}): Effect.Effect<void, ClusterCliError> =>
  remove.pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ reason }) => reason !== "command-missing",
      (failure) =>
        list.pipe(
          Effect.mapError(() => failure),
          Effect.flatMap((members) =>
            members.some(({ name }) => name === host) ? Effect.fail(failure) : Effect.void
          )
        )
    )
  )
