/**
 * A secret of the model: its content by revision, who may read it and what each consumer tracks.
 * Plain state; the rules of who may do what are in SecretAccess.ts, the changes in SecretChange.ts.
 */

/** How often a secret asks its owner to rotate it. */
export type RotatePolicy =
  | "never"
  | "hourly"
  | "daily"
  | "weekly"
  | "monthly"
  | "quarterly"
  | "yearly"

/** Who owns a secret: an application (then its leader manages it) or one unit. */
export interface SecretOwner {
  readonly kind: "application" | "unit"
  readonly name: string
}

/** Content by key, base64 encoded as Juju stores it. */
export type SecretContent = ReadonlyMap<string, string>

/** One revision of a secret; `expires` in ms since the epoch. */
export interface SecretRevision {
  readonly revision: number
  readonly content: SecretContent
  readonly expires?: number
}

/** A permission to read: the subject is an application or a unit, the scope a relation. */
export interface SecretGrant {
  readonly subject: string
  readonly relationId: number
}

/** What one consumer unit knows of a secret: its own label and the revision that it tracks. */
export interface SecretConsumer {
  label: string
  tracked: number
}

/** One secret of the model. */
export interface Secret {
  readonly id: string
  readonly owner: SecretOwner
  label: string
  description: string
  rotate: RotatePolicy
  /** When the next rotation is due, in ms since the epoch. */
  nextRotate: number | undefined
  /** Present revisions, ascending; a revision that was removed is gone. */
  readonly revisions: Array<SecretRevision>
  /** The highest revision number ever given. */
  latest: number
  readonly grants: Map<string, SecretGrant>
  readonly consumers: Map<string, SecretConsumer>
}
