// Minting and spending the stand-in's join tokens. Pure.
// A name has at most one live token. A token is spent in the same change that makes its host a member and by nothing
// else: a refusal leaves it as it was. As the real ones do, a joiner tries every address and reports the last error.
import {
  roundBetween,
  type StandInCluster,
  type StandInMember,
  type StandInState,
  withCluster
} from "./StandInState.ts"
import { decodeToken, digestOf, encodeToken } from "./TokenText.ts"

/** The state in which a token for `name` lives, and its text; or the text of the refusal. */
export const mintToken = (
  state: StandInState,
  cluster: StandInCluster,
  { name, millis, nowMillis }: MintRequest
): { readonly state: StandInState; readonly token: string } | string => {
  if (!FQDN.test(name) || state.settings.refusedNames.includes(name)) {
    const rule = "Name can only contain alphanumeric and hyphen characters"
    return `Token name "${name}" is not a valid FQDN: ${rule}`
  }
  const live = cluster.tokens.filter(
    ({ expiresAtMillis }) => (expiresAtMillis ?? NEVER) > nowMillis
  )
  if (live.some((token) => token.name === name)) {
    const constraint = "UNIQUE constraint failed: core_token_records.name"
    return `Failed to create "core_token_records" entry: ${constraint}`
  }
  const serial = state.serial + 1
  const secret = digestOf(`secret ${serial}`)
  const token = { name, secret, expiresAtMillis: millis === 0 ? null : nowMillis + millis }
  const addressed = cluster.members.slice(0, state.settings.tokenAddresses ?? undefined)
  return {
    state: withCluster({ ...state, serial }, { ...cluster, tokens: [...live, token] }),
    token: encodeToken({
      secret,
      fingerprint: cluster.fingerprint,
      join_addresses: addressed.map(({ address }) => address)
    })
  }
}

/** For whom a token is asked and how long it is to live; 0 is for ever. */
export interface MintRequest {
  readonly name: string
  readonly millis: number
  readonly nowMillis: number
}

/** The state in which `joiner` is a member by `token`, or the text of the refusal. */
export const spendToken = (
  state: StandInState,
  token: string,
  joiner: StandInMember
): StandInState | string => {
  const said = decodeToken(token)
  if (typeof said === "string") return said
  const refused = (why: string) =>
    `${said.join_addresses.length} join attempts were unsuccessful. Last error: ${why}`
  const cluster = state.clusters.find(({ fingerprint }) => fingerprint === said.fingerprint)
  const answers = cluster?.members.some(
    ({ address, daemon }) => daemon === "running" && said.join_addresses.includes(address)
  )
  if (cluster === undefined || answers !== true) return refused("%!w(<nil>)")

  const nowMillis = joiner.joinedAtMillis
  const record = cluster.tokens.find(({ secret }) => secret === said.secret)
  if (record === undefined) return refused("CoreTokenRecord not found")
  const expiry = record.expiresAtMillis ?? NEVER
  if (expiry <= nowMillis) {
    const swept = roundBetween(state, cluster, expiry, nowMillis)
    return refused(swept ? "CoreTokenRecord not found" : "Token expired")
  }
  if (record.name !== joiner.name) {
    return refused("Joining server certificate SAN does not contain join token name")
  }
  if (cluster.members.some(({ name }) => name === joiner.name)) {
    return refused('This "core_cluster_members" entry already exists')
  }
  return withCluster(state, {
    ...cluster,
    members: [...cluster.members, joiner],
    tokens: cluster.tokens.filter((each) => each !== record)
  })
}

const NEVER = Number.POSITIVE_INFINITY
const FQDN = /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/
