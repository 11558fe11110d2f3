// What must still be true when a transition is applied: nothing that it was decided from has changed. Pure.
import type { Compare } from "../client/Etcd.ts"
import type { Candidate, Change } from "./LockChange.ts"
import type { LockKeys } from "./LockKeys.ts"
import type { LockSnapshot } from "./LockSnapshot.ts"

/** The conditions of a transition; `idle` says that permits stay free although somebody may arrive. */
export const conditions = (
  snapshot: LockSnapshot,
  change: Change,
  keys: LockKeys,
  next: { readonly chosen: Candidate | undefined; readonly idle: boolean }
): ReadonlyArray<Compare> => {
  const { chosen, idle } = next
  const unchanged = (key: string, value: number): Compare => ({
    key,
    target: "mod",
    is: "=",
    value
  })
  const holding = change.holding === undefined ? [] : [change.holding]
  return [
    unchanged(keys.state, snapshot.stateRevision),
    ...[...(change.release ?? []), ...holding].map(({ key, token }) => unchanged(key, token)),
    ...(change.registers ?? []).map(({ key, revision }) => unchanged(key, revision)),
    ...(idle ? [unchanged(keys.arrivals, snapshot.arrivals)] : []),
    ...(chosen === undefined
      ? []
      : [
          {
            ...keys.before(chosen.key),
            target: "create",
            is: "<",
            value: snapshot.revision + 1
          } as const,
          ...(chosen.created === undefined
            ? []
            : [
                {
                  key: chosen.key,
                  target: "create",
                  is: "=",
                  value: chosen.created
                } as const
              ])
        ])
  ]
}
