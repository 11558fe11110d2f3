/**
 * The secrets that a unit manages, as it sees them within one execution: its own and, for a leader, its application's,
 * with what the execution has staged. This is what secret-ids and secret-info-get show and what grants are checked by.
 */
import type { Execution } from "../Execution.ts"
import type { RotatePolicy, SecretOwner } from "../Secret.ts"
import { canManageSecret } from "../SecretAccess.ts"

/** A secret that the unit manages. */
export interface ManagedSecret {
  readonly id: string
  readonly owner: SecretOwner
  readonly label: string
  readonly description: string
  /** Absent when a new secret was given none. */
  readonly rotate: RotatePolicy | undefined
  readonly expires: number | undefined
  readonly nextRotate: number | undefined
  readonly revision: number
  /** The relation by subject. */
  readonly grants: ReadonlyMap<string, number>
}

/** Every secret that the unit manages, the staged ones first. */
export const managedSecrets = (execution: Execution): ReadonlyArray<ManagedSecret> => [
  ...stagedSecrets(execution),
  ...storedSecrets(execution)
]

const stagedSecrets = ({ secrets }: Execution): ReadonlyArray<ManagedSecret> =>
  [...secrets.creations].map(([id, creation]) => ({
    id,
    owner: creation.owner,
    label: creation.label ?? "",
    description: creation.description ?? "",
    rotate: creation.rotate,
    expires: creation.expires,
    nextRotate: undefined,
    revision: 1,
    grants: secrets.grantsOf(id, new Map())
  }))

const storedSecrets = ({ model, unit, secrets }: Execution): ReadonlyArray<ManagedSecret> =>
  [...model.secrets.values()]
    .filter(
      (secret) => canManageSecret(model, secret, unit.name) && !secrets.deletions.has(secret.id)
    )
    .map((secret) => {
      const update = secrets.updates.get(secret.id) ?? {}
      const applied = [...secret.grants.values()].map(
        ({ subject, relationId }) => [subject, relationId] as const
      )
      return {
        id: secret.id,
        owner: secret.owner,
        label: update.label ?? secret.label,
        description: update.description ?? secret.description,
        rotate: update.rotate ?? secret.rotate,
        expires: update.expires ?? secret.revisions.at(-1)?.expires,
        nextRotate: secret.nextRotate,
        revision: secret.latest,
        grants: secrets.grantsOf(secret.id, new Map(applied))
      }
    })
