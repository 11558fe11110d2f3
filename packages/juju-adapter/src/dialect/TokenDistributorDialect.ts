// The wire format of the deployed `token_distributor` library (charm library LIBPATCH 2, 3 and 8), both ends. Pure.
// Reader: a unit that speaks the native format is believed in it, any other in the deployed one. Writer: the native
// entries always, the deployed ones where the other side needs them. docs/protocol/token-distributor.md has examples.
//   databag of a mirror       mirror=up|down, mirror-<host>=empty|<token>, mirror-<key>=<value>
//   application databag       bootstrap-app=<application>                                     (LIBPATCH 8)
//   databag of a host's unit  hostname=<host>, mirror=up|down, mirror-<host>=<token>
// Rollcall's own keys in it start with a dot or contain a tilde, which no host name does: `.cluster` marks that a
// cluster exists, `.want.<host>~<incarnation>~<generation>` asks for another token than the one of that generation,
// `<host>~<generation>` answers where a mirror never replaces; values with a dot are no tokens.
import {
  type Announcement,
  blankRoll,
  type Dialect,
  type Entries,
  type Facts,
  hostName,
  MEMBER,
  nativeDialect,
  PLACEHOLDER,
  type Roll,
  type RollEntry,
  silent,
  type TokenIssue,
  WANT_PREFIX
} from "@rollcall/core"
import { Redacted } from "effect"

const HOST_KEY = "hostname"
const FLAG_KEY = "mirror"
const PREFIX = "mirror-"
const BOOTSTRAP_KEY = "bootstrap-app"
const CLUSTER_MARK = ".cluster"
const SEALED_MARK = ".sealed"
const TOKENLESS: ReadonlySet<string> = new Set([
  HOST_KEY,
  FLAG_KEY,
  "rollcall-host",
  "egress-subnets",
  "ingress-address",
  "private-address"
])

/** The deployed format and the native one in it. */
export const tokenDistributorDialect: Dialect = {
  owns: (key) =>
    nativeDialect.owns(key) || key === HOST_KEY || key === FLAG_KEY || key.startsWith(PREFIX),
  decodeAnnouncement: (entries) => {
    const native = nativeDialect.decodeAnnouncement(entries)
    if (native.native) return native
    return {
      ...silent,
      host: hostName(entries.get(HOST_KEY)),
      // a unit that was ever a communicator carries the flag, and only members are
      member: entries.has(FLAG_KEY),
      communicator: entries.get(FLAG_KEY) === "up",
      facts: factsOf(entries)
    }
  },
  encodeAnnouncement: (announcement, mirror) => {
    const entries = new Map(nativeDialect.encodeAnnouncement(announcement, mirror))
    if (announcement.host !== undefined) entries.set(HOST_KEY, announcement.host)
    return mirror.native ? entries : withDeployedAnnouncement(entries, announcement, mirror)
  },
  decodeRoll: (entries, counterpart) => {
    const native = nativeDialect.decodeRoll(entries, counterpart)
    if (native.native) return native
    const facts = factsOf(entries)
    return {
      ...blankRoll,
      up: entries.get(FLAG_KEY) === "up",
      formed: [...facts.values()].some((value) => isData(Redacted.value(value))),
      bootstrapSide: counterpart.get(BOOTSTRAP_KEY),
      facts
    }
  },
  encodeRoll: (roll, natives) => [
    ...nativeDialect.encodeRoll(roll, natives),
    ...clusterMark(roll),
    ...(natives ? [] : deployedRoll(roll))
  ],
  encodeShared: (roll, natives) =>
    natives || roll.bootstrapSide === undefined
      ? new Map()
      : new Map([[BOOTSTRAP_KEY, roll.bootstrapSide]])
}

/** Whether a host's databag holds nothing but what it says of itself and what Juju adds: no place for a token in clear. */
export const isTokenless = (databag: Entries): boolean =>
  [...databag.keys()].every((key) => TOKENLESS.has(key))

const factsOf = (entries: Entries): Facts => {
  const facts = new Map<string, Redacted.Redacted<string>>()
  for (const [key, value] of entries) {
    if (key.startsWith(PREFIX)) facts.set(key.slice(PREFIX.length), Redacted.make(value))
  }
  return facts
}

/** The deployed library takes anything but the placeholder for proof that a cluster exists. */
const isData = (value: string): boolean => value !== "" && value !== PLACEHOLDER

const withDeployedAnnouncement = (
  entries: Map<string, string>,
  announcement: Announcement,
  mirror: Roll
): Entries => {
  const { facts, failure, host, incarnation, issues, member } = announcement
  const mirrored = new Map<string, string>()
  for (const [key, value] of facts) mirrored.set(key, Redacted.value(value))
  for (const issue of issues) {
    // the name's own key is its owner's: whoever is refused is told under its own
    if (issue.refused === undefined) mirrored.set(issue.host, answer(issue))
    if (issue.generation > 1) mirrored.set(`${issue.host}~${issue.generation}`, answer(issue))
  }
  // before a cluster exists, any value in the mirror would keep a deployed leader from founding it
  if (!member && failure !== undefined && mirror.formed && host !== undefined) {
    mirrored.set(`${WANT_PREFIX}${host}~${incarnation ?? ""}~${failure.generation}`, "wanted")
  }
  if (member && (mirrored.size > 0 || !mirror.formed)) mirrored.set(CLUSTER_MARK, "formed")
  for (const [key, value] of mirrored) entries.set(`${PREFIX}${key}`, value)
  if (mirrored.size > 0) entries.set(FLAG_KEY, "up")
  return entries
}

const deployedRoll = (roll: Roll): ReadonlyArray<RollEntry> => {
  const mirrored = new Map<string, string>()
  for (const [key, value] of roll.facts) mirrored.set(key, Redacted.value(value))
  for (const { host, incarnation, participant } of roll.requests) {
    const issue = participant === undefined ? undefined : roll.issues.get(participant)
    const named = roll.issuer !== undefined && incarnation !== undefined
    mirrored.set(host, issue === undefined && !named ? PLACEHOLDER : shown(issue?.token))
  }
  const entries = [...mirrored].map(([key, value]) => ({ key: `${PREFIX}${key}`, value }))
  // LIBPATCH 8 looks once who is to found the cluster: when it first sees a mirror that is up
  return [{ key: FLAG_KEY, value: roll.up ? "up" : "down" }, ...entries]
}

/** Deployed units that come later found a cluster of their own when no value tells them of this one. */
const clusterMark = ({ bootstrap, formed }: Roll): ReadonlyArray<RollEntry> => {
  if (!formed && bootstrap === undefined) return []
  return [{ key: `${PREFIX}${CLUSTER_MARK}`, value: formed ? "formed" : "founding" }]
}

/** What a deployed mirror is told of an issue; nothing is sealed where it has no keys to show. */
const answer = ({ refused, token }: TokenIssue): string => {
  if (token !== undefined) return Redacted.value(token)
  return refused === undefined ? MEMBER : `.${refused}`
}

/** What deployed units are not concerned with shows as a mark: neither a placeholder to mint for, nor a token. */
const shown = (token: Redacted.Redacted<string> | undefined): string =>
  token === undefined ? SEALED_MARK : Redacted.value(token)
