// What one host's journal holds, as a value. Pure.
// Read at the start of a step and written whenever something happened that a failed step must not undo.
import { Schema } from "effect"
import { ClusterCliError } from "../cluster-cli/ClusterCliError.ts"
import { JoinFailure } from "../mirror/MirrorRecord.ts"
import { HostName } from "../Participant.ts"
import type { Entries } from "../store/Register.ts"
import { LifecycleFailed } from "./Lifecycle.ts"
import { TokenIssue } from "./TokenIssuerRecord.ts"

const AttemptJson = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Unknown") }),
  Schema.Struct({ _tag: Schema.Literal("Bootstrap") }),
  Schema.Struct({ _tag: Schema.Literal("Join"), generation: Schema.Int })
])

/** What a host remembers across failed steps. */
export const HostMemory = Schema.Struct({
  v: Schema.Literal(1),
  /** Random per machine. */
  incarnation: Schema.String,
  publicKey: Schema.optionalKey(Schema.String),
  privateKey: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  membership: Schema.optionalKey(Schema.Literals(["bootstrapped", "joined"])),
  attempt: Schema.optionalKey(AttemptJson),
  failure: Schema.optionalKey(JoinFailure),
  refused: Schema.Array(Schema.String),
  /** Names of events that were delivered. */
  delivered: Schema.Array(Schema.String),
  /** Tokens that were minted and are not yet seen in the committed register. */
  minted: Schema.Array(TokenIssue),
  /** Tokens that the user's code may not have been told of. */
  untold: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        host: HostName,
        generation: Schema.Int,
        incarnation: Schema.optionalKey(Schema.String)
      })
    )
  ),
  failures: Schema.Int,
  retryAtMillis: Schema.Finite,
  mintFailures: Schema.Int,
  mintAtMillis: Schema.Finite,
  /** Requests that failed and wait until then. */
  postponed: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the next try waits for. */
  problem: Schema.optionalKey(Schema.Union([ClusterCliError, LifecycleFailed])),
  mintProblem: Schema.optionalKey(ClusterCliError)
})
/** What a host remembers across failed steps. */
export type HostMemory = typeof HostMemory.Type

const MemoryJson = Schema.fromJsonString(HostMemory)
const KEY = "host"

/** The memory in a journal; undefined on a new machine, or where nothing readable is left. */
export const readHostMemory = (entries: Entries): HostMemory | undefined => {
  const read = Schema.decodeUnknownOption(MemoryJson)(entries.get(KEY))
  return read._tag === "Some" ? read.value : undefined
}

/** The journal's entries with `memory` in them; other entries stay. */
export const writeHostMemory = (entries: Entries, memory: HostMemory): Entries =>
  new Map([...entries, [KEY, Schema.encodeSync(MemoryJson)(memory)]])

/** The memory of a machine that has just begun. */
export const newHostMemory = (incarnation: string): HostMemory => ({
  v: 1,
  incarnation,
  attempt: { _tag: "Unknown" },
  refused: [],
  delivered: [],
  minted: [],
  failures: 0,
  retryAtMillis: 0,
  mintFailures: 0,
  mintAtMillis: 0
})
