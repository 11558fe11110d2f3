// Participants in processes of their own, for the tests that kill and halt them.
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"

/** A line that a participant wrote. */
export interface Said {
  readonly who: string
  readonly word: string
  readonly what: string
  /** When, by the machine's monotonic clock, in milliseconds. */
  readonly at: number
}

/** A participant's process. */
export interface Participant {
  readonly said: ReadonlyArray<Said>
  readonly signal: (signal: NodeJS.Signals) => void
  /** Waits for the n-th line with that word. */
  readonly says: (word: string, count?: number, millis?: number) => Effect.Effect<Said>
}

/** Starts one, for as long as the scope is open. */
export const participant = (
  name: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<Participant, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => start(args)),
      (child) =>
        Effect.sync(() => {
          child.kill("SIGCONT")
          child.kill("SIGKILL")
        })
    ),
    (child) => {
      const said: Array<Said> = []
      let errors = ""
      child.stderr?.on("data", (text) => (errors += text))
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        const [word = "", ...rest] = line.split(" ")
        const at = Number(rest.pop()) / 1_000
        said.push({ who: name, word, what: rest.join(" "), at })
      })
      const says = (word: string, count = 1, millis = 20_000) =>
        Effect.gen(function* () {
          for (let i = 0; i < millis / 5; i++) {
            const found = said.filter((each) => each.word === word)[count - 1]
            if (found !== undefined) return found
            yield* Effect.sleep(5)
          }
          throw new Error(`${name} did not say ${word}: ${JSON.stringify(said)} ${errors}`)
        })
      return { said, says, signal: (signal) => void child.kill(signal) }
    }
  )

const PROGRAM = fileURLToPath(new URL("participant.ts", import.meta.url))

const start = (args: ReadonlyArray<string>): ChildProcess =>
  spawn(process.execPath, ["--conditions=@rollcall/source", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"]
  })
