// What `lxd init --preseed` and `incus admin init --preseed` read from stdin, and what a join token says. Pure.
// The documents are JSON, which is YAML: whatever a token or a name contains, it stays one string.

/** A setting that a joining member has to bring itself, such as the disk of a storage pool. */
export interface MemberConfig {
  readonly entity: "storage-pool" | "network"
  readonly name: string
  readonly key: string
  readonly value: string
}

/** Founds a cluster whose first member is `name`, reached by the others at `address` (`host:port`). */
export const bootstrapPreseed = (name: string, address: string): string =>
  JSON.stringify({
    config: { "core.https_address": address },
    cluster: { enabled: true, server_name: name }
  })

/** Joins with `token`; the name of the new member comes from the token. */
export const joinPreseed = (
  token: string,
  address: string,
  memberConfig: ReadonlyArray<MemberConfig>
): string =>
  JSON.stringify({
    cluster: {
      enabled: true,
      server_address: address,
      cluster_token: token,
      ...(memberConfig.length === 0 ? {} : { member_config: memberConfig })
    }
  })

/** The host that a token was minted for, or undefined where the token does not say. */
export const hostOfToken = (token: string): string | undefined => {
  try {
    const said: unknown = JSON.parse(Buffer.from(token, "base64").toString("utf8"))
    return typeof said === "object" && said !== null && "server_name" in said
      ? String(said.server_name)
      : undefined
  } catch {
    return undefined
  }
}
