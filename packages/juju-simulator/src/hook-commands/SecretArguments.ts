/**
 * What `secret-add` and `secret-set` take: content as `key=value`, `key#base64=value` or `key#file=path`, and flags for
 * the rest. Content is kept base64 encoded, as Juju stores it (juju/juju core/secrets/createsecret.go).
 */
import type { RotatePolicy, SecretContent } from "../Secret.ts"
import type { SecretUpdate } from "../SecretDraft.ts"
import { parseSecretUri, type SecretUri } from "../SecretUri.ts"
import { parseStringMap } from "../Yaml.ts"
import { commandFailure, usageFailure } from "./CommandFailure.ts"
import type { Flag } from "./Flags.ts"
import { parseDuration, quote } from "./GoText.ts"
import type { CommandCall } from "./HookCommand.ts"

/** The flags of secret-add and secret-set. */
export const SECRET_FLAGS: ReadonlyArray<Flag> = [
  "expire",
  "rotate",
  "description",
  "label",
  "file",
  "owner"
].map((name) => ({ names: [name], kind: "value" }))

/** The URI that a command must be given. */
export const secretUriOf = (call: CommandCall): SecretUri => {
  const text = call.args[0] ?? usageFailure("missing secret URI")
  return parseSecretUri(text) ?? usageFailure(`secret URI ${quote(text)} not valid`)
}

/** Everything that flags and arguments say of a secret; an empty flag is one that was not given. */
export const secretUpdateOf = (call: CommandCall, pairs: ReadonlyArray<string>): SecretUpdate => {
  const expires = expiryOf(call)
  const rotate = call.flags.value("rotate")
  if (rotate && !isRotatePolicy(rotate)) usageFailure(`rotate policy ${quote(rotate)} not valid`)
  const owner = call.flags.value("owner") ?? "application"
  if (owner !== "application" && owner !== "unit") {
    usageFailure(`secret owner ${quote(owner)} not valid`)
  }
  const content = contentOf(call, pairs)
  const { label, description } = textFlags(call)
  return {
    ...(content.size === 0 ? {} : { content }),
    ...(expires === undefined ? {} : { expires }),
    ...(rotate && isRotatePolicy(rotate) ? { rotate } : {}),
    ...(label ? { label } : {}),
    ...(description ? { description } : {})
  }
}

/** A value of a secret's content: decoded, or as it is stored for `key#base64`. */
export const secretValue = (content: SecretContent, key: string): string => {
  const encoded = key.endsWith(BASE64)
  const name = encoded ? key.slice(0, -BASE64.length) : key
  const value = content.get(name) ?? commandFailure(`secret key value ${quote(name)} not found`)
  return encoded ? value : decode(value)
}

/** A secret's whole content, decoded. */
export const secretValues = (content: SecretContent): ReadonlyMap<string, string> =>
  new Map([...content].map(([key, value]) => [key, decode(value)]))

const BASE64 = "#base64"
const FILE = "#file"
const MAX_CONTENT_BYTES = 1_000_000
const POLICIES = ["never", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"]

const isRotatePolicy = (text: string): text is RotatePolicy => POLICIES.includes(text)

const decode = (value: string): string => Buffer.from(value, "base64").toString("utf8")

const textFlags = ({ flags }: CommandCall) => ({
  label: flags.value("label"),
  description: flags.value("description")
})

const expiryOf = (call: CommandCall): number | undefined => {
  const text = call.flags.value("expire")
  if (!text) return undefined
  const zoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text)
  if (zoned !== null) {
    const time = Date.parse(zoned[2] === undefined ? `${text}Z` : text)
    if (!Number.isNaN(time)) return time
  }
  const duration = parseDuration(text)
  if (duration === undefined)
    return usageFailure(`expire time or duration ${quote(text)} not valid`)
  if (duration <= 0) usageFailure(`negative expire duration ${quote(text)} not valid`)
  return call.execution.model.now + duration
}

const contentOf = (call: CommandCall, pairs: ReadonlyArray<string>): SecretContent => {
  const content = new Map<string, string>()
  for (const pair of pairs) {
    // Padding of a base64 value must not pass for the separator.
    const equals = pair.replace(/=+$/, "").indexOf("=")
    if (equals < 1) usageFailure(`key value ${quote(pair)} not valid`)
    const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
    if (key.endsWith(FILE)) add(content, key.slice(0, -FILE.length), readForSecret(call, value))
    else add(content, key, value)
  }
  const file = call.flags.value("file")
  if (file) {
    const decoded = parseStringMap(readForSecret(call, file))
    if (!decoded.ok) usageFailure(decoded.error)
    else for (const [key, value] of decoded.map) add(content, key, value)
  }
  const size = [...content.values()].reduce((total, value) => total + value.length, 0)
  if (size > MAX_CONTENT_BYTES) {
    usageFailure(`base64 encoded secret content too large: ${size} bytes`)
  }
  return content
}

// Secrets are read while the call is parsed, so that a missing file is a wrong call.
const readForSecret = (call: CommandCall, path: string): string => {
  try {
    return call.readFile(path)
  } catch (cause) {
    return usageFailure(cause instanceof Error ? cause.message : String(cause))
  }
}

const add = (content: Map<string, string>, given: string, value: string): void => {
  const encoded = given.endsWith(BASE64)
  const key = encoded ? given.slice(0, -BASE64.length) : given
  if (!/^[a-z](?:-?[a-z0-9]){2,}$/.test(key)) usageFailure(`key ${quote(key)} not valid`)
  const stored = encoded ? value : Buffer.from(value, "utf8").toString("base64")
  if (stored.length > MAX_CONTENT_BYTES) {
    usageFailure(
      `base64 encoded secret content for key ${quote(key)} too large: ${stored.length} bytes`
    )
  }
  content.set(key, stored)
}
