// One host's way into the cluster: from what it knows to what it does next. Pure.
//   unknown -> waiting -> (founding | joining) -> member
// Invariants, whatever the input:
//   1. the cluster is founded only by the participant that the mirror's ledger, or its side's committed choice, names (T3);
//   2. an attempt that was begun and not concluded is looked into before anything else is tried;
//   3. a token that was refused is not tried again (T1); a host that is a member tries none;
//   4. waiting always has a reason.
import { Redacted } from "effect"
import type { Roll } from "../mirror/MirrorRecord.ts"
import type { HostName, ParticipantId } from "../Participant.ts"
import type { TokenIssue } from "./TokenIssuerRecord.ts"

/** How a host came to be a member. */
export type Membership = "bootstrapped" | "joined"

/**
 * An attempt that was begun: remembered before the call, forgotten when its outcome is known. A machine without a
 * journal begins with `Unknown`: it may be a member already, brought in by a charm that Rollcall replaces.
 */
export type Attempt =
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Bootstrap" }
  | { readonly _tag: "Join"; readonly generation: number }

/** Everything a host's next action depends on. */
export interface HostState {
  readonly self: ParticipantId
  readonly side: string
  readonly host: HostName
  readonly membership: Membership | undefined
  readonly attempt: Attempt | undefined
  /** Whether any group is there to hear this host. */
  readonly connected: boolean
  readonly roll: Roll
  /** Whether this side's leader named this participant as founder, in a step before this one. */
  readonly named: boolean
  /** Digests of tokens that were refused. */
  readonly refused: ReadonlySet<string>
  readonly digest: (token: string) => string
  readonly retryAtMillis: number
  readonly nowMillis: number
}

/** What a host does next. */
export type HostAction =
  | { readonly _tag: "LookInto"; readonly attempt: Attempt }
  | { readonly _tag: "Bootstrap" }
  | { readonly _tag: "Join"; readonly issue: TokenIssue }
  | { readonly _tag: "Object"; readonly generation: number }
  | { readonly _tag: "Wait"; readonly reason: string }
  | { readonly _tag: "Refused"; readonly reason: string }
  | { readonly _tag: "Member" }

/** The one action that follows. */
export const nextAction = (state: HostState): HostAction => {
  if (state.membership !== undefined) return { _tag: "Member" }
  if (state.nowMillis < state.retryAtMillis) {
    const seconds = Math.ceil((state.retryAtMillis - state.nowMillis) / 1000)
    return { _tag: "Wait", reason: `the next try, in ${seconds} s` }
  }
  if (state.attempt !== undefined) return { _tag: "LookInto", attempt: state.attempt }
  if (!state.connected) return { _tag: "Wait", reason: "a relation to a token distributor" }
  if (!state.roll.up) return { _tag: "Wait", reason: "a token distributor to lead" }
  const issue = tokenFor(state)
  if (issue?.refused === "name-taken") {
    return {
      _tag: "Refused",
      reason: `host name ${state.host} is owned by another unit; rename this host or remove that unit`
    }
  }
  if (issue?.refused !== undefined) {
    return {
      _tag: "Refused",
      reason: `host name ${state.host} is not accepted by the cluster; rename this host`
    }
  }
  if (issue !== undefined) return { _tag: "Join", issue }
  const generation = mistakenFor(state)
  if (generation !== undefined) return { _tag: "Object", generation }
  if (mayBootstrap(state)) return { _tag: "Bootstrap" }
  return { _tag: "Wait", reason: waitingFor(state) }
}

/** Whether this host may found the cluster now. */
export const mayBootstrap = ({ named, roll, self, side }: HostState): boolean => {
  if (roll.formed) return false
  if (roll.native) return roll.bootstrap === self
  return named && (roll.bootstrapSide === undefined || roll.bootstrapSide === side)
}

/** The token that is meant for this host and was not refused, if any. */
export const tokenFor = ({
  digest,
  host,
  refused,
  roll,
  self
}: HostState): TokenIssue | undefined => {
  const native = roll.issues.get(self)
  if (native?.refused !== undefined) return native
  if (native !== undefined) {
    const fresh = native.token === undefined || !refused.has(digest(Redacted.value(native.token)))
    return fresh && !refused.has(`${native.generation}`) ? native : undefined
  }
  const shown = shownFor(roll, host)
  if (shown === undefined || refused.has(`${shown.generation}`)) return undefined
  const { generation, token } = shown
  const text = Redacted.value(token)
  if (text === NAME_TAKEN) return { host, generation, refused: "name-taken" }
  if (!isDeployedToken(text) || refused.has(digest(text))) return undefined
  return { host, generation, token }
}

/** The generation for which the mirror takes this host for a member although it is none, if it does. */
export const mistakenFor = ({ host, refused, roll }: HostState): number | undefined => {
  const shown = roll.native ? undefined : shownFor(roll, host)
  if (shown === undefined || Redacted.value(shown.token) !== MEMBER) return undefined
  return refused.has(`${shown.generation}`) ? undefined : shown.generation
}

/** What a deployed mirror shows where a token was, for a host that the cluster counts among its members. */
export const MEMBER = ".member"
/** What it shows for a host whose name another one has. */
export const NAME_TAKEN = ".name-taken"

/** What a deployed mirror shows for `host` in its highest generation. */
const shownFor = (roll: Roll, host: HostName) => {
  const generation = Math.max(1, ...generationsOf(roll, host))
  const token = roll.facts.get(generation > 1 ? `${host}~${generation}` : host)
  return token === undefined ? undefined : { generation, token }
}

/** The generations for which a deployed distributor shows a token under a key of its own, `<host>~<generation>`. */
export const generationsOf = (roll: Roll, host: HostName): ReadonlyArray<number> =>
  [...roll.facts.keys()].flatMap((key) => {
    const [name, generation, ...rest] = key.split("~")
    return name === host && rest.length === 0 && /^[1-9]\d{0,5}$/.test(generation ?? "")
      ? [Number(generation)]
      : []
  })

/** Whether a mirrored value of the deployed format is a token: not the placeholder, and no marker of Rollcall's. */
export const isDeployedToken = (value: string): boolean =>
  value !== "" && value !== "empty" && !value.startsWith(".")

/** How long to pause after `failures` failures in a row, in millis: doubling from 5 s to 5 min, as Juju retries hooks. */
export const pauseMillis = (failures: number): number =>
  Math.min(300_000, 5_000 * 2 ** Math.max(0, failures - 1))

const waitingFor = ({ host, roll, side }: HostState): string => {
  const requested = roll.requests.find((request) => request.host === host)
  if (requested !== undefined) {
    const by = roll.issuer === undefined ? "a member" : roll.issuer
    return `${by} to mint a token for ${host}${requested.generation > 1 ? ` (try ${requested.generation})` : ""}`
  }
  if (roll.formed) return `a token for ${host}`
  if (roll.bootstrap !== undefined) return `${roll.bootstrap} to bootstrap the cluster`
  if (!roll.native) return `the leader of ${roll.bootstrapSide ?? side} to bootstrap the cluster`
  return "the first hosts to announce themselves"
}
