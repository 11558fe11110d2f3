/**
 * A secret's URI in its three spellings: `secret:<id>`, `secret://<model>/<id>` and the bare id
 * (juju/juju core/secrets/secret.go).
 */

/** A parsed URI; `text` is how Juju prints it in errors. */
export interface SecretUri {
  readonly id: string
  readonly text: string
}

/** Reads a URI; undefined when it is not one. */
export const parseSecretUri = (text: string): SecretUri | undefined => {
  const match = URI.exec(text)
  const id = match?.groups?.id
  if (id === undefined) return undefined
  const source = match?.groups?.source
  return { id, text: source === undefined ? `secret:${id}` : `secret://${source}/${id}` }
}

/** The URI that `secret-add` prints: since Juju 3.1 it names the model. */
export const newSecretUri = (modelUuid: string, id: string): string => `secret://${modelUuid}/${id}`

/** The n-th secret id of a model: twenty base32hex characters, like Juju's, but not random. */
export const secretIdOf = (counter: number): string => `c${counter.toString(32).padStart(19, "0")}`

const URI =
  /^(?:secret:(?:\/\/)?)?(?:(?<source>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/)?(?<id>[0-9a-z]{20})$/
