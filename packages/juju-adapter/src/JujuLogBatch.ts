// Gathers a hook's log records into as few juju-log calls as possible. Pure.
// Juju stamps a call, not a record, and shows the levels one after another; every line therefore carries its own time.
// A batch is bounded: beyond a limit, records of level INFO and below are counted and dropped, worse ones never.
import { JUJU_LOG_LEVELS, type JujuLogLevel } from "./hook-commands/log.ts"

/** One record of a hook's log. */
export interface JujuLogRecord {
  readonly level: JujuLogLevel
  readonly date: Date
  readonly text: string
}

/** Collects records until the hook ends. */
export interface JujuLogBatch {
  readonly add: (record: JujuLogRecord) => void
  /** The calls to make, the least level first; the batch is empty afterwards. */
  readonly take: () => ReadonlyArray<readonly [JujuLogLevel, string]>
}

/** An empty batch for at most `limit` records of level INFO and below, and calls of at most `limitBytes` of text. */
export const jujuLogBatch = (
  limit: number = RECORD_LIMIT,
  limitBytes: number = CALL_LIMIT_BYTES
): JujuLogBatch => {
  let records: Array<JujuLogRecord> = []
  let dropped = 0
  return {
    add: (record) => {
      if (records.length >= limit && !SEVERE.has(record.level)) dropped++
      else records.push(record)
    },
    take: () => {
      const taken = records
      const note = dropped === 0 ? [] : [`${dropped} more records of level INFO and below`]
      records = []
      dropped = 0
      return JUJU_LOG_LEVELS.flatMap((level) => {
        const lines = taken.filter((record) => record.level === level).map(line)
        const all = level === "WARNING" ? [...lines, ...note] : lines
        return texts(all, limitBytes).map((text) => [level, text] as const)
      })
    }
  }
}

// -----------------------------------------------------------------------------------------------------------------

const RECORD_LIMIT = 2_000
// One argument of a process is at most 131,072 bytes (MAX_ARG_STRLEN in Linux).
const CALL_LIMIT_BYTES = 100_000
const SEVERE: ReadonlySet<JujuLogLevel> = new Set(["WARNING", "ERROR", "CRITICAL"])

// A NUL would end the argument, so it is shown as its Unicode picture.
const line = ({ date, text }: JujuLogRecord): string =>
  `${date.toISOString().slice(11, 23)} ${text.replaceAll("\0", "␀")}`

const texts = (lines: ReadonlyArray<string>, limitBytes: number): ReadonlyArray<string> => {
  const calls: Array<string> = []
  let bytes = Number.POSITIVE_INFINITY
  for (const whole of lines) {
    const text = cut(whole, limitBytes)
    const size = Buffer.byteLength(text) + 1
    if (bytes + size > limitBytes) {
      calls.push(text)
      bytes = size
    } else {
      calls.push(`${calls.pop()}\n${text}`)
      bytes += size
    }
  }
  return calls
}

const cut = (text: string, limitBytes: number): string =>
  Buffer.byteLength(text) <= limitBytes
    ? text
    : `${Buffer.from(text)
        .subarray(0, limitBytes - 20)
        .toString()}… (cut)`
