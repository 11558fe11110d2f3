// The stand-in's truth on disk: `state.json` in a folder that all its hosts share, and `calls.jsonl`, one line for each
// call. A change is made under an exclusive lock file and becomes visible by one rename, so parallel commands see whole
// states in some order. A lock that is older than any change takes belonged to a process that was killed.
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { redact } from "../Redaction.ts"
import { initialState, type StandInSettings, type StandInState } from "./StandInState.ts"

/** One line of the call log; tokens are redacted, and `code` is null for a call that hangs. */
export interface LoggedCall {
  readonly atMillis: number
  readonly host: string
  readonly argv: ReadonlyArray<string>
  readonly code: number | null
}

/** Makes `directory` a freshly installed product. */
export const createStandIn = (directory: string, settings: Partial<StandInSettings> = {}): void => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "state.json"), JSON.stringify(initialState(settings)))
}

/** The truth in `directory`; that of a freshly installed product where nothing is there. */
export const readStandIn = (directory: string): StandInState => {
  try {
    return JSON.parse(readFileSync(join(directory, "state.json"), "utf8")) as StandInState
  } catch (error) {
    if (isCode(error, "ENOENT")) return initialState()
    throw error
  }
}

/** Changes the truth in `directory`; nobody else changes it meanwhile. Throws when the lock is not had in 20 s. */
export const changeStandIn = <A extends { readonly state: StandInState }>(
  directory: string,
  change: (state: StandInState) => A
): A => {
  const unlock = lock(join(directory, "lock"))
  try {
    const changed = change(readStandIn(directory))
    const next = join(directory, "state.json.next")
    writeFileSync(next, JSON.stringify(changed.state))
    renameSync(next, join(directory, "state.json"))
    return changed
  } finally {
    unlock()
  }
}

/** Notes a call in the folder's log, without its token. */
export const logCall = (directory: string, call: LoggedCall): void => {
  const line = { ...call, argv: call.argv.map((word) => redact(word)) }
  appendFileSync(join(directory, "calls.jsonl"), `${JSON.stringify(line)}\n`)
}

/** Every call so far, in the order in which they ended. */
export const readCalls = (directory: string): ReadonlyArray<LoggedCall> => {
  try {
    const lines = readFileSync(join(directory, "calls.jsonl"), "utf8").trimEnd().split("\n")
    return lines.map((line) => JSON.parse(line) as LoggedCall)
  } catch (error) {
    if (isCode(error, "ENOENT")) return []
    throw error
  }
}

const LOCK_DEADLINE_MILLIS = 20_000
const STALE_MILLIS = 5_000
const RETRY_MILLIS = 3

const lock = (path: string): (() => void) => {
  const deadline = Date.now() + LOCK_DEADLINE_MILLIS
  for (;;) {
    try {
      closeSync(openSync(path, "wx"))
      return () => unlinkSync(path)
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error
      if (Date.now() > deadline) {
        throw new Error(`the stand-in's state is locked; remove ${path} if nothing runs`)
      }
      if (isStale(path)) breakLock(path)
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLIS)
    }
  }
}

/** Takes a stale lock away; of several that try only one looks again and does it, so no fresh lock is taken away. */
const breakLock = (path: string): void => {
  try {
    mkdirSync(`${path}.breaking`)
  } catch (error) {
    if (isCode(error, "EEXIST")) return
    throw error
  }
  try {
    if (isStale(path)) unlinkSync(path)
  } finally {
    rmdirSync(`${path}.breaking`)
  }
}

const isStale = (path: string): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE_MILLIS
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code
