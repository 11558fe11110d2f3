// The logic of a product built on canonical/microcluster, as far as its command shows it: who is a member, PENDING until
// a heartbeat, one live token for a name, tokens that end with their use and with time, a name that has to be the
// joiner's own. The texts are the real ones. Pure: the answer is a function of state, call and time.
// Left out on purpose: certificates, leadership, and the consistency checks between a product's own stores.
import { takeFault } from "./StandInFault.ts"
import { hasQuorum, isPending, type Moment, printMembers } from "./StandInMembers.ts"
import {
  membershipOf,
  type StandInCluster,
  type StandInMember,
  type StandInState,
  withCluster
} from "./StandInState.ts"
import { mintToken, spendToken } from "./StandInTokens.ts"
import { digestOf } from "./TokenText.ts"

/** One call of the command on a host; `argv` may begin with the words up to and with `cluster`. */
export interface StandInCall {
  readonly host: string
  readonly argv: ReadonlyArray<string>
  readonly nowMillis: number
}

/** What the command prints and returns; with `hangs` it prints nothing and never returns. */
export interface StandInOutcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly hangs?: true
}

/** The product's answer to one call, and its state thereafter. */
export const run = (
  state: StandInState,
  { host, argv, nowMillis }: StandInCall
): StandInOutcome & { readonly state: StandInState } => {
  const [operation = "", ...words] = argv.slice(argv.indexOf("cluster") + 1)
  const calls = { ...state.calls, [operation]: (state.calls[operation] ?? 0) + 1 }
  const [fault, before] = takeFault({ ...state, calls }, operation)
  if (fault?.kind === "fail") return { state: before, ...failure(fault.text) }
  if (fault?.kind === "hang") return { state: before, ...HANG }
  if (fault?.kind === "help") return { state: before, ...success(USAGE) }
  if (fault?.kind === "flood") return { state: before, ...success("x".repeat(fault.bytes)) }

  const [after, outcome] = perform({ state: before, host, words, nowMillis }, operation)
  if (fault?.kind === "fail-after") return { state: after, ...failure(fault.text) }
  if (fault?.kind === "hang-after") return { state: after, ...HANG }
  if (fault?.kind === "die-after") return { state: after, ...DEATH }
  return { state: after, ...outcome }
}

/** One call as the operations see it; `words` come after the operation. */
interface Call {
  readonly state: StandInState
  readonly host: string
  readonly words: ReadonlyArray<string>
  readonly nowMillis: number
}

type Step = readonly [StandInState, StandInOutcome]

const perform = (call: Call, operation: string): Step => {
  const { state, host } = call
  const [, row] = membershipOf(state, host) ?? []
  if (row?.daemon === "down") return [state, failure(NO_DAEMON)]
  switch (operation) {
    case "bootstrap":
      return row === undefined ? bootstrap(call) : [state, failure(ALREADY)]
    case "add":
      return withOneName(call, add)
    case "join":
      return row === undefined ? withOneName(call, join) : [state, failure(ALREADY)]
    case "list":
      return withinCluster(call, (moment) => [
        state,
        success(printMembers(moment, call.words.at(-1) ?? "table"))
      ])
    case "remove":
      return withOneName(call, remove)
    default:
      return [state, failure(`unknown command "${operation}" for "stand-in cluster"`)]
  }
}

const bootstrap = ({ state, host, nowMillis }: Call): Step => {
  const serial = state.serial + 1
  const cluster: StandInCluster = {
    fingerprint: digestOf(`cluster ${serial}`),
    foundedAtMillis: nowMillis,
    members: [newMember(host, serial, nowMillis)],
    tokens: []
  }
  return [{ ...state, serial, clusters: [...state.clusters, cluster] }, success()]
}

const add = (call: Call, name: string): Step =>
  withinCluster(call, ({ state, cluster, nowMillis }) => {
    const asked = call.words.find((word) => word.startsWith(LIFETIME))?.slice(LIFETIME.length)
    const millis = asked === undefined ? state.settings.tokenMillis : Number(asked) * 1000
    const minted = mintToken(state, cluster, { name, millis, nowMillis })
    return typeof minted === "string"
      ? [
          state,
          failure(`unable to add server to microcluster, name "${name}" is taken:\n${minted}`)
        ]
      : [minted.state, success(minted.token)]
  })

const join = ({ state, host, nowMillis }: Call, token: string): Step => {
  const serial = state.serial + 1
  const joined = spendToken({ ...state, serial }, token, newMember(host, serial, nowMillis))
  return typeof joined === "string" ? [state, failure(joined)] : [joined, success()]
}

const remove = (call: Call, name: string): Step =>
  withinCluster(call, (moment) => {
    const { state, cluster } = moment
    const leaving = cluster.members.find((member) => member.name === name)
    const rest = cluster.members.filter((member) => member !== leaving)
    if (leaving === undefined) {
      return [state, failure(`No remote exists with the given name "${name}"`)]
    }
    if (rest.length === 0) return [state, failure("Cannot leave a cluster with 1 members")]
    if (rest.every((member) => isPending(moment, member))) {
      const why = "there are no remaining non-pending members"
      return [state, failure(`Cannot remove cluster members, ${why}`)]
    }
    if (leaving.daemon !== "running" && !call.words.some((word) => FORCE.has(word))) {
      const hook = `https://${leaving.address}/core/internal/hooks/pre-remove?target=${name}`
      return [state, failure(`Post "${hook}": Unable to connect to "${leaving.address}"`)]
    }
    return [withCluster(state, { ...cluster, members: rest }), success()]
  })

/** Does `act` with the one word that is no flag; with none or more the command prints its help and succeeds. */
const withOneName = (call: Call, act: (call: Call, name: string) => Step): Step => {
  const names = call.words.filter((word) => !word.startsWith("-"))
  return names.length === 1 ? act(call, names[0] ?? "") : [call.state, success(USAGE)]
}

/** Does `act` in the cluster of the call's host, when there is one and it has a majority of its voters. */
const withinCluster = ({ state, host, nowMillis }: Call, act: (moment: Moment) => Step): Step => {
  const [cluster] = membershipOf(state, host) ?? []
  if (cluster === undefined) return [state, failure("Database is not yet initialized")]
  const moment = { state, cluster, nowMillis }
  return hasQuorum(moment) ? act(moment) : [state, failure(NO_QUORUM)]
}

const newMember = (name: string, serial: number, nowMillis: number): StandInMember => ({
  name,
  address: `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}:6443`,
  joinedAtMillis: nowMillis,
  daemon: "running"
})

const success = (stdout = ""): StandInOutcome => ({
  code: 0,
  stdout: stdout === "" ? "" : `${stdout}\n`,
  stderr: ""
})
const failure = (text: string): StandInOutcome => ({
  code: 1,
  stdout: "",
  stderr: `Error: ${text}\n`
})
const HANG: StandInOutcome = { code: 0, stdout: "", stderr: "", hangs: true }
const DEATH: StandInOutcome = { code: 137, stdout: "", stderr: "" }

const LIFETIME = "--timeout="
const FORCE: ReadonlySet<string> = new Set(["-f", "--force"])
const ALREADY = "Unable to initialize cluster: Database is online"
const NO_QUORUM =
  "Failed to begin transaction: failed to create dqlite connection: no available dqlite leader server found"
const NO_DAEMON =
  'Get "http://control.socket/core/1.0": dial unix /var/snap/stand-in/common/state/control.socket: connect: connection refused'
const USAGE = `Usage:
  stand-in cluster [bootstrap | add NAME | join TOKEN | list | remove NAME] [flags]

Flags:
  -h, --help   Print help`
