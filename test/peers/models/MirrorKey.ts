// The words of the wire that every dialect shares.

/** A host's entry, or any other mirrored one, is `mirror-<name>`. */
export const MIRROR_PREFIX = "mirror-"

/** The value of a host that wants a token. */
export const WANTED = "empty"

/** The key of `name` in a mirror. */
export const mirrorKey = (name: string): string => `${MIRROR_PREFIX}${name}`
