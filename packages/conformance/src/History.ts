// What happened, in order, as checkers read it: who came and went, every call to a cluster's command with its outcome,
// every event that user code heard, every decision. Tokens stay `Redacted` here, too.
import type {
  ClusterCliOperation,
  ClusterCliReason,
  HostDecision,
  HostName,
  LifecycleEvent,
  MirrorDecision,
  ParticipantId
} from "@rollcall/core"
import type { Redacted } from "effect"

/** A machine: what goes with it is lost with it, a successor of the same host name is another one. */
export interface Machine {
  readonly host: HostName
  readonly name: string
}

/** A call to a cluster's command that came to an end; `reason` is why it failed. */
export interface Called {
  readonly _tag: "Called"
  readonly machine: Machine
  readonly operation: ClusterCliOperation
  /** Whom a token was minted for, or who was removed. */
  readonly about?: HostName
  readonly token?: Redacted.Redacted<string>
  readonly reason?: ClusterCliReason
}

/** One thing that happened. */
export type Happening =
  | Called
  | { readonly _tag: "Entered"; readonly participant: ParticipantId; readonly machine?: Machine }
  | { readonly _tag: "Departed"; readonly participant: ParticipantId; readonly machine?: Machine }
  | { readonly _tag: "Elected"; readonly participant: ParticipantId }
  | { readonly _tag: "Decided"; readonly participant: ParticipantId; readonly decision: Decision }
  | { readonly _tag: "Stopped"; readonly participant: ParticipantId; readonly cause: string }
  | { readonly _tag: "Heard"; readonly machine: Machine; readonly event: LifecycleEvent }

/** What a step of either service came to. */
export type Decision = HostDecision | MirrorDecision

/** A happening and when, in millis of the run's own clock. */
export type Recorded = Happening & { readonly atMillis: number }

/** The record of one run. */
export type History = ReadonlyArray<Recorded>

/** The successful calls of one operation. */
export const done = (
  history: History,
  operation: ClusterCliOperation
): ReadonlyArray<Called & Recorded> =>
  history.flatMap((each) =>
    each._tag === "Called" && each.operation === operation && each.reason === undefined
      ? [each]
      : []
  )

/** One line for each happening, decisions only when they are new: for people who look for what went wrong. */
export const tell = (history: History): ReadonlyArray<string> => {
  const last = new Map<string, string>()
  return history.flatMap((each) => {
    const line = words(each)
    if (each._tag === "Decided") {
      const mirrors = each.decision._tag === "Leading" || each.decision._tag === "Standby"
      const voice = `${each.participant} ${mirrors}`
      if (last.get(voice) === line) return []
      last.set(voice, line)
    }
    return [`${String(each.atMillis / 1000).padStart(7)} s  ${line}`]
  })
}

const words = (each: Happening): string => {
  switch (each._tag) {
    case "Called": {
      const { about = "", machine, operation, reason = "done" } = each
      return `${machine.name} ran ${operation} ${about}: ${reason}`
    }
    case "Heard":
      return `${each.machine.name} heard ${JSON.stringify(each.event)}`
    case "Decided":
      return `${each.participant} decided ${JSON.stringify(each.decision)}`
    case "Stopped":
      return `${each.participant} stopped: ${each.cause}`
    default: {
      const machine = "machine" in each ? ` on ${each.machine?.name}` : ""
      return `${each.participant} ${each._tag.toLowerCase()}${machine}`
    }
  }
}
