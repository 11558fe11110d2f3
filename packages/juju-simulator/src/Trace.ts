/**
 * What happened: one line per process, and a log of everything as JSON lines.
 *
 * Columns of a line, separated by two spaces: sequence number, virtual time, unit, hook, relation and remote side,
 * exit code, outcome, number of hook commands. The same seed and the same charm give the same lines; wall-clock
 * milliseconds are kept in the records only. Databag values are never logged, only their keys: they may be secrets.
 */
import type { UnitName } from "./Model.ts"

/**
 * How an execution ended: `failed` by its exit code, `lost` before its commit, `refused` at its flush; `absent` had no
 * code to run, `skipped` was waved through by the operator.
 */
export type Outcome = "committed" | "failed" | "lost" | "refused" | "absent" | "skipped"

/** One process that ran for a unit. */
export interface HookRecord {
  readonly seq: number
  /** Virtual milliseconds since the Unix epoch. */
  readonly time: number
  readonly unit: UnitName
  /** The hook; `action <name>` or `juju-exec` for the others. */
  readonly hook: string
  /** Such as `peers:0`, empty outside a relation. */
  readonly relation: string
  /** The remote unit, or the remote application, or empty. */
  readonly remote: string
  readonly code: number
  readonly outcome: Outcome
  readonly calls: number
  /** Wall-clock milliseconds. */
  readonly millis: number
  readonly error?: string
}

/** Which processes to look at. */
export interface InvocationFilter {
  readonly unit?: UnitName
  /** The hook's full name, such as `peers-relation-changed`. */
  readonly name?: string
  readonly remote?: string
  readonly outcome?: Outcome
}

/** Anything that happened, for the JSON log. */
export type TraceEvent =
  | ({ readonly type: "hook" } & HookRecord)
  | {
      readonly type: "write"
      readonly seq: number
      readonly relation: string
      readonly owner: string
      readonly keys: ReadonlyArray<string>
    }
  | {
      readonly type: "fault" | "leader" | "operator"
      readonly time: number
      readonly subject: string
      readonly detail: string
    }

/** The record of one simulation. */
export class Trace {
  /** Everything, in order. */
  readonly events: Array<TraceEvent> = []
  /** The processes that ran, in the order of their ends. */
  readonly hooks: Array<HookRecord> = []
  readonly #start: number

  constructor(start: number) {
    this.#start = start
  }

  /** Adds a process that ran; it gets the next number. */
  addHook(record: Omit<HookRecord, "seq">): void {
    const numbered = { seq: this.hooks.length + 1, ...record }
    this.hooks.push(numbered)
    this.events.push({ type: "hook", ...numbered })
  }

  /** Adds any other event. */
  add(event: Exclude<TraceEvent, { readonly type: "hook" }>): void {
    this.events.push(event)
  }

  /** One line per process. */
  lines(): ReadonlyArray<string> {
    return this.hooks.map((record) => lineOf(record, this.#start))
  }

  /** Everything, one JSON document per line; wall-clock time is left out so that equal runs give equal logs. */
  jsonl(): string {
    const withoutWall = (key: string, value: unknown) => (key === "millis" ? undefined : value)
    return this.events.map((event) => `${JSON.stringify(event, withoutWall)}\n`).join("")
  }

  /** The trace as text. */
  toString(): string {
    return this.lines().join("\n")
  }
}

const lineOf = (record: HookRecord, start: number): string =>
  [
    String(record.seq).padStart(5, "0"),
    clockText(record.time - start),
    record.unit,
    record.hook,
    [record.relation, record.remote].filter((part) => part !== "").join(" ") || "-",
    String(record.code),
    record.outcome,
    String(record.calls)
  ].join("  ")

const clockText = (millis: number): string => {
  const seconds = Math.floor(millis / 1000)
  const two = (value: number) => String(value).padStart(2, "0")
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two)
  return `${clock.join(":")}.${String(millis % 1000).padStart(3, "0")}`
}
