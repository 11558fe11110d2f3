// The entries in which a mirror keeps its ledger and its memory. Pure.
// The ledger lives where only the leader's write commits; the memory is private, and losing it costs time only.
import { Schema } from "effect"
import { HostName, ParticipantId } from "../Participant.ts"
import type { Entries } from "../store/Register.ts"
import { blankLedger, type Ledger } from "./MirrorPolicy.ts"
import type { MirrorMemory } from "./MirrorState.ts"

/** The key of the ledger in the leader's shared register. */
export const LEDGER_KEY = "rollcall-ledger"
/** The key of the mirror's memory in its private register. */
export const MEMORY_KEY = "rollcall-mirror"
/** The key under which a side's leader names the participant that is to found the cluster. */
export const CANDIDATE_KEY = "rollcall-candidate"

const LedgerJson = Schema.fromJsonString(
  Schema.Struct({
    v: Schema.Literal(1),
    leader: Schema.optionalKey(ParticipantId),
    epoch: Schema.Int,
    bootstrap: Schema.optionalKey(ParticipantId),
    side: Schema.optionalKey(Schema.String),
    issuer: Schema.optionalKey(ParticipantId),
    rebuilt: Schema.optionalKey(Schema.Finite),
    formed: Schema.optionalKey(Schema.Boolean),
    burned: Schema.optionalKey(Schema.Array(Schema.String))
  })
)

const MemoryJson = Schema.fromJsonString(
  Schema.Struct({
    since: Schema.optionalKey(Schema.Finite),
    bereft: Schema.optionalKey(Schema.Finite),
    handed: Schema.Record(HostName, Schema.Finite)
  })
)

/** The ledger in a shared register; a blank one where none can be read. */
export const readLedger = (entries: Entries): Ledger => {
  const read = Schema.decodeUnknownOption(LedgerJson)(entries.get(LEDGER_KEY))
  if (read._tag === "None") return blankLedger
  const {
    bootstrap,
    burned = [],
    epoch,
    formed = false,
    issuer,
    leader,
    rebuilt,
    side
  } = read.value
  const known = { leader, epoch, bootstrap, bootstrapSide: side, issuer, formed, burned }
  return rebuilt === undefined ? known : { ...known, rebuiltAtMillis: rebuilt }
}

/** The ledger's entry. */
export const writeLedger = (ledger: Ledger): string =>
  JSON.stringify({
    v: 1,
    leader: ledger.leader,
    epoch: ledger.epoch,
    bootstrap: ledger.bootstrap,
    side: ledger.bootstrapSide,
    issuer: ledger.issuer,
    rebuilt: ledger.rebuiltAtMillis,
    formed: ledger.formed || undefined,
    burned: ledger.burned.length === 0 ? undefined : ledger.burned
  })

/** The mirror's memory; an empty one where none can be read. */
export const readMemory = (entries: Entries): MirrorMemory => {
  const read = Schema.decodeUnknownOption(MemoryJson)(entries.get(MEMORY_KEY))
  const { bereft, handed, since } = read._tag === "Some" ? read.value : { handed: {} }
  return {
    heldSinceMillis: since,
    bereftSinceMillis: bereft,
    handedAtMillis: new Map(Object.entries(handed).map(([host, at]) => [HostName.make(host), at]))
  }
}

/** The memory's entry; undefined when there is nothing to remember. */
export const writeMemory = (memory: MirrorMemory): string | undefined => {
  const { bereftSinceMillis, heldSinceMillis, handedAtMillis } = memory
  if (heldSinceMillis === undefined && bereftSinceMillis === undefined) {
    if (handedAtMillis.size === 0) return undefined
  }
  return JSON.stringify({
    since: heldSinceMillis,
    bereft: bereftSinceMillis,
    handed: Object.fromEntries(handedAtMillis)
  })
}
